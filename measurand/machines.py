"""What another machine makes of a figure: the same bytes, the same within a tolerance, or another.

Last bits of sums depend on the processor's instructions, on libraries and on the number of threads.
A figure of counts does not see them. A statistic does in its last bits. A figure of a language
model's log-probabilities sees them where two answers nearly tie; text that a model samples differs
from the first token that they turn; weights that are trained differ altogether. Every system says
of each of its figures which it is, by a function ``moves`` in ``evaluators/S/report.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from measurand import project
from measurand.errors import InputError
from measurand.statistics import EXACT

Moves = float | Literal["sampled", "trained"]
"""How far a figure may move: a tolerance, relative to it or to 1, whichever is larger."""

BYTES, SUMS, MODEL = 0.0, 1e-6, 0.01
"""Counts; statistics of rows that do not move; figures of a model's log-probabilities."""
_WORDS = {
    BYTES: "the same bytes",
    SUMS: f"within {SUMS:g}",
    MODEL: f"within {MODEL:g}",
    "sampled": "sampled anew",
    "trained": "trained anew",
}
PAGE = Path("docs") / "machines.md"
_START, _END = "<!--machines-->", "<!--/machines-->"


def moves_of(system: project.System) -> Callable[[Mapping[str, Any]], Moves]:
    """The system's declaration; what is about trained weights is ``trained``, whatever it says.

    Raises:
        InputError: the system declares nothing.
    """
    declared = getattr(system.module("report"), "moves", None)
    if declared is None:
        raise InputError(
            f"evaluators/{system.name}/report.py has no function `moves`",
            hint="say what another machine makes of a figure: see measurand/machines.py",
        )
    return lambda row: "trained" if row["scope"] is not None else declared(row)


def computed(row: Mapping[str, Any]) -> Moves:
    """Of a figure that no model decides: a count stays, any other statistic moves in last bits."""
    return BYTES if row["method"] == EXACT else SUMS


def holds(a: float | None, b: float | None, moves: Moves) -> bool:
    """Whether two runs of a figure differ by no more than was declared.

    What is sampled or trained anew may differ by anything; its interval says more.
    """
    if isinstance(moves, str) or a == b:
        return True
    return a is not None and b is not None and abs(a - b) <= moves * max(1.0, abs(a), abs(b))


def words(moves: Moves) -> str:
    """A class in words."""
    return _WORDS[moves]


def table(root: Path) -> str:
    """Every statistic of every system, and what another machine makes of it: Markdown.

    A system that was listed and has no report yet says so.

    Raises:
        InputError: a system declares nothing.
    """
    import pyarrow.parquet as pq

    from measurand.results import STATISTICS, current

    lines = []
    for name in project.systems(root):
        path = root / "reports" / name / "statistics.parquet"
        declared = moves_of(project.system(root, name))
        if not path.is_file():
            lines.append(f"\n### {name}\n\nNo report yet: `measurand report {name}`.")
            continue
        seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for row in STATISTICS.conform(current(pq.ParquetFile(path).read())).to_pylist():
            seen[row["metric"]][words(declared(row))].add(row["model"])
        lines += [f"\n### {name}\n", "| statistic | on another machine |", "| --- | --- |"]
        lines += [f"| `{metric}` | {_told(found)} |" for metric, found in sorted(seen.items())]
    return "\n".join(lines).lstrip("\n") + "\n"


def _told(found: Mapping[str, set[str]]) -> str:
    """One class, or each with the models, or kinds of them, that it holds for."""
    ordered = [word for word in _WORDS.values() if word in found]
    if len(ordered) == 1:
        return ordered[0]
    kinds = {word: {_kind(model) for model in found[word]} for word in ordered}
    return "; ".join(f"{word}: {', '.join(sorted(kinds[word]))}" for word in ordered)


def _kind(model: str) -> str:
    head, colon, _ = model.partition(":")
    return f"{head}:*" if colon else model.partition("?")[0]


def refresh(root: Path, text: str) -> str:
    """The page with its tables as declarations and statistics have them now."""
    before, _, rest = text.partition(_START)
    _, _, after = rest.partition(_END)
    return f"{before}{_START}\n{table(root)}{_END}{after}"
