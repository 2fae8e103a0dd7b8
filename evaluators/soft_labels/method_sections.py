"""The report's last section: how the figures were made, and what this is not."""

from __future__ import annotations

from evaluators.soft_labels.context import View
from measurand.reporting.document import Cell, Section, Table
from measurand.reporting.methods import methods


def method_section(view: View) -> Section:
    """How the figures were made, and what this is not."""
    params = view.found.params
    build = params.build
    sources = ", ".join(dict.fromkeys(s.source.kind for s in build.sets))
    rows: list[list[Cell]] = [
        ["policy", "PaLM 2-XS after supervised training", build.policy],
        ["judge", "PaLM 2-L", ", ".join(j.model for j in build.judges) or "none"],
        ["labels", "AI feedback, both orders averaged", sources],
        [
            "pairs",
            "Reddit TL;DR, Anthropic Helpful and Harmless, Plasma Plan",
            ", ".join(s.id for s in build.sets),
        ],
    ]
    table = Table("Deviations from the paper", ["what", "paper", "here"], rows)
    return Section("Methods", (methods(__file__, params), table))
