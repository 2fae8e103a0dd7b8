"""Every command of every page: run here, or its verb and options checked, or left with a reason."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import yaml

from measurand.cli import VERBS, main

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
NOT_RUN = {
    "make": "the whole build; CI runs each target",
    "pip": "installs",
    "python3.11": "makes an environment",
    ".venv/bin/pre-commit": "installs a hook",
    "python": "starts a server of a package that is not installed here",
    "dvc": "tests/contracts and tests/measurand/test_s3_remote.py run DVC",
    "git": "changes the checkout",
    "prism": "a server; tests/measurand/beam start it where it is",
    "go": "installs",
    "torchrun": "several processes; tests/measurand/training start it",
    "weed": "a server; tests/measurand/test_s3_remote.py starts it",
    "cp": "the shell's",
    "cat": "the shell's",
    "$EDITOR": "interactive",
    "sha256sum": "inside a publication; tests/measurand/publish runs it",
}
"""Programs whose commands are not run by this test, and why."""


def _commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        name = page.relative_to(ROOT).as_posix()
        for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.S):
            for line in block.splitlines():
                if line.startswith("$ "):
                    yield name, line[2:]


COMMANDS = list(_commands())


def _words(line: str) -> list[str]:
    """Words without what is set before the program, and without the comment."""
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    return words


def test_pages_have_commands() -> None:
    assert len(COMMANDS) > 50


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=[f"{p}: {c[:60]}" for p, c in COMMANDS])
def test_every_command_is_known_with_its_options(page: str, line: str) -> None:
    words = _words(line)
    if words[0] != "measurand":
        assert words[0] in NOT_RUN, f"{page}: say in NOT_RUN why {words[0]} is not run"
        return
    verb, rest = words[1], words[2:]
    known = [verb, "--help"]
    if verb not in VERBS:
        known = [verb, rest[0], "--help"]
    shown = io.StringIO()
    with redirect_stdout(shown):
        assert main(known) == 0
    named = re.findall(r"(?<![\w-])--?[a-z][\w-]*", shown.getvalue())
    for word in rest:
        if word.startswith("--") and word != "--":
            assert word.partition("=")[0] in named, f"{page}: {verb} has no {word}"


def _block(page: str, kind: str, at: int = 0) -> str:
    text = (ROOT / page).read_text()
    return re.findall(rf"```{kind}\n(.*?)```", text, re.S)[at]


@pytest.mark.parametrize(
    ("page", "system"),
    [
        ("docs/how-to/bring-your-own-task.md", "many_shot"),
        ("docs/how-to/bring-your-own-preferences.md", "soft_labels"),
        ("docs/how-to/make-a-corpus-of-pages.md", "webagent"),
        ("docs/systems/elastictok.md", "elastictok"),
        ("docs/systems/guided_evolution.md", "guided_evolution"),
        ("docs/systems/value_functions.md", "value_functions"),
    ],
)
def test_parameters_of_the_pages_are_whole(page: str, system: str, tmp_path: Path) -> None:
    from measurand import params, project

    path = tmp_path / "mine.yaml"
    path.write_text(_block(page, "yaml"))
    params.read(path, project.System(system, ROOT).module("params").Params)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _printed(page: str, start: str) -> list[str]:
    [line] = {c for p, c in COMMANDS if p == page and c.startswith(start)}
    return _words(line)[1:]


@pytest.mark.integration
def test_the_task_of_the_page_runs(here: Path) -> None:
    page = "docs/how-to/bring-your-own-task.md"
    head, *given = csv.reader(io.StringIO(_block(page, "csv")))
    rows = [*given, *([f"Country {i} of {i * 37 % 101}", f"City {i}"] for i in range(250))]
    with (here / "capitals.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    asked = yaml.safe_load(_block(page, "yaml"))
    asked["build"]["tasks"][0] |= {"train": 60, "test": 10}
    asked["build"]["tasks"][0]["curves"] = [{"shots": [0, 4], "seeds": 2}]
    (here / "mine.yaml").write_text(yaml.safe_dump(asked))
    # As printed, with a respondent that needs no weights.
    assert main([*_printed(page, "measurand run"), "--model", "oracle:majority"]) == 0
    assert (here / "trial-task" / "report" / "report.html").is_file()
    assert (here / "trial-task" / "data" / "dataset" / "pool" / "manifest.json").is_file()


@pytest.mark.integration
def test_reliability_of_the_page_runs(here: Path) -> None:
    page = "docs/how-to/bring-your-own-data.md"
    (here / "answers.csv").write_text(_block(page, "csv", 0) + "p4,south,1,5,5\np5,north,3,3,2\n")
    (here / "key.csv").write_text(_block(page, "csv", 1))
    assert main(_printed(page, "measurand reliability answers.csv")) == 0


@pytest.mark.integration
@pytest.mark.parametrize("verb", ["status", "doctor"])
def test_verbs_without_arguments_run(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main([verb]) in (0, 1)
