"""Checking and publishing datasets from Python, as the commands do it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from api_project import files, project

import measurand
from measurand import cli

sys.path.append(str(Path(__file__).parents[1] / "publishing"))
from toy_dataset import write

__all__ = ["project"]


def _damage(folder: Path, kind: int) -> None:
    """One of five faults; from 5 on none."""
    shard = next(folder.rglob("part-00000*"))
    if kind == 0:
        shard.write_bytes(shard.read_bytes()[:-1])
    elif kind == 1:
        shard.unlink()
    elif kind == 2:
        (shard.parent / "part-00009-of-00010.parquet").touch()
    elif kind == 3:
        (shard.parent / "manifest.json").write_text("{")
    elif kind == 4:
        (shard.parent / "manifest.json").unlink()


@pytest.mark.parametrize("seed", range(10))
def test_the_functions_findings_are_the_commands(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "d", n=30 + seed)
    _damage(folder, seed)
    code = cli.main(["verify", str(folder), "--format", "json"])
    printed = capsys.readouterr().out
    found = measurand.verify(folder)
    assert found.to_json() == printed
    assert bool(found) is (code == 0) is (seed > 4)
    assert cli.main(["verify", str(folder)]) == code
    assert found.render() == capsys.readouterr().out
    assert len(found.rows()) == len(found.problems)
    assert ("fine" in found.render("md")) is bool(found)


@pytest.mark.parametrize("seed", range(10))
def test_the_functions_publication_is_the_commands(
    seed: int, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write(project / "d", n=20 + seed)
    argv = ["publish", "personality", "--data", str(data), "--to", "a", "--format", "json"]
    assert cli.main([*argv, *(["--licence", "MIT"] if seed % 2 else [])]) == 0
    printed = capsys.readouterr().out
    licence = {"licence": "MIT"} if seed % 2 else {}
    found = measurand.publish("personality", data=data, to="b", **licence)
    assert found.to_json() == printed.replace('"published": "a"', '"published": "b"')
    assert files(project / "a") == files(project / "b")
    assert capsys.readouterr() == ("", "")
    assert found.address == "b"
    assert {row["path"] for row in found.rows()} == set(files(project / "b"))


def test_a_dry_run_writes_nothing(project: Path) -> None:
    data = write(project / "d")
    found = measurand.publish("personality", data=data, to="hub:me/toy", dry_run=True)
    assert found.address is None
    assert "dry run: nothing was written" in found.render()
    assert "word list" in found.render("md")
    assert {p.name for p in project.iterdir()} == {
        "d",
        "params",
        "gates",
        "params.yaml",
        "dvc.yaml",
    }


@pytest.mark.parametrize(
    ("verb", "words", "options"),
    [
        ("verify", ["none"], {}),
        ("publish", ["nosuch"], {"to": "out"}),
        ("publish", ["personality"], {"to": "out"}),
        ("publish", ["personality"], {"to": "d", "data": "d"}),
        ("publish", ["personality"], {"to": "hub:nobody", "data": "d"}),
        ("publish", ["personality"], {"to": "hub:me/toy", "data": "d"}),
    ],
)
def test_errors_are_the_commands(
    verb: str,
    words: list[str],
    options: dict[str, str],
    project: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(project / "d")
    assert cli.main([verb, *words, *(f"--{k}={v}" for k, v in options.items())]) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(measurand.MeasurandError) as refused:
        getattr(measurand, verb)(*words, **options)
    assert told == f"measurand {verb}: {refused.value.code}: {refused.value}"
