from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from webagent_pages import BAD, corpus_of, page, rows

from measurand.manifest import read_manifest
from measurand.parquet import read_shard
from pipelines.webagent.cleaning import split_of


def test_pages_that_are_none_are_rejected_with_their_reason(built: Path) -> None:
    manifest = read_manifest(built / "pages")
    left = read_shard(built / "pages/rejected.parquet").to_pylist()
    assert {row["key"].removeprefix("folder/"): row["reason"] for row in left} == {
        name: reason for name, (reason, _) in BAD.items()
    }
    assert manifest.rows == 28
    assert manifest.rows_in == 32
    assert [(s.name, s.licence) for s in manifest.sources] == [("folder", "CC0-1.0")]
    pages = {str(row["doc_id"]): row for row in rows(built, "pages")}
    assert pages["folder/utf16.html"]["encoding"] == "utf-16-le"
    assert pages["folder/big.html"]["bytes"] > 3_000_000
    assert pages["folder/big.html"]["parts"] == 200
    assert pages["folder/nobody.html"]["parts"] > 5


def test_a_page_moves_to_no_other_split_when_pages_are_added() -> None:
    given = corpus_of(Path())
    drawn = Counter(split_of(f"page-{n}", given) for n in range(4000))
    expected = {"test": 1000, "validation": 800, "train": 2200}
    assert all(abs(drawn[split] - n) < 4 * n**0.5 for split, n in expected.items())
    other = given.model_copy(update={"seed": 2})
    assert {split_of(f"page-{n}", given) == split_of(f"page-{n}", other) for n in range(50)} == {
        True, False,
    }  # fmt: skip


@pytest.mark.integration  # about 10 s
def test_memory_stays_in_proportion_to_the_largest_page(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/big.html").write_text(page(1, 18_000), encoding="utf-8")
    size = (tmp_path / "pages/big.html").stat().st_size
    assert size > 5_000_000
    code = (
        "import resource, sys; from pathlib import Path; sys.path.insert(0, 'tests');"
        "from webagent_pages import corpus_of; from pipelines.webagent.cleaning import Clean;"
        "from pipelines.webagent.sources import plan; folder = Path(sys.argv[1]);"
        "given = corpus_of(folder); planned = plan(given, folder, folder);"
        "entries = {e.key: e for e in planned.entries};"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "made = [t['webagent.parts'].num_rows for t, _ in Clean(given, entries)(list(entries))];"
        "assert sum(made) == 200, made;"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "pages")]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert int(done.stdout) < 60 * size
