from __future__ import annotations

from pathlib import Path

import pytest

from measurand import runs, servers
from measurand.models import load
from measurand.models.protocol import Completion, Score


class Model:
    """A model of which a server was left out."""

    def __init__(self) -> None:
        self.left_out = {"c:8000/v1": "gone"}


def rows() -> list[dict[str, object]]:
    costs = runs.Costs("openai:http://a,http://b,http://c#m")
    costs.count("p", Score.failed("ok", ""), 0.5)
    costs.count("p", Score((0.0,), 0, 1.0, False, 30, 16, retries=2, server="a:8000/v1",
                           failed_at=("b:8000/v1", "b:8000/v1")), 0.5)  # fmt: skip
    costs.count("q", Completion("x", 1, 12, "stop", server="b:8000/v1"), 0.5)
    return costs.servers(Model())  # type: ignore[arg-type]


def test_each_server_has_what_it_answered_and_what_failed_there() -> None:
    found = {row["server"]: row for row in rows()}
    assert list(found) == ["a:8000/v1", "b:8000/v1", "c:8000/v1"]
    names = ("calls", "prompt_tokens", "cached_tokens", "retries", "left_out")
    assert [[row[n] for n in names] for row in found.values()] == [
        [1, 30, 16, 0, None],
        [1, 12, 0, 2, None],
        [0, 0, 0, 0, "gone"],
    ]


def test_they_are_written_said_and_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    servers.write(tmp_path, rows(), parents={"d": "0" * 64}, params={})
    assert [row["server"][0] for row in servers.read(tmp_path)] == ["a", "b", "c"]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == (
        "evaluate: server a:8000/v1: 1 calls, 30 prompt tokens, 16 of them shared, "
        "0 attempts made again"
    )
    assert said[2].endswith("left out: gone")


def test_those_of_an_earlier_run_do_not_stay(tmp_path: Path) -> None:
    servers.write(tmp_path, rows(), parents={}, params={})
    servers.write(tmp_path, [], parents={}, params={})
    assert servers.read(tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_a_model_of_one_server_has_none() -> None:
    costs = runs.Costs("synthetic:uniform")
    costs.count("p", Score.failed("ok", ""), 0.5)
    assert costs.servers(load("synthetic:uniform")) == []
