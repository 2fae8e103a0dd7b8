"""Report sections on the answers, the instruments, the cost and the methods."""

from __future__ import annotations

import numpy as np

from evaluators.personality.evaluate.context import Subject, View
from measurand import soundness
from measurand.reporting.document import Block, Cell, Figure, Section, Table
from measurand.reporting.grid import Measure, measures
from measurand.reporting.methods import methods

_VALIDITY = {"experiment": "validity"}
_FIRST = {**_VALIDITY, "form": "first"}
_TURNED = {"experiment": "reversed_options"}
_MEASURES: tuple[Measure, ...] = (
    ("probability on the choices, mean", "mass_mean", _VALIDITY),
    ("answers with little of it", "low_mass_share", _VALIDITY),
    *soundness.missing(_VALIDITY),
    ("ties between choices", "tie_share", _VALIDITY),
    ("opposite-keyed items agree", "keyed_pair_agreement", _FIRST),
    ("opposite-keyed items both agreed with", "keyed_pair_both_agreed", _FIRST),
    ("same answer with options reversed", "option_order_agreement", _TURNED),
    ("shift with options reversed", "option_order_shift", _TURNED),
    *soundness.AGAIN,
)


def quality_section(view: View) -> Section:
    """Whether the model answered what it was asked."""
    everyone, figures = view.found, view.figures
    blocks: list[Block] = [measures(figures, "Quality of the answers", everyone, _MEASURES)]
    for subject in everyone:
        mass = subject.responses["mass"].drop_nulls().to_numpy()
        data: dict[str, object] = {"reason": "this scoring mode has no probabilities"}
        if len(mass):
            # Float32 log-probabilities can add up to a little more than 1.
            counts, edges = np.histogram(np.minimum(mass, 1.0), bins=20, range=(0.0, 1.0))
            data = {
                "edges": edges.tolist(),
                "counts": counts.tolist(),
                "axis": "probability on the choices",
                "limit": subject.params.evaluate.low_mass,
                "limit_label": "flagged below",
                "marks": [{"label": "mean", "value": float(mass.mean())}],
                "missing": subject.responses.height - len(mass),
            }
        blocks.append(
            Figure(
                "histogram",
                f"{subject.model}: how much of the probability the choices take",
                "Prompts by the total probability of the choices before renormalising. Little of "
                "it means that the model wanted to say something else.",
                data,
            )
        )
        blocks.append(_used(subject))
    return Section(
        "Quality of the answers",
        tuple(blocks),
        "Models agree with an item and with its opposite (Sühr et al., arXiv 2311.05297) and lean "
        "towards options by their place (Song et al., arXiv 2305.14693). Both are measured here.",
    )


def _used(subject: Subject) -> Table:
    values = subject.responses["value"].drop_nulls().to_numpy()
    counts = np.bincount(values, minlength=6)[1:]
    total = max(int(counts.sum()), 1)
    return Table(
        f"{subject.model}: answers chosen",
        ["answer", "prompts", "share"],
        [[str(i), int(c), float(c / total)] for i, c in enumerate(counts, 1)],
    )


def instrument_section(view: View) -> Section:
    """What was asked and what could not be."""
    everyone = view.found
    rows: list[list[Cell]] = [
        [
            {"text": scale["name"], "detail": scale["scale_id"]},
            scale["n_items"],
            scale["n_reversed"],
            "asked" if scale["administered"] else "not administered: copyrighted text not provided",
        ]
        for scale in everyone[0].scales
    ]
    table = Table("Scales", ["scale", "items", "reversed", "administered"], rows)
    return Section(
        "Instruments",
        (table,),
        "Public-domain questionnaires are shipped. Copyrighted ones are listed with structure and "
        "key; they are asked where their texts are provided.",
    )


def method_section(view: View) -> Section:
    """How the figures were made."""
    return Section("Methods", (methods(__file__, view.found[0].params),))
