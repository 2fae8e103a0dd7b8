"""The functions and the command line: same JSON, same errors, same names of options."""

from __future__ import annotations

import argparse
import contextlib
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from api_inputs import answers, items, ratings, said, taken

import measurand
from measurand import cli
from measurand.api.wishes import DialectOptions, ReadingOptions

TABLES = {
    "analyse": items, "reliability": answers, "agreement": ratings, "compare": items,
    "items": taken, "rescore": said,
}  # fmt: skip
OPTIONS: dict[str, dict[str, Any]] = {
    "items": {"keep": 3},
    "rescore": {"pattern": "[0-9]", "map": ["target=right"]},
    "analyse": {"cluster": "passage", "by": ["passage"]},
    "reliability": {"resamples": 60},
    "agreement": {"resamples": 60},
    "compare": {"cluster": "passage"},
}


def _argv(options: dict[str, Any]) -> list[str]:
    argv = []
    for name, value in options.items():
        argv.append("--" + name.replace("_", "-"))
        argv += [str(v) for v in (value if isinstance(value, list) else [value])]
    return argv


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("verb", sorted(TABLES))
def test_the_functions_json_is_the_commands(
    verb: str, seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = []
    for k in range(2 if verb == "compare" else 1):
        paths.append(tmp_path / f"t{k}.csv")
        pl.DataFrame(TABLES[verb](seed + 100 * k), strict=False).write_csv(paths[-1])
    assert cli.main([verb, *map(str, paths), "--format", "json", *_argv(OPTIONS[verb])]) == 0
    printed = capsys.readouterr().out
    found = getattr(measurand, verb)(*paths, **OPTIONS[verb])
    assert found.to_json() == printed
    assert json.loads(printed) == found.to_dict()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("analyse", {"map": ["nothing=x"]}),
        ("analyse", {"map": ["item_id"]}),
        ("analyse", {"cluster": "site"}),
        ("analyse", {"scale": ["A=x"]}),
        ("analyse", {"width": 0.1}),
        ("analyse", {"gates": "none.yaml"}),
        ("reliability", {"resamples": 7}),
        ("reliability", {"seed": -1}),
        ("reliability", {"key": "none.csv"}),
        ("reliability", {"separator": "x"}),
        ("agreement", {"raters": ["nobody"]}),
        ("agreement", {"level": "ordinal", "map": ["unit=q0"]}),
        ("compare", {"values": ["nothing"]}),
        ("items", {"keep": 0}),
        ("items", {"save": "form.json"}),
        ("items", {"form": "none.json"}),
        ("items", {"form": "none.json", "keep": 3}),
        ("items", {"families": "none.csv"}),
        ("items", {"score": "nothing"}),
        ("rescore", {"pattern": "("}),
        ("rescore", {"pattern": "x", "map": ["coffee=right"]}),
        ("rescore", {"pattern": "x"}),
        ("rescore", {"parser": "nobody:reads"}),
    ],
)
def test_errors_are_the_commands(
    verb: str,
    options: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(TABLES[verb](1), strict=False).write_csv("t.csv")
    sides = ["t.csv"] * (2 if verb == "compare" else 1)
    assert cli.main([verb, *sides, *_argv(options)]) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(measurand.MeasurandError) as refused:
        getattr(measurand, verb)(*sides, **options)
    assert told == f"measurand {verb}: {refused.value.code}: {refused.value}"
    assert refused.value.hint


PARSERS: dict[str, tuple[str, set[str]]] = {
    # verb -> module of its command, options that say how it is shown
    "analyse": ("measurand.analysis.command", {"format", "out", "strict", "dry_run"}),
    "compare": ("measurand.comparison.command", {"format", "out"}),
    "reliability": ("measurand.scales.command", {"format", "out"}),
    "agreement": ("measurand.raters.command", {"format", "out"}),
    "rescore": ("measurand.rescoring.command", {"format", "out"}),
    "gate": ("measurand.gates.command", {"format", "explain"}),
    "verify": ("measurand.commands.verify", {"format"}),
    "publish": ("measurand.publishing.command", {"format"}),
    "build": ("measurand.commands.stages", set()),
    "train": ("measurand.commands.stages", set()),
    "evaluate": ("measurand.commands.stages", set()),
    "report": ("measurand.commands.stages", {"print", "index", "docs"}),
    "run": ("measurand.commands.run", set()),
}
ONLY_FUNCTIONS = {"progress", "on_stage", "beam"}
"""Callbacks, and what stands after ``--`` on the command line."""


@pytest.mark.parametrize("verb", sorted(PARSERS))
def test_options_have_the_same_names_and_defaults(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, shown = PARSERS[verb]
    seen: list[argparse.ArgumentParser] = []

    def stop(self: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        seen.append(self)
        raise SystemExit(0)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    main = __import__(module, fromlist=["main"]).main
    with contextlib.suppress(SystemExit):
        main([verb] if module == "measurand.commands.stages" else [])
    command = {a.dest: a.default for a in seen[0]._actions if a.dest != "help"}
    function = _parameters(getattr(measurand, verb))
    assert set(command) - shown == set(function) - ONLY_FUNCTIONS
    for name, default in function.items():
        if name in command and default is not inspect.Parameter.empty:
            same = (command[name] or None) == (default or None)
            assert same or str(command[name]) == default, name


@pytest.mark.parametrize("verb", ["items", "plan"])
def test_options_of_commands_that_read_less_are_those_of_the_function(verb: str) -> None:
    module = cli.VERBS[verb][0]
    parser = __import__(module, fromlist=["_parser"])._parser()
    command = {a.dest for a in parser._actions} - {"help", "format", "out"}
    function = _parameters(getattr(measurand, verb))
    named = {"gate": "gates"} if verb == "plan" else {}
    assert {named.get(name, name) for name in command} <= set(function)
    reading = set(ReadingOptions.__annotations__) | set(DialectOptions.__annotations__)
    assert set(function) - ONLY_FUNCTIONS - reading <= {named.get(n, n) for n in command}


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in inspect.signature(function).parameters.items():
        if one.kind is one.VAR_KEYWORD:
            more = DialectOptions if name == "dialect" else ReadingOptions
            found |= dict.fromkeys(more.__annotations__, inspect.Parameter.empty)
            if more is ReadingOptions:
                found |= dict.fromkeys(DialectOptions.__annotations__, inspect.Parameter.empty)
        else:
            found[name] = one.default
    if function is measurand.compare:
        # These tell runs in one folder apart, and a side of a comparison is one run.
        for name in ("by", "model", "reruns", "label"):
            found.pop(name)
    return found
