"""Report section on the items behind the scales: Guttman's bounds and HTMT."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.personality.evaluate.context import Subject, View
from evaluators.personality.evaluate.scores import SUFFIX
from evaluators.personality.figures import NAMES, WORDS
from evaluators.personality.structure import EXPERIMENT, LAMBDAS
from measurand.reporting.document import Section, Table
from measurand.reporting.grid import Line, grid, stack
from measurand.reporting.lookup import Figures
from schemas.personality.params import DOMAINS

_BOUNDS = (
    "lambda-1",
    "lambda-2",
    "lambda-3 (alpha)",
    "lambda-4 (best half)",
    "lambda-5",
    "lambda-6",
)


def structure_section(view: View) -> Section | None:
    """One table of bounds and one of ratios; None where no model was asked the first form."""
    tables = (_bounds(view.found, view.figures), _ratios(view.found, view.figures))
    if not any(table.rows for table in tables):
        return None
    return Section(
        "Items behind the scales",
        tuple(table for table in tables if table.rows),
        "Lower bounds of reliability that do not ask items to be interchangeable, and whether "
        "the items of two domains can be told apart.",
    )


def _bounds(everyone: Sequence[Subject], figures: Figures) -> Table:
    tables = [
        grid(
            figures,
            "Guttman's six lower bounds of reliability, first form",
            "domain",
            [
                Line(
                    {"text": NAMES[domain], "detail": f"{subject.model}, {WORDS[kind]}"},
                    subject.model,
                    {**EXPERIMENT, "form": "first", "scale": domain},
                )
                for domain in DOMAINS
            ],
            {words: name + end for name, words in zip(LAMBDAS, _BOUNDS, strict=True)},
            [
                "All of correlations of keyed answers, as R's psych::guttman. Each is at most the "
                "reliability in the population; the best half of a small sample flatters. A "
                "negative bound says that items keyed in opposite directions were answered alike."
            ],
            made=f"lambda2{end}",
        )
        for subject in everyone
        for kind, end in SUFFIX.items()
    ]
    return stack(tables)


def _ratios(everyone: Sequence[Subject], figures: Figures) -> Table:
    kinds = [(s.model, k) for s in everyone for k in SUFFIX]
    shown = [(m, k) for m, k in kinds if figures.metrics(m, f"htmt{SUFFIX[k]}")]
    pairs = [(a, b) for a in sorted(DOMAINS) for b in sorted(DOMAINS) if a < b]
    return Table(
        "Heterotrait-monotrait ratio of the domains, first form",
        ["domains", *(f"{m}, {WORDS[k]}" for m, k in shown)],
        [
            [
                f"{NAMES[a]} - {NAMES[b]}",
                *(
                    figures.cell(m, f"htmt{SUFFIX[k]}", **EXPERIMENT, first=a, second=b)
                    for m, k in shown
                ),
            ]
            for a, b in (pairs if shown else [])
        ],
        [
            "Mean absolute correlation of items of two domains over that within them (Henseler, "
            "Ringle & Sarstedt 2015). Near 0 for different traits; from .85 or .90 on the two "
            "domains are hardly two."
        ],
    )
