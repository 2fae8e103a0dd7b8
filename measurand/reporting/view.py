"""What the sections of a system's report read, and the document that they make together.

``evaluators/S/report.py`` names its ``TITLE``, its ``SECTIONS``, functions of a view in the
reader's order, and its ``OPENING``, which makes the first screen of a view. A section that has
nothing to show is None. What they need beyond the statistics comes from ``view(data, results,
statistics, params)``; a system whose sections read nothing else leaves it out, and one may do
without an opening.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

import pyarrow as pa

from measurand.reporting.document import Document
from measurand.reporting.lookup import Figures
from measurand.statistics import statistics_table

T = TypeVar("T")


@dataclass(frozen=True)
class View(Generic[T]):
    """What a section is made from.

    Attributes:
        found: what the system's statistics were made from, in its own form.
        figures: the statistics, looked up; none where a section reads none.
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        subtitle: whose figures these are.
    """

    found: T
    figures: Figures = field(default_factory=lambda: Figures(statistics_table([])))
    data: Path = Path()
    results: Path = Path()
    subtitle: str = ""


def assemble(
    module: ModuleType, data: Path, results: Path, statistics: pa.Table, params: Any
) -> Document:
    """The report of a system, its verdict left to whoever runs the gates.

    Args:
        module: ``evaluators.S.report``.
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: what ``module.statistics`` made of them.
        params: parameters.
    """
    make = getattr(module, "view", None)
    if make is None:
        figures = Figures(statistics)
        whose = f"Models: {', '.join(figures.models)}"
        view: View[Any] = View(None, figures, data, results, whose)
    else:
        view = make(data, results, statistics, params)
    made = [section(view) for section in module.SECTIONS]
    first = getattr(module, "OPENING", None)
    return Document(
        title=module.TITLE,
        subtitle=view.subtitle,
        verdict=None,
        sections=tuple(part for part in made if part is not None),
        opening=None if first is None else first(view),
    )
