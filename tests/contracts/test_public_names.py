"""What is public: the list, a docstring and an example each, and what importing costs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import measurand

ROOT = Path(__file__).parents[2]
PUBLIC = [
    "Agreement", "Analysis", "Comparison", "Figure", "GateOutcome", "InputError", "Items", "Mean",
    "MeasurandError", "Pair", "Plan", "Published", "Reliability", "Report", "Rerun", "Rescored",
    "Result", "Rows", "Stage", "Svg", "Verification", "agreement", "analyse", "build", "compare",
    "evaluate", "gate", "items", "plan", "publish", "read", "reliability", "report", "rescore",
    "run", "train", "verify",
]  # fmt: skip
HEAVY = ("torch", "apache_beam", "dvc", "datasets", "matplotlib", "pandas", "scipy", "pyarrow",
         "polars", "numpy", "pydantic")  # fmt: skip


def test_public_names_are_those_listed() -> None:
    assert sorted(set(measurand.__all__) - {"__version__"}) == PUBLIC
    page = (ROOT / "docs/how-to/use-from-python.md").read_text(encoding="utf-8")
    assert not [
        name for name in PUBLIC if f"`{name}`" not in page and f"measurand.{name}" not in page
    ]
    with pytest.raises(AttributeError):
        measurand.nothing  # noqa: B018


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_has_a_docstring_and_functions_an_example(name: str) -> None:
    thing = getattr(measurand, name)
    assert inspect.getdoc(thing)
    if inspect.isfunction(thing):
        text = inspect.getdoc(thing) or ""
        for part in ("Args:", "Raises:", ">>> "):
            assert part in text, part


@pytest.mark.parametrize("module", sorted({m for m in measurand._HOMES.values()}))
def test_examples_give_what_they_say(module: str) -> None:
    found = doctest.testmod(importlib.import_module(module))
    assert found.failed == 0


def test_the_first_example_of_the_page_gives_what_it_says() -> None:
    page = (ROOT / "docs/how-to/use-from-python.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    names: dict[str, object] = {}
    exec(code, names)
    told = re.findall(r"^(found\.\S+)  # (.+)$", code, re.MULTILINE)
    assert len(told) == 3
    assert [repr(eval(line, names)) for line, _ in told] == [words for _, words in told]


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        f"import sys, measurand; dir(measurand); print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
