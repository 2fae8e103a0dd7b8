"""Report section on the items behind the scales: Guttman's bounds and HTMT."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.personality.context import Subject, View
from evaluators.personality.figures import NAMES, WORDS
from evaluators.personality.scores import SUFFIX
from evaluators.personality.structure import EXPERIMENT, LAMBDAS
from measurand.report.document import Block, Cell, Section, Table
from measurand.report.lookup import Figures
from schemas.personality.params import DOMAINS


def structure_section(view: View) -> Section | None:
    """One table of bounds and one of ratios; None where no model was asked the first form."""
    everyone, figures = view.found, view.figures
    blocks: list[Block] = [
        table for table in (_bounds(everyone, figures), _ratios(everyone, figures)) if table.rows
    ]
    return (
        Section(
            "Items behind the scales",
            tuple(blocks),
            "Lower bounds of reliability that do not ask items to be interchangeable, and whether "
            "the items of two domains can be told apart.",
        )
        if blocks
        else None
    )


def _bounds(everyone: Sequence[Subject], figures: Figures) -> Table:
    rows: list[list[Cell]] = []
    for subject in everyone:
        for kind, end in SUFFIX.items():
            for domain in DOMAINS:
                parts = {**EXPERIMENT, "form": "first", "scale": domain}
                if figures.get(subject.model, f"lambda2{end}", **parts) is None:
                    continue
                cells = [figures.cell(subject.model, name + end, **parts) for name in LAMBDAS]
                detail = f"{subject.model}, {WORDS[kind]}"
                rows.append([{"text": NAMES[domain], "detail": detail}, *cells])
    return Table(
        "Guttman's six lower bounds of reliability, first form",
        ["domain", "lambda-1", "lambda-2", "lambda-3 (alpha)", "lambda-4 (best half)", "lambda-5",
         "lambda-6"],
        rows,
        [
            "All of correlations of keyed answers, as R's psych::guttman. Each is at most the "
            "reliability in the population; the best half of a small sample flatters. A negative "
            "bound says that items keyed in opposite directions were answered alike."
        ],
    )  # fmt: skip


def _ratios(everyone: Sequence[Subject], figures: Figures) -> Table:
    columns = [(s.model, kind) for s in everyone for kind in SUFFIX]
    shown = [(m, k) for m, k in columns if figures.metrics(m, f"htmt{SUFFIX[k]}")]
    pairs = [(a, b) for a in sorted(DOMAINS) for b in sorted(DOMAINS) if a < b]
    rows: list[list[Cell]] = [
        [
            f"{NAMES[a]} - {NAMES[b]}",
            *(figures.cell(m, f"htmt{SUFFIX[k]}", **EXPERIMENT, first=a, second=b)
              for m, k in shown),
        ]
        for a, b in pairs
    ]  # fmt: skip
    return Table(
        "Heterotrait-monotrait ratio of the domains, first form",
        ["domains", *(f"{m}, {WORDS[k]}" for m, k in shown)],
        rows if shown else [],
        [
            "Mean absolute correlation of items of two domains over that within them (Henseler, "
            "Ringle & Sarstedt 2015). Near 0 for different traits; from .85 or .90 on the two "
            "domains are hardly two."
        ],
    )
