from __future__ import annotations

import importlib

import pytest

from measurand import __version__
from measurand.cli import EXIT_ERROR, VERBS, main, usage


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {verb} " in shown for verb in VERBS)
    assert shown.strip() == usage().strip()


def test_no_verb_is_an_error_that_shows_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == EXIT_ERROR
    assert "usage" in capsys.readouterr().out


def test_an_unknown_verb_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure"]) == EXIT_ERROR
    assert "'measure'" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_module_and_its_own_help(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(importlib.import_module(VERBS[verb][0]).main)
    try:
        code: object = main([verb, "--help"])
    except SystemExit as stopped:
        code = stopped.code
    assert code == 0
    assert f"measurand {verb}" in capsys.readouterr().out


def test_a_named_error_is_one_line_and_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "astrology"]) == EXIT_ERROR
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "bad_input" in shown
    assert "personality" in shown
