from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from measurand.errors import InputError
from measurand.journal import Journal, call_record
from measurand.models import load
from measurand.models.protocol import Completion, Model, Request, Sampling, Score, check

DIGITS = ("1", "2", "3")
HOW = {"mode": "logprob", "choices": list(DIGITS)}
DRAW = Sampling(temperature=1.0, choices=DIGITS)
FREE = Sampling(max_tokens=5)
TAGGED = Request("t", {"participant": 1})
SCORES = {
    "a": Score.of([-1.25, -2.5, None], prompt_tokens=4, cached_tokens=1),
    "b": Score.failed("infra_error", "HTTP 500"),
}


def records() -> list[dict[str, object]]:
    def made(prompt: str, how: dict[str, object], repeat: int, answer: dict[str, object]) -> dict:
        return call_record("model", prompt, how, repeat, answer, 0.1)

    return [
        made(Request("a").sha256, HOW, 0, SCORES["a"].record()),
        made(Request("b").sha256, HOW, 0, SCORES["b"].record()),
        made(TAGGED.tagged_sha256, HOW, 0, SCORES["a"].record()),
        made(Request("a").sha256, FREE.record(), 1, Completion("x\n", 2, 4, "stop").record()),
        # A drawn choice kept as a score, and one kept as text.
        made(Request("a").sha256, DRAW.record(), 0, Score(None, 2, None, False, 4).record()),
        made(Request("b").sha256, DRAW.record(), 0, Completion("1", None, 4, "stop").record()),
    ]


@pytest.fixture(params=["calls.jsonl", "calls.parquet"])
def replay(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    path = tmp_path / request.param
    if path.suffix == ".jsonl":
        with Journal(path) as journal:
            journal.append_batch(records())
        with path.open("ab") as file:
            file.write(b'{"key": "torn')
    else:
        rows = [{**r, "settings": json.dumps(r["settings"])} for r in records()]
        names = {name: None for row in rows for name in row}
        pq.write_table(pa.Table.from_pylist([{**names, **row} for row in rows]), path)
    return load(f"replay:{path}")


def test_answers_are_those_of_the_recording(replay: Model) -> None:
    assert replay.score([Request("b"), Request("a")], DIGITS) == [SCORES["b"], SCORES["a"]]
    assert replay.score([TAGGED], DIGITS) == [SCORES["a"]]
    assert replay.generate([Request("a")], FREE, 1) == [Completion("x\n", 2, 4, "stop")]
    drawn = replay.generate([Request("a"), Request("b")], DRAW)
    assert [d.text for d in drawn] == ["3", "1"]


def test_own_choices_find_their_recording(replay: Model) -> None:
    own = [Request("a", choices=DIGITS), Request("a")]
    assert replay.score(own[:1], ()) == [SCORES["a"]]
    assert [s.status for s in replay.score(own, ("1", "2"))] == ["ok", "skipped"]


def test_what_was_not_asked_is_skipped_with_a_reason(replay: Model) -> None:
    for score in [
        *replay.score([Request("c"), Request("t", {"participant": 2})], DIGITS),
        *replay.score([Request("a")], ("1", "2")),
    ]:
        assert score.status == "skipped"
        assert "does not hold this prompt" in (score.reason or "")
    [text] = replay.generate([Request("a")], FREE, 0)
    assert (text.status, text.text) == ("skipped", None)


def test_capabilities_are_those_of_the_recording(replay: Model, tmp_path: Path) -> None:
    can = replay.capabilities()
    assert (can.logprobs, can.generate, can.constrained, can.live) == (True, True, True, False)
    check(replay, logprobs=True, generate=True, constrained=True)
    only = tmp_path / "only.jsonl"
    with Journal(only) as journal:
        journal.append_batch(records()[:1])
    can = load(f"replay:{only}").capabilities()
    assert (can.logprobs, can.generate, can.constrained) == (True, False, False)


def test_files_that_are_no_recording_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(f"replay:{tmp_path / 'none.jsonl'}")
    assert caught.value.code == "no_such_file"
    for text in ("no json\n", '{"key": "k", "status": "ok"}\n'):
        path = tmp_path / "other.jsonl"
        path.write_text(text)
        with pytest.raises(InputError, match="record 1") as caught:
            load(f"replay:{path}")
        assert caught.value.code == "not_replayable"
