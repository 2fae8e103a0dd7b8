from __future__ import annotations

from pathlib import Path

import pytest

from measurand.commands.show import main


def test_list_has_a_line_a_system(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("personality")
    assert "not run" in shown


def test_show_prints_front_page_parameters_and_files(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "personality"]) == 0
    shown = capsys.readouterr().out
    assert "arXiv 2307.00184" in shown
    assert '"scoring_mode": "logprob"' in shown
    assert "data/personality/dataset (not built)" in shown


def test_the_data_dictionary_has_every_table(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "personality", "--tables"]) == 0
    shown = capsys.readouterr().out
    for table in ("instruments", "scales", "profiles", "prompts", "responses", "scores"):
        assert f"`personality.{table}`" in shown
