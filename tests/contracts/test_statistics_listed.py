"""docs/statistics.md lists every public statistic with an oracle that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
#: Machinery that makes no figure of its own.
TOOLS = {"arrays", "bands", "estimate", "resample", "scale_sample"}


def public(module: Path) -> list[str]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]


def test_every_statistic_is_listed() -> None:
    modules = [m for m in (ROOT / "measurand" / "stats").glob("*.py") if m.stem not in TOOLS]
    missing = [
        f"{module.stem}.{name}"
        for module in modules
        for name in public(module)
        if f"`{module.stem}.{name}`" not in PAGE
    ]
    assert not missing


def test_every_oracle_exists() -> None:
    tests = {p.name: p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py")}
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 30
    assert not [f"{file}::{name}" for file, name in named if f"def {name}(" not in tests[file]]


def test_what_is_listed_exists() -> None:
    listed = re.findall(r"(?m)^\| `(\w+)\.(\w+)`", PAGE)
    names = {m.stem: public(m) for m in (ROOT / "measurand" / "stats").glob("*.py")}
    assert not [f"{module}.{name}" for module, name in listed if name not in names[module]]
