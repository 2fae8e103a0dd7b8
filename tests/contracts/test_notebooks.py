"""Notebooks run from a clean kernel; every figure that their text names is computed in them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from website import notebooks

for package in ("jupytext", "nbclient", "ipykernel"):
    pytest.importorskip(package, reason="part of locks/test.lock")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.py"))
SYSTEM = "a_system"
"""Needs a checkout; the others need a light installation and a package with data."""
HEAVY = ("apache_beam", "datasets", "dvc", "playwright", "polars", "pydantic_ai", "torch")
BLOCK = f"""
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Refused())
"""
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")
CITED = re.compile(r"`[^`]*`|\([A-Z][\w.,& ]* \d{4}\)")
"""Code, and years of sources."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("p")
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, root / name)
    for name in ("params", "gates"):
        shutil.copytree(ROOT / name, root / name)
    return root


def outputs(notebook: Any) -> list[str]:
    """Texts of all outputs; nothing may be written to standard error."""
    found = []
    for cell in notebook.cells:
        for out in cell.get("outputs", ()):
            assert out.get("name") != "stderr", out["text"]
            found.append(out.get("text") or "")
            found += [str(text) for kind, text in out.get("data", {}).items() if "text" in kind]
    return found


def unfounded(text: str, computed: str) -> list[str]:
    """Figures of a text that are neither in an output, at the text's own rounding, nor in code."""
    known = [float(n.replace(",", "")) for n in NUMBER.findall(computed)]
    found = []
    for number in NUMBER.findall(CITED.sub("", text)):
        digits = len(number.partition(".")[2])
        value = float(number.replace(",", ""))
        if not any(round(one, digits) == value for one in known):
            found.append(number)
    return found


def test_there_are_six() -> None:
    assert len(NOTEBOOKS) == 6
    page = (ROOT / "docs/how-to/use-from-python.md").read_text(encoding="utf-8")
    assert not [path.name for path in NOTEBOOKS if f"../notebooks/{path.name}" not in page]


@pytest.mark.integration
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_computes_what_it_says(
    path: Path, tmp_path: Path, project: Path
) -> None:
    """About a minute in all."""
    start = "" if path.stem == SYSTEM else BLOCK
    notebook = notebooks.run(path, tmp_path, project, start=start)
    shown = outputs(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert unfounded(text, code + "\n".join(shown)) == []
    pages = [t for t in shown if "<div" in t]
    assert not [t for t in pages if re.search(r"<script|src=.http|@import|url\(.?http", t)]
    assert len(text) > 400


def test_a_figure_out_of_nowhere_is_found() -> None:
    assert unfounded("It is 0.73 of 2,800 (Randall 1989), not `0.5`.", "0.7267 2800") == []
    assert unfounded("It is 0.74 of 2,801.", "0.7267 2800") == ["0.74", "2,801"]
