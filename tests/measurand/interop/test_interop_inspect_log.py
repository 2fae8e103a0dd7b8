from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pyarrow.compute as pc
import pytest
from harness_logs import ITEMS, inspect_log

from measurand.analysis.record import analyse
from measurand.errors import InputError
from measurand.interop.inspect_log import to_float
from measurand.interop.read import read
from measurand.interop.rows import Wish


@pytest.mark.integration
def test_every_mean_is_inspects_own(inspect_file: Path) -> None:
    """Means of item rows, repeats averaged first, equal the log's own results; errors too."""
    from inspect_ai.log import read_eval_log

    log = read_eval_log(str(inspect_file), header_only=True)
    assert log.results is not None
    theirs = {
        (s.scorer if s.name == s.scorer else f"{s.scorer}/{s.name}"): s.metrics
        for s in log.results.scores
    }
    record = analyse(read([inspect_file], Wish()))
    assert {s["metric"] for s in record["scores"]} == set(theirs) == {
        "match", "shape/length", "shape/known",
    }  # fmt: skip
    for score in record["scores"]:
        [model] = score["models"]
        [value, *_] = theirs[score["metric"]].values()
        assert model["mean"]["value"] == pytest.approx(value.value, abs=1e-12)
        assert model["repeats"] == 3
        if "stderr" in theirs[score["metric"]]:
            stderr = theirs[score["metric"]]["stderr"].value
            assert model["mean"]["se"] == pytest.approx(stderr, abs=1e-12)


@pytest.mark.integration
def test_failures_and_missing_scores_are_no_answers(inspect_file: Path) -> None:
    table = read([inspect_file], Wish()).table
    failed = table.filter(pc.equal(table["item_id"], "one/s3"))
    assert set(failed["status"].to_pylist()) == {"infra_error"}
    assert failed.num_rows == 3 * 3
    assert "the server is gone" in failed["reason"][0].as_py()
    chosen = pc.and_(pc.equal(table["item_id"], "one/s5"), pc.equal(table["metric"], "shape/known"))
    assert table.filter(chosen)["status"].to_pylist() == ["skipped"] * 3
    assert table.num_rows == ITEMS * 3 * 3


@pytest.mark.integration
def test_metadata_become_clusters_and_slices(inspect_file: Path) -> None:
    table = read([inspect_file], Wish(cluster="passage", by=("lang",))).table
    assert set(table["cluster_id"].to_pylist()) == {f"one/p{i}" for i in range(6)}
    assert set(table["slice"].to_pylist()) == {"lang=de,task=one", "lang=en,task=one"}
    with pytest.raises(InputError, match="fields: lang, passage"):
        read([inspect_file], Wish(cluster="site"))


@pytest.mark.integration
def test_reruns_are_repeats_where_asked(inspect_file: Path, tmp_path: Path) -> None:
    shutil.copy(inspect_file, tmp_path / "a.eval")
    inspect_log(tmp_path, fail=True)
    with pytest.raises(InputError, match="--reruns repeats"):
        read([tmp_path], Wish())
    assert max(read([tmp_path], Wish(reruns="repeats")).table["repeat"].to_pylist()) == 5


@pytest.mark.integration
def test_a_run_that_did_not_finish_is_read_from_its_journal(tmp_path: Path) -> None:
    """The members that Inspect writes at the end are taken off, as a killed run leaves its log."""
    pytest.importorskip("inspect_ai")
    zipfile_zstd = pytest.importorskip("zipfile_zstd")
    whole = inspect_log(tmp_path / "whole", epochs=1)
    cut = tmp_path / "cut.eval"
    late = {"header.json", "summaries.json", "reductions.json"}
    with (
        zipfile_zstd.ZipFile(whole) as old,
        zipfile_zstd.ZipFile(cut, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in late:
                new.writestr(name, old.read(name))
    found = read([cut], Wish())
    assert found.table.num_rows == read([whole], Wish()).table.num_rows
    assert "'started'" in found.notes[0]


@pytest.mark.integration
def test_damaged_logs_are_named(inspect_file: Path, tmp_path: Path) -> None:
    content = inspect_file.read_bytes()
    bad = tmp_path / "bad.eval"
    for text in (content[:-300], b"", b"not a zip", content[: len(content) // 2]):
        bad.write_bytes(text)
        with pytest.raises(InputError, match="log of Inspect") as caught:
            read([bad], Wish())
        assert caught.value.code == "bad_log"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("header.json", "{}")
    with pytest.raises(InputError, match="log of Inspect"):
        read([bad], Wish())


@pytest.mark.integration
@pytest.mark.parametrize(
    "value", ["C", "I", "P", "N", "yes", "False", True, 0, 2, 0.25, "0.5", "-3"]
)
def test_scores_are_what_inspect_makes_of_them(value: object) -> None:
    metric = pytest.importorskip("inspect_ai.scorer")
    assert to_float(value) == metric.value_to_float()(value)


def test_scores_that_are_no_number() -> None:
    assert [to_float(v) for v in ("maybe", ["C"], None, {})] == [None] * 4


def test_a_whole_number_beyond_all_floats_is_infinite() -> None:
    assert to_float(10**400) == float("inf")


def test_a_member_with_flipped_bytes_is_named(tmp_path: Path) -> None:
    log = tmp_path / "bad.eval"
    with zipfile.ZipFile(log, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", '{"eval": {"model": "m", "task": "t"}}' * 50)
    content = bytearray(log.read_bytes())
    content[45:60] = bytes(byte ^ 0xFF for byte in content[45:60])
    log.write_bytes(content)
    with pytest.raises(InputError, match="log of Inspect") as caught:
        read([log], Wish())
    assert caught.value.code == "bad_log"
