from __future__ import annotations

from typing import Any

import pytest
import webagent_planners as small
from pydantic import ValidationError

from schemas.webagent.params import Agent, Build, Evaluate, Params
from schemas.webagent.training import Train

CORPUS = Build.model_validate({"corpus": {"sources": [{"kind": "sites"}]}})


def planners(*some: dict[str, str]) -> dict[str, Any]:
    """The small training with other planners."""
    given = small.TRAIN.model_dump(mode="json")
    return {**given, "finetuning": {**given["finetuning"], "planners": list(some)}}


def test_planners_have_names_of_their_own() -> None:
    assert Train.model_validate(planners({"name": "one"}, {"name": "two"})).planners == (
        "one", "two",
    )  # fmt: skip
    for some in ([{"name": "one"}] * 2, [{"name": "html_t5"}], []):
        with pytest.raises(ValidationError, match="planners"):
            Train.model_validate(planners(*some))
    assert small.TRAIN.model_copy(update={"finetuning": None}).planners == ()


def test_one_seed_is_that_of_both_sections() -> None:
    given = small.TRAIN.model_copy(update={"seed": 7}).seeded
    assert given.finetuning is not None
    assert (given.pretraining.seed, given.finetuning.seed) == (7, 7)
    assert Train.model_validate(given.model_dump(mode="json")) == given
    other = given.model_dump(mode="json") | {"seed": 8}
    with pytest.raises(ValidationError, match="one for all"):
        Train.model_validate(other)


def test_what_is_trained_on_is_built_and_who_acts_is_trained() -> None:
    trained = Evaluate(agents=(Agent(name="full", planner="trained:tuned"),))
    assert Params(build=CORPUS, train=small.TRAIN, evaluate=trained).train == small.TRAIN
    with pytest.raises(ValidationError, match="no planner tuned is trained"):
        Params(evaluate=trained)
    with pytest.raises(ValidationError, match=r"build\.corpus"):
        Params(train=small.TRAIN)
    blind = CORPUS.model_copy(update={"experience": None})
    with pytest.raises(ValidationError, match=r"build\.experience"):
        Params(build=blind, train=small.TRAIN)
    assert Params(build=blind, train=small.TRAIN.model_copy(update={"finetuning": None})).train
    with pytest.raises(ValidationError, match="nothing is built"):
        Params(build=Build(experience=None))
