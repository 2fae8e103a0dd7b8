"""Servers that answer for another model than the one that was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import toy_server
from shaped import PROMPT, QUICK, Body, model_of, shape
from toy_server import ToyServer

from measurand.errors import CapabilityError
from measurand.models import load
from measurand.models.openai_answers import NotGiven
from measurand.models.openai_names import Answering
from measurand.models.protocol import Request, Sampling

SAME = [
    ("gpt-4o", "gpt-4o-2024-08-06"),
    ("gpt-4-0613", "gpt-4"),
    ("gemini-2.0-flash", "gemini-2.0-flash-001"),
    ("llama3", "llama3:latest"),
    ("claude-sonnet@20250219", "claude-sonnet"),
    ("org/Name", "name"),
    ("tiny", "/models/tiny.gguf"),
]
OTHER = [("gpt-4o", "gpt-4o-mini"), ("gpt-4", "gpt-4-32k"), ("llama-3", "llama-3-70b"), ("a", "b")]


@pytest.mark.parametrize(("asked", "name"), SAME)
def test_a_version_or_a_folder_is_no_other_model(asked: str, name: str) -> None:
    names = Answering("s", asked, {asked, name})
    names.check({"model": name})
    names.check({"model": asked})
    assert names.other is None


@pytest.mark.parametrize(("asked", "name"), OTHER)
def test_another_model_of_the_list_is_refused(asked: str, name: str) -> None:
    with pytest.raises(CapabilityError, match=f"answers as '{name}', not as '{asked}'"):
        Answering("s", asked, {asked, name}).check({"model": name})
    unlisted = Answering("s", asked)
    unlisted.check({"model": name})
    assert unlisted.other == name


def test_what_is_not_said_is_not_compared() -> None:
    names = Answering("s", "a", {"b"})
    for answer in ({}, {"model": None}, {"model": 3}, {"model": ""}):
        names.check(answer)
    assert names.other is None
    names.check({"model": "a"})
    with pytest.raises(NotGiven, match="answered by 'b', where 'a' answered before"):
        names.check({"model": "b"})


def _named(name: Callable[[int], str]) -> Any:
    count = iter(range(10_000))

    def change(body: Body, answer: Body) -> Body:
        return answer | {"model": name(next(count))}

    return change


def test_a_server_that_gives_another_model_is_named_at_once(toy: ToyServer) -> None:
    toy.models["data"].append({"id": "loaded"})
    shape(toy, _named(lambda n: "loaded"))
    model = load(f"openai:{toy.url}#{toy_server.MODEL}?{QUICK}")
    with pytest.raises(CapabilityError, match="answers as 'loaded'") as caught:
        model.capabilities()
    assert caught.value.code == "unknown_model"
    assert "#loaded" in (caught.value.hint or "")
    model.close()


def test_a_change_of_model_in_a_run_costs_its_rows(toy: ToyServer) -> None:
    shape(toy, _named(lambda n: toy_server.MODEL))
    model = model_of(toy)
    model.capabilities()
    shape(toy, _named(lambda n: "spare"))
    (lost,) = model.generate([Request(PROMPT)], Sampling())
    assert (lost.status, lost.text) == ("infra_error", None)
    assert "answered by 'spare'" in (lost.reason or "")
    model.close()


def test_an_unlisted_name_is_told_and_is_part_of_the_identity(
    toy: ToyServer, caplog: pytest.LogCaptureFixture
) -> None:
    plain = model_of(toy).fingerprint
    shape(toy, _named(lambda n: "engine-7"))
    model = model_of(toy)
    assert model.fingerprint != plain
    assert "answers as 'engine-7'" in caplog.text
    model.close()
