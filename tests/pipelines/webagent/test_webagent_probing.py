from __future__ import annotations

from pathlib import Path

import pytest
from webagent_pages import corpus_of, rows

from measurand import runs
from measurand.errors import InputError
from pipelines.webagent import probing
from schemas.webagent.params import Build, Params
from schemas.webagent.pretraining_tables import FINETUNING, PROBES, SPEED


def test_every_probe_is_put_to_the_pretrained_model(planners: tuple[Path, Params]) -> None:
    folder, params = planners
    found = probing.rows(params, folder)
    PROBES.validate(runs.table(PROBES, found))
    asked = [r for r in rows(folder / "dataset", "examples") if r["probe"] and r["split"] == "test"]
    assert {row["example_id"] for row in found} == {row["example_id"] for row in asked}
    assert {row["model"] for row in found} == {"html_t5"}


def test_another_training_is_refused_and_none_is_none(planners: tuple[Path, Params]) -> None:
    folder, params = planners
    assert params.train is not None
    other = params.train.pretraining.model_copy(update={"steps": 9})
    train = params.train.model_copy(update={"pretraining": other})
    with pytest.raises(InputError, match="other code, data or parameters"):
        probing.rows(params.model_copy(update={"train": train}), folder)
    assert probing.rows(Params(), folder) == []
    bare = Build(corpus=corpus_of(folder, corruption={"probes": []}))
    assert probing.rows(params.model_copy(update={"build": bare}), folder) == []


def test_trainings_are_told_as_far_as_there_were_any(
    planners: tuple[Path, Params], tmp_path: Path
) -> None:
    steps, speeds = probing.histories(planners[0] / "checkpoint")
    FINETUNING.validate(runs.table(FINETUNING, steps))
    SPEED.validate(runs.table(SPEED, speeds))
    assert {row["model"] for row in steps} == {"html_t5", "tuned", "scratch"}
    assert sorted(row["model"] for row in speeds) == ["html_t5", "scratch", "tuned"]
    assert probing.histories(tmp_path) == ([], [])
