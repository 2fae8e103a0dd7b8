from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_sides import items, statistics

from measurand.comparison.sides import resolve
from measurand.errors import InputError
from measurand.interop.rows import Wish
from measurand.parquet import write_shard
from measurand.results import LOGGED, STATISTICS
from measurand.shards import write_dataset


def git(*words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *words], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one system, whose report was committed twice."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("systems: [toy]\n")
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    git("init", "-q")
    for shift, tag in ((0, "one"), (5, "two")):
        write_shard(STATISTICS, statistics(shift), Path("reports/toy/statistics.parquet"))
        write_dataset(Path("reports/toy/results/items"), LOGGED, items(0.1 * shift))
        git("add", "-A")
        git("commit", "-qm", tag)
        git("tag", tag)
    return tmp_path


def test_revisions_and_the_working_tree(project: Path) -> None:
    one, two, here = (resolve(word, (), Wish()) for word in ("one", "two", "."))
    assert one.statistics is not None
    assert two.statistics is not None
    assert two.statistics.equals(here.statistics)
    assert not one.statistics.equals(two.statistics)
    assert two.items is not None
    assert here.items is not None
    assert two.items.sort_by("item_id").equals(here.items.sort_by("item_id"))
    assert one.name.startswith("one (")


def test_without_items_the_statistics_are_compared(project: Path) -> None:
    git("rm", "-rq", "--cached", "reports/toy/results")
    git("commit", "-qm", "no items")
    shutil.rmtree("reports/toy/results")
    for word in ("HEAD", "."):
        side = resolve(word, (), Wish())
        assert side.items is None
        assert side.statistics is not None
        assert "item rows" in side.notes[0]


def test_folders_and_files(project: Path) -> None:
    folder = resolve("reports/toy", (), Wish())
    assert folder.items is not None
    assert folder.statistics is not None
    file = resolve("reports/toy/statistics.parquet", (), Wish())
    assert file.items is None
    assert file.statistics is not None
    Path("t.csv").write_text("item_id,value\n1,1\n2,0\n")
    table = resolve("t.csv", (), Wish())
    assert table.statistics is None
    assert table.items is not None
    assert table.items.num_rows == 2
    pq.write_table(statistics(), "plain.parquet")
    Path("lone").mkdir()
    shutil.copy("reports/toy/statistics.parquet", "lone")
    assert "no item rows" in resolve("lone", (), Wish()).notes[0]


def test_a_missing_file_outside_a_project_is_no_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"'none\.csv' is neither") as caught:
        resolve("none.csv", (), Wish())
    assert caught.value.code == "no_side"


def test_what_is_no_side_is_named(project: Path) -> None:
    with pytest.raises(InputError, match="neither a path nor a git revision") as caught:
        resolve("nosuch", (), Wish())
    assert caught.value.code == "no_side"
    git("rm", "-rq", "reports")
    git("commit", "-qm", "empty")
    for word in ("HEAD", "."):
        with pytest.raises(InputError, match="toy has no report"):
            resolve(word, (), Wish())
    with pytest.raises(InputError, match="unknown system"):
        resolve("two", ("other",), Wish())
    pq.write_table(pa.table({"estimate": [1.0]}), "bad.parquet")
    with pytest.raises(InputError, match="no columns"):
        resolve("bad.parquet", (), Wish())
    Path("broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"broken\.parquet"):
        resolve("broken.parquet", (), Wish())
