from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measurand.errors import InfraError, InputError
from measurand.journal import Journal, call_key, call_record, canonical_json


def record(key: str, **more: object) -> dict[str, object]:
    return {"key": key, "prompt_tokens": 10, "tokens": 2, "seconds": 0.5, **more}


def test_records_survive_closing(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "calls.jsonl"
    with Journal(path) as journal:
        journal.append_batch([record("a", text="ä\n\"'"), record("b")])
        journal.append_batch([])
        assert journal.get("a") == record("a", text="ä\n\"'") | {"batch": 2}
    with Journal(path) as journal:
        assert len(journal) == 2
        assert journal.get("b") == record("b")
        assert journal.get("c") is None
        assert [r["key"] for r in journal] == ["a", "b"]


def test_a_record_is_on_the_disk_when_appending_ends(
    tmp_path: Path, synced: list[tuple[str, bytes]]
) -> None:
    with Journal(tmp_path / "calls.jsonl") as journal:
        for key in ("a", "b"):
            journal.append_batch([record(key)])
            assert synced[-1] == ("calls.jsonl", (tmp_path / "calls.jsonl").read_bytes())
    assert len(synced) == 2


def test_a_later_record_replaces_an_earlier_one_and_both_cost(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    for status in ("infra_error", "ok"):
        with Journal(path) as journal:
            journal.append_batch([record("a", status=status)])
    with Journal(path) as journal:
        assert len(journal) == 1
        assert journal.get("a") == record("a", status="ok")
        assert journal.cost() == {
            "calls": 2,
            "prompt_tokens": 20,
            "generated_tokens": 4,
            "seconds": 1.0,
        }


def test_cost_takes_a_record_without_tokens(tmp_path: Path) -> None:
    with Journal(tmp_path / "calls.jsonl") as journal:
        journal.append_batch([{"key": "a"}, {"key": "b", "prompt_tokens": None, "seconds": 0.25}])
        assert journal.cost()["calls"] == 2
        assert journal.cost()["seconds"] == 0.25


def test_a_torn_batch_is_dropped_whole_at_every_cut(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with Journal(path) as journal:
        journal.append_batch([record("a"), record("b")])
        journal.append_batch([record("c")])
        first = path.stat().st_size
        journal.append_batch([record("d"), record("e"), record("f")])
    whole = path.read_bytes()
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        with Journal(path) as journal:
            assert [r["key"] for r in journal] == ["a", "b", "c"]
            journal.append_batch([record("g")])
        assert path.read_bytes()[:first] == whole[:first]
        with Journal(path) as journal:
            assert [r["key"] for r in journal] == ["a", "b", "c", "g"]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"key": "a"}\n{"key"\n{"key": "c"}\n')
    with pytest.raises(InputError, match="line 2") as caught:
        Journal(path)
    assert caught.value.code == "journal_damaged"
    assert path.read_text().count("\n") == 3
    path.write_text('["no record"]\n')
    with pytest.raises(InputError, match="line 1"):
        Journal(path)


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    code = (
        "import sys, pathlib\nfrom measurand.journal import Journal\n"
        "from measurand.errors import InputError\n"
        "try: Journal(pathlib.Path(sys.argv[1]))\n"
        "except InputError as error: print(error.code)\n"
        "else: print('open')"
    )
    with Journal(path) as journal:
        journal.append_batch([record("a")])
        for target, answer in ((path, "journal_locked"), (tmp_path / "other.jsonl", "open")):
            run = subprocess.run(
                [sys.executable, "-c", code, target], capture_output=True, text=True, check=True
            )
            assert run.stdout.strip() == answer
        with pytest.raises(InputError) as caught:
            Journal(path)
        assert caught.value.code == "journal_locked"
    Journal(path).close()


def test_bad_records_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with Journal(path) as journal:
        for bad in ({"text": "no key"}, record("b", mass=float("nan"))):
            with pytest.raises(ValueError, match=r"key|JSON"):
                journal.append_batch([record("a"), bad])
        assert len(journal) == 0
    assert path.read_bytes() == b""


def test_a_full_disk_is_a_named_error_and_leaves_no_torn_batch(tmp_path: Path) -> None:
    import resource
    import signal

    path = tmp_path / "calls.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Journal(path) as journal:
        journal.append_batch([record("a")])
        before = path.read_bytes()
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
            with pytest.raises(InfraError) as caught:
                journal.append_batch([record("b"), record("c", text="x" * 500)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, handler)
        assert caught.value.code == "journal_unwritable"
        assert path.read_bytes() == before
        assert journal.get("b") is None
        journal.append_batch([record("b")])
    with Journal(path) as journal:
        assert [r["key"] for r in journal] == ["a", "b"]


@settings(max_examples=200)
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=6))
def test_float32_numbers_come_back_exactly(values: list[float]) -> None:
    back = json.loads(canonical_json(values))
    assert np.array(back, dtype=np.float32).tobytes() == np.float32(values).tobytes()


def test_the_key_depends_on_every_part() -> None:
    settings = {"mode": "logprob", "choices": ["1", "2"]}
    keys = {
        call_key("m", "p", settings, 0),
        call_key("n", "p", settings, 0),
        call_key("m", "q", settings, 0),
        call_key("m", "p", settings | {"choices": ["2", "1"]}, 0),
        call_key("m", "p", settings, 1),
    }
    assert len(keys) == 5
    same = {"choices": ("1", "2"), "mode": "logprob"}
    assert call_key("m", "p", same, 0) == call_key("m", "p", settings, 0)


def test_call_record_carries_the_call() -> None:
    made = call_record("m", "p", {"mode": "logprob"}, 3, {"status": "ok"}, 0.1)
    assert made["key"] == call_key("m", "p", {"mode": "logprob"}, 3)
    assert made["settings"] == {"mode": "logprob"}
    assert (made["prompt_sha256"], made["repeat"], made["status"]) == ("p", 3, "ok")
