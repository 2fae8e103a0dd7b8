from __future__ import annotations

import json
from pathlib import Path

import pytest
from toy_scores import item_rows

from measurand.analysis.command import main
from measurand.errors import InputError
from measurand.gates.figures.bounds import EvidenceError
from measurand.verification import verify

GATES = """\
version: 1
results: unused
defaults: {min_n: 20, min_clusters: 5}
gates:
  - {id: good, metric: acc, test: threshold, limit: LIMIT, interval: t}
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import polars as pl

    path = tmp_path / "rows.parquet"
    frame = pl.from_arrow(item_rows().table)
    assert isinstance(frame, pl.DataFrame)
    frame.select("model", "metric", "item_id", "repeat", "cluster_id", "value", "status").filter(
        pl.col("value").is_not_null()
    ).write_parquet(path)
    monkeypatch.chdir(tmp_path)
    return path


def test_every_format_and_a_second_run_with_equal_bytes(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ("text", "json", "md", "html"):
        assert main([str(table), "--format", form]) == 0
        first = capsys.readouterr().out
        assert main([str(table), "--format", form]) == 0
        assert capsys.readouterr().out == first
        assert "high" in first
    assert main([str(table), "--format", "html", "--out", "page.html"]) == 0
    assert Path("page.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(("limit", "code"), [("0.1", 0), ("0.99", 1)])
def test_gates_decide_the_exit_code(
    table: Path, limit: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("gates.yaml").write_text(GATES.replace("LIMIT", limit))
    assert main([str(table), "--gates", "gates.yaml", "--format", "json"]) == code
    verdict = json.loads(capsys.readouterr().out)["verdict"]
    assert verdict["state"] == {0: "pass", 1: "fail"}[code]
    assert {g["model"] for g in verdict["gates"]} == {"low", "middle", "high"}


def test_rows_are_kept_where_asked_for(table: Path) -> None:
    assert main([str(table), "--save", "kept", "--every-eval-ever", "eee"]) == 0
    assert verify(Path("kept")) == []
    assert main(["kept"]) == 0
    assert len(list(Path("eee").glob("*.json"))) == 3


def test_bad_arguments_are_named(table: Path) -> None:
    Path("there").touch()
    for argv in (["--out", "there"], ["--save", "there"]):
        with pytest.raises(InputError, match="exists"):
            main([str(table), *argv])
    for pair in ("item=x", "item_id"):
        with pytest.raises(InputError, match="ROLE=COLUMN"):
            main([str(table), "--map", pair])
    with pytest.raises(InputError, match="folder that exists"):
        main([str(table), "--out", "no/where.txt"])


def test_what_cannot_be_written_or_gated_is_said_before_the_work(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worked(*args: object, **settings: object) -> None:
        raise AssertionError("read before the arguments were looked at")

    monkeypatch.setattr("measurand.interop.read.read", worked)
    for argv in (["--out", "no/where.txt"], ["--gates", "missing.yaml"]):
        with pytest.raises(InputError) as stopped:
            main([str(table), *argv])
        assert stopped.value.code == "no_file"


def test_wrong_usage_and_our_own_faults_are_no_verdict(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(table), "--nosuch"])
    assert stopped.value.code == 3
    Path("gates.yaml").write_text(GATES.replace("LIMIT", "0.1"))

    def broken(*args: object, **settings: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr("measurand.analysis.record.analyse", broken)
    assert main([str(table), "--gates", "gates.yaml"]) == 3
    assert "internal_error: ZeroDivisionError" in capsys.readouterr().err
    with pytest.raises(ZeroDivisionError):
        main([str(table)])


def test_a_gate_file_of_another_system_is_refused(table: Path) -> None:
    other = GATES.replace("LIMIT", "0.1").replace("results: unused", "system: inspect")
    Path("gates.yaml").write_text(other)
    with pytest.raises(EvidenceError, match="results of system table, not inspect") as caught:
        main([str(table), "--gates", "gates.yaml", "--save", "saved"])
    assert caught.value.code == "other_system"
    assert not Path("saved").exists()
    Path("gates.yaml").write_text(other.replace("inspect", "table"))
    assert main([str(table), "--gates", "gates.yaml"]) == 0


@pytest.mark.parametrize("form", ["text", "md", "html", "json"])
def test_the_verdict_stands_in_every_format(
    table: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("gates.yaml").write_text(GATES.replace("LIMIT", "0.99"))
    code = main([str(table), "--gates", "gates.yaml", "--format", form])
    page = capsys.readouterr().out
    assert code == 1
    assert "good" in page
    assert ("Verdict" if form != "json" else '"state": "fail"') in page


def test_a_dry_run_says_what_was_understood_and_computes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed(*args: object, **settings: object) -> None:
        raise AssertionError("computed")

    monkeypatch.setattr("measurand.analysis.record.analyse", computed)
    path = tmp_path / "t.csv"
    path.write_text("frage;wert\n1;0,5\n2;1\n")
    argv = [str(path), "--map", "item_id=frage", "value=wert", "--dry-run"]
    for form in ("text", "md", "html", "json"):
        assert main([*argv, "--format", form]) == 0
        page = capsys.readouterr().out
        assert "semicolons" in page
        assert "frage" in page


def test_strict_ends_with_one_where_something_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "samples_x.jsonl").write_text(
        '{"doc_id": 0, "doc": {}, "metrics": ["acc"], "acc": 1.0, "filter": "none"}\n'
    )
    assert main([str(tmp_path), "--strict"]) == 0
    (tmp_path / "t.csv").write_text("item_id,value\n1,1\n")
    assert main([str(tmp_path)]) == 0
    assert main([str(tmp_path), "--strict"]) == 1
    assert "t.csv: a table beside logs" in capsys.readouterr().out


def test_strict_makes_no_pass_of_a_verdict_on_a_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = '{{"doc_id": {}, "doc": {{}}, "metrics": ["acc"], "acc": {}, "filter": "none"}}\n'
    text = "".join(line.format(i, float(i % 10 > 0)) for i in range(60))
    (tmp_path / "samples_x.jsonl").write_text(text)
    gates = tmp_path / "gates.yaml"
    gates.write_text(GATES.replace("LIMIT", "0.1"))
    assert main([str(tmp_path), "--gates", str(gates), "--strict"]) == 0
    (tmp_path / "t.csv").write_text("item_id,value\n1,1\n")
    assert main([str(tmp_path), "--gates", str(gates)]) == 0
    assert main([str(tmp_path), "--gates", str(gates), "--strict"]) == 1


def test_a_scale_is_word_and_number(table: Path) -> None:
    for pair in ("A", "A=x", "=1", "A=inf"):
        with pytest.raises(InputError, match="--scale"):
            main([str(table), "--scale", pair])
