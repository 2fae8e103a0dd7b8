"""The command line is a skin: verbs that are functions are called, and nothing beside them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import measurand
from measurand.cli import VERBS

ROOT = Path(__file__).parents[2]
SKIN = {"arguments", "dialects", "errors", "outputs", "progress"}
"""Modules of the engine that declare options, name errors and show results."""
BESIDES = {
    "gate": {"gates.telling.outputs"},  # annotations, which GitHub reads from standard output
    # The first screen's last line; `report --print`, `--index` and `--docs`, which call no stage.
    "stages": {"reporting", "project", "commands.index", "reporting.quotes"},
    "run": {"commands.stages"},  # what a stage says
    "agreement": {"raters.record"},  # the words of --level
}
FUNCTIONS = sorted(
    verb for verb in VERBS if verb in measurand.__all__ and callable(getattr(measurand, verb))
)


def _imported(path: Path) -> set[str]:
    """Modules of the engine that a file imports outside of ``if TYPE_CHECKING``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typed = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING"
        for inner in ast.walk(outer)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in typed:
            module = node.module or ""
            if module == "measurand":
                found |= {alias.name for alias in node.names}
            elif module == "measurand.api":
                found |= {f"api.{alias.name}" for alias in node.names}
            elif module.startswith("measurand."):
                found.add(module.removeprefix("measurand."))
    return found


def test_every_verb_of_the_engine_is_a_function() -> None:
    assert set(FUNCTIONS) >= {
        "agreement", "analyse", "build", "compare", "evaluate", "gate", "items", "plan", "publish",
        "reliability", "report", "rescore", "run", "train", "verify",
    }  # fmt: skip


@pytest.mark.parametrize("verb", FUNCTIONS)
def test_a_command_imports_its_function_and_its_skin(verb: str) -> None:
    module = VERBS[verb][0]
    found = _imported(ROOT / f"{module.replace('.', '/')}.py")
    assert any(name.startswith("api.") for name in found)
    besides = BESIDES.get(verb, BESIDES["stages"] if module.endswith(".stages") else set())
    assert not {n for n in found if not n.startswith("api.")} - SKIN - besides
