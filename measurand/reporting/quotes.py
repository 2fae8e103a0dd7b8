"""Figures that a text quotes, kept equal to the statistics: ``measurand report --docs``.

A quoted figure stands between two comments, which no reader sees. The first names its statistic:
system, model, metric and slice, parted by blanks (no slice: overall)::

    It is <!--q personality smollm2 mass_mean experiment=validity-->.14 [.13, .15]<!--/q--> here.

What stands between says how the figure is written: with as many decimals, with or without interval,
leading zero, sign and percent sign. ``n`` after the metric and a colon quotes the number of rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from measurand import machines
from measurand.errors import InputError
from measurand.manifest import write_text

QUOTE = re.compile(r"<!--q (?P<name>[^>]*?)-->(?P<told>[^<]*)<!--/q-->")
_NUMBER = re.compile(r"[+-]?(\d[\d,]*)?(\.\d+)?")
Find = Callable[[str, str, str, str], Mapping[str, Any] | None]
"""System, model, metric and slice of a statistic to its row."""


def refresh(text: str, find: Find) -> str:
    """The text with every quoted figure as the statistics have it.

    Args:
        text: Markdown.
        find: looks a statistic up.

    Raises:
        InputError: a quote names no statistic, or an undefined one.
    """
    return QUOTE.sub(lambda match: _whole(match, find), text)


def unquoted(text: str) -> list[str]:
    """Figures with an interval that stand in no quote, and so may go stale unseen."""
    return [m[0] for m in re.finditer(r"[\d.]+ \[[+-]?[\d.]+, [+-]?[\d.]+\]", QUOTE.sub("", text))]


def write_docs(root: Path) -> list[Path]:
    """Refresh quotes in README.md and ``docs/``, and its tables; returns the files that changed.

    Raises:
        InputError: see :func:`refresh`; the message names the file.
    """
    find, changed = reader(root), []
    for path in pages(root):
        text = path.read_text(encoding="utf-8")
        try:
            made = refresh(text, find)
            if path == root / machines.PAGE:
                made = machines.refresh(root, made)
        except InputError as error:
            where = path.relative_to(root)
            raise InputError(f"{where}: {error.args[0]}", hint=error.hint) from error
        if made != text:
            write_text(path, made)
            changed.append(path)
    return changed


def pages(root: Path) -> Iterator[Path]:
    """README.md and every page of ``docs/``."""
    yield root / "README.md"
    yield from sorted((root / "docs").rglob("*.md"))


def reader(root: Path) -> Find:
    """Looks statistics up in ``reports/`` of a project."""

    @cache
    def rows(system: str) -> dict[tuple[str, ...], Mapping[str, Any]]:
        import pyarrow.parquet as pq

        path = root / "reports" / system / "statistics.parquet"
        if not path.is_file():
            raise InputError(f"{path} is not there", hint=f"run `measurand report {system}`")
        keys = ("model", "metric", "slice")
        return {tuple(r[k] for k in keys): r for r in pq.read_table(path).to_pylist()}

    return lambda system, *key: rows(system).get(key)


def _whole(match: re.Match[str], find: Find) -> str:
    name, told = match["name"], match["told"]
    parts = name.split()
    if len(parts) not in (3, 4):
        raise InputError(f"quote {name!r}", hint="name system, model, metric and slice")
    system, model, metric, slice_ = [*parts, ""][:4]
    metric, _, count = metric.partition(":")
    row = find(system, model, metric, slice_)
    value = None if row is None else row["n" if count == "n" else "estimate"]
    if row is None or value is None or count not in ("", "n"):
        why = "no such statistic" if row is None else row["reason"] or "undefined"
        raise InputError(
            f"quote {name!r}: {why}", hint="name a statistic of the report, or take the quote out"
        )
    return f"<!--q {name}-->{_in_style(told, row, value)}<!--/q-->"


def _in_style(told: str, row: Mapping[str, Any], value: float) -> str:
    """The figure, written as what stood there; without a figure there, ``0.12 [0.03, 0.21]``."""
    style = told.strip() or "0.00 ["
    text = _number(value, style)
    if "[" in style and row["ci_lo"] is not None:
        plain = style.replace("+", "")
        text += f" [{_number(row['ci_lo'], plain)}, {_number(row['ci_hi'], plain)}]"
    return text


def _number(value: float, style: str) -> str:
    first = _NUMBER.match(style)
    places = 0 if first is None or first[2] is None else len(first[2]) - 1
    percent = "%" in style
    text = f"{100 * value if percent else value:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    if places and first is not None and first[1] is None:
        text = re.sub(r"^(-?)0(?=\.)", r"\1", text)
    sign = "+" if style.startswith("+") and value > 0 else ""
    return sign + text + ("%" if percent else "")
