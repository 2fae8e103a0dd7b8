"""No module imports itself by way of others, and no file is too long to be read at once."""

from __future__ import annotations

import statistics
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("measurand", "schemas", "pipelines", "evaluators")
MOST_LINES = 450
MEDIAN_LINES = 140


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import each other by any way, each group sorted."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for found in imports.get(waiting.pop(), set()) - seen:
                seen.add(found)
                waiting.append(found)
        return seen

    after = {module: reached(module) for module in imports}
    own = {
        frozenset(b for b in after[a] if a in after.get(b, ())) for a in imports if a in after[a]
    }
    return sorted(sorted(group) for group in own)


def imports_of(*packages: str) -> dict[str, set[str]]:
    """Direct imports within the packages; those inside functions and for types count too."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_no_import_goes_round() -> None:
    assert circles(imports_of(*PACKAGES)) == []


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("from round import b\n", "from round import a\n"),
        ("import round.b\n", "def late():\n    from round.a import x\n"),
        (
            "from round.b import y\n",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from round.a import x\n",
        ),
    ],
)
def test_a_circle_is_found_wherever_the_import_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, a: str, b: str
) -> None:
    for name, text in {"__init__": "", "a": a, "b": b, "c": "from round import a\n"}.items():
        (tmp_path / "round").mkdir(exist_ok=True)
        (tmp_path / "round" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert circles(imports_of("round")) == [["round.a", "round.b"]]


def test_files_are_short() -> None:
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert not {name: n for name, n in lines.items() if n > MOST_LINES}
    assert statistics.median(lines.values()) <= MEDIAN_LINES
