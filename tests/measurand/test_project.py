from __future__ import annotations

from pathlib import Path

import pytest

from measurand import project
from measurand.errors import InputError


def make(folder: Path, text: str) -> Path:
    (folder / "params.yaml").write_text(text)
    (folder / "dvc.yaml").touch()
    return folder


def test_the_root_is_found_from_below(tmp_path: Path) -> None:
    root = make(tmp_path, "systems: [a]\n")
    below = root / "x" / "y"
    below.mkdir(parents=True)
    assert project.find_root(below) == root


def test_no_project_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no project here"):
        project.find_root(tmp_path)


def test_an_unknown_system_names_the_known(tmp_path: Path) -> None:
    root = make(tmp_path, "systems:\n  - personality\n")
    with pytest.raises(InputError, match="personality"):
        project.system(root, "astrology")


def test_a_list_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no list"):
        project.systems(make(tmp_path, "systems: personality\n"))


def test_paths_and_modules(tmp_path: Path) -> None:
    system = project.system(make(tmp_path, "systems: [personality]\n"), "personality")
    assert system.dataset == tmp_path / "data/personality/dataset"
    assert system.results == tmp_path / "reports/personality/results"
    assert system.module("schemas").__name__ == "schemas.personality"
    assert not system.has_training()
    with pytest.raises(InputError, match=r"pipelines\.personality\.train"):
        system.module("train")


def test_without_a_project_the_working_folder_is_taken_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert project.root_or_here() == tmp_path
    assert project.root_or_here() == tmp_path
    assert capsys.readouterr().err == (
        f"no project here: sources and models are kept in {tmp_path}\n"
    )
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text("")
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert project.root_or_here() == tmp_path
    assert capsys.readouterr().err == ""
