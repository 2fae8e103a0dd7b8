"""Gates from Python: the command's verdict, byte for byte."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from api_inputs import items

import measurand
from measurand import cli

GATES = """\
version: 1
results: unused
defaults: {{min_n: 5, min_clusters: 5}}
gates:
  - {{id: good, metric: value, test: threshold, limit: {limit}}}
"""
FILES = ("verdict.json", "junit.xml", "summary.md")


@pytest.mark.parametrize("seed", range(10))
def test_the_functions_verdict_is_the_commands(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(items(seed), strict=False).write_csv("t.csv")
    # The ninth asks for what is not there.
    text = GATES.format(limit=(0.01, 0.55, 0.99)[seed % 3])
    Path("gates.yaml").write_text(text.replace("value", "nothing") if seed == 9 else text)
    argv = ["gate", "gates.yaml", "--results", "t.csv", "--out", "by_command", "--format", "json"]
    code = cli.main(argv)
    printed = capsys.readouterr().out
    found = measurand.gate("gates.yaml", results="t.csv", out="by_function")
    assert found.to_json() == printed
    assert found.exit_code == code == found.record["exit_code"]
    assert capsys.readouterr() == ("", "")
    for name in FILES:
        assert Path("by_command", name).read_bytes() == Path("by_function", name).read_bytes()


def test_a_verdict_is_read_in_words_tables_and_a_page(tmp_path: Path) -> None:
    file, scores = tmp_path / "gates.yaml", tmp_path / "t.csv"
    file.write_text(GATES.format(limit=0.55))
    pl.DataFrame(items(1), strict=False).write_csv(scores)
    found = measurand.gate(file, results=scores, root=tmp_path)
    assert found.folder == tmp_path / ".measurand/gate/gates"
    assert (found.folder / "looks.json").is_file()
    assert [row["state"] for row in found.rows()] == [g.state for g in found.verdict.gates]
    assert found.to_polars()["clusters"].to_list() == [30, 30]
    assert "UNDECIDED" in found.render()
    assert "why:" in found.render(explain=True)
    assert "undecided" in found._repr_html_().lower()
    assert found.state == "inconclusive"


@pytest.mark.parametrize(
    "options", [{"results": "none.csv"}, {"out": "taken"}, {"results": "t.csv", "out": "taken"}]
)
def test_errors_are_the_commands(
    options: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gates.yaml").write_text(GATES.format(limit=0.5))
    Path("taken").touch()
    pl.DataFrame(items(1), strict=False).write_csv("t.csv")
    argv = [f"--{name}={value}" for name, value in options.items()]
    assert cli.main(["gate", "gates.yaml", *argv]) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(measurand.MeasurandError) as refused:
        measurand.gate("gates.yaml", **options)
    assert told == f"measurand gate: {refused.value.code}: {refused.value}"
