from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from webagent_pages import corpus_of, rows, write_pages

from measurand.errors import InputError, RunnerError
from measurand.manifest import read_manifest
from measurand.verification import verify
from pipelines.webagent import corpus, estate, records
from pipelines.webagent.cleaning import split_of
from schemas.webagent.corpus import SPLITS, Corpus

NAMES = ("pages", "parts", "repeats", "tokenizer", "cut", "examples", "masks")


def test_everything_verifies(built: Path) -> None:
    for name in NAMES:
        assert verify(built / name) == []


def test_a_page_lies_in_one_split_and_a_text_stays_once(built: Path) -> None:
    given = corpus_of(built)
    parts = rows(built, "parts")
    assert {row["split"] for row in parts} == set(SPLITS)
    assert all(row["split"] == split_of(str(row["doc_id"]), given) for row in parts)
    left = {(r["doc_id"], r["part"]) for r in rows(built, "repeats")}
    # The last page says what the first one says.
    assert len([d for d, _ in left if d == "folder/023.html"]) > 8
    kept = [row["html"] for row in parts if (row["doc_id"], row["part"]) not in left]
    assert len(set(kept)) == len(kept)


def test_too_few_pages_for_the_splits_are_said(tmp_path: Path) -> None:
    write_pages(tmp_path / "pages", 1)
    with pytest.raises(InputError) as caught:
        corpus.write(corpus_of(tmp_path / "pages"), tmp_path / "d", "FnApiRunner", kept=tmp_path)
    assert caught.value.code == "too_few_pages"


def test_a_refused_runner_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(RunnerError):
        corpus.write(corpus_of(tmp_path), tmp_path / "d", "DirectRunner", kept=tmp_path)
    assert not (tmp_path / "d").exists()


@pytest.mark.integration  # about 25 s
def test_two_workers_and_a_run_after_a_kill_write_the_same_bytes(
    built: Path, pages: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, 'tests');"
        "from webagent_pages import corpus_of; from pipelines.webagent import corpus;"
        "folder, out, runner = sys.argv[1:];"
        "corpus.write(corpus_of(Path(folder)), Path(out), runner, kept=Path(out))"
    )
    words = [sys.executable, "-c", code, str(pages), str(tmp_path), "FnApiRunner:processes=2"]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        while not (tmp_path / "pages/manifest.json").exists():
            assert process.poll() is None
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
    subprocess.run(words, check=True, capture_output=True)
    for name in NAMES:
        theirs, ours = (read_manifest(folder / name) for folder in (tmp_path, built))
        assert [s.sha256 for s in theirs.shards] == [s.sha256 for s in ours.shards], name
        assert theirs == ours


@pytest.mark.integration  # about 8 s
@pytest.mark.skipif(find_spec("flask") is None, reason="the sites need flask")
def test_a_record_set_is_made_once_for_all_shards_and_its_pages_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Counter[int] = Counter()

    def counted(number: int) -> tuple[records.Home, ...]:
        made[number] += 1
        return records.homes.__wrapped__(number)

    # A process keeps one, as it keeps the last ``records.KEPT`` of more.
    monkeypatch.setattr(estate, "homes", lru_cache(maxsize=1)(counted))
    half = tmp_path / "d/.sites.attempt-0123abcd"
    half.mkdir(parents=True)
    (half / "estate-0.zip").touch()
    source = {"kind": "sites", "sites": ["estate"], "records": 6, "pages": 2}
    shares = {"test_share": 0.3, "validation_share": 0.3}
    given = {"sources": [source], "vocabulary": 700, "parts": 8, "n_shards": 3, **shares}
    corpus.write(Corpus.model_validate(given), tmp_path / "d", "FnApiRunner", kept=tmp_path)
    assert made == Counter(range(6))
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == sorted(NAMES)
