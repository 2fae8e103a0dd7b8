"""Report sections on the answers, the instruments, the cost and the methods."""

from __future__ import annotations

import numpy as np

from evaluators.personality.context import Subject, View
from measurand import shards
from measurand.report.document import Block, Cell, Figure, Section, Table, Text

_MEASURES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("mass_mean", "probability on the choices, mean", {"experiment": "validity"}),
    ("low_mass_share", "answers with little of it", {"experiment": "validity"}),
    ("missing_share", "answers missing", {"experiment": "validity"}),
    ("infra_error_share", "calls that failed outside the model", {"experiment": "validity"}),
    ("tie_share", "ties between choices", {"experiment": "validity"}),
    (
        "keyed_pair_agreement",
        "opposite-keyed items agree",
        {"experiment": "validity", "form": "first"},
    ),
    (
        "keyed_pair_both_agreed",
        "opposite-keyed items both agreed with",
        {"experiment": "validity", "form": "first"},
    ),
    (
        "option_order_agreement",
        "same answer with options reversed",
        {"experiment": "reversed_options"},
    ),
    ("option_order_shift", "shift with options reversed", {"experiment": "reversed_options"}),
    ("retest_agreement", "same answer when asked again alone", {}),
    ("retest_logprob_difference_max", "largest change of a log-probability then", {}),
)


def quality_section(view: View) -> Section:
    """Whether the model answered what it was asked."""
    everyone, figures = view.found, view.figures
    rows: list[list[Cell]] = [
        [label, *(figures.cell(s.model, metric, **parts) for s in everyone)]
        for metric, label, parts in _MEASURES
    ]
    blocks: list[Block] = [
        Table("Quality of the answers", ["figure", *(s.model for s in everyone)], rows)
    ]
    for subject in everyone:
        mass = subject.responses["mass"].drop_nulls().to_numpy()
        data: dict[str, object]
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
        else:
            data = {"reason": "this scoring mode has no probabilities"}
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


def cost_section(view: View) -> Section:
    """Calls, tokens, time."""
    results = view.results
    rows: list[list[Cell]] = []
    for r in shards.read_table(results / "costs").to_pylist():
        rate = r["calls"] / r["seconds"] if r["seconds"] else None
        rows.append(
            [
                {"text": r["part"], "detail": r["model"]},
                r["calls"],
                r["prompt_tokens"],
                r["cached_tokens"],
                r["seconds"],
                {"value": rate, "reason": "no time was measured"},
                r["dtype"],
                "yes" if r["chat_template"] else "no",
            ]
        )
    table = Table(
        "Calls of the models",
        ["experiment", "prompts", "prompt tokens", "of them shared", "seconds", "prompts a second",
         "precision", "chat template"],
        rows,
        ["Loading the model is not counted. Parts of an interrupted run are."],
    )  # fmt: skip
    return Section("Cost", (table,))


def method_section(view: View) -> Section:
    """How the figures were made."""
    everyone = view.found
    params = everyone[0].params
    text = (
        "- Every item is asked in a context of its own. Scoring: "
        f"{params.evaluate.scoring_mode}; the answer is the likeliest choice.\n"
        "- Reversed items are turned first. Scale scores are means of items.\n"
        f"- Intervals: percentile bootstrap over biographies, B = {params.report.resamples}, seed "
        f"{params.report.seed}, for coefficients and correlations; Student's t with cluster-robust "
        "errors (CR1) for means; Wilson or Clopper-Pearson for rates; the F interval for ICCs.\n"
        "- Alpha, lambda-6 and omega are computed on keyed data; omega of one and of three factors "
        "is named as such. Undefined figures are empty and say why.\n"
        "- Gates read one-sided 95% bounds. With all blocking gates needed, no correction for "
        "their number is due.\n"
        "- Source of the design: Serapio-García, Safdari et al., arXiv 2307.00184. Biographies "
        "and wordings are our own."
    )
    return Section("Methods", (Text(text),))
