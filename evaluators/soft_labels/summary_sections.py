"""Report sections that open and close: what was found in words, quality, cost, methods."""

from __future__ import annotations

from evaluators.soft_labels.context import Material, View
from evaluators.soft_labels.contrasts import contrasted
from evaluators.soft_labels.win_sections import judged_sets
from evaluators.soft_labels.wins import duels
from measurand.report.document import Cell, Section, Table, Text
from measurand.report.evidence import evidence_of, say, size
from measurand.report.lookup import Figures
from measurand.report.methods import methods
from measurand.results import StatisticRow
from schemas.soft_labels.params import REFERENCE_RUN, SHUFFLED

AGAIN = "reference_again"


def summary_section(view: View) -> Section:
    """Judges first, then what the losses did, then the controls."""
    material, figures = view.found, view.figures
    lines = [
        *_judge_lines(material, figures),
        *_contrast_lines(material, figures),
        *_control_lines(material, figures),
    ]
    text = "\n".join(f"- {line}" for line in lines) or "Nothing was measured."
    return Section(
        "In short",
        (Text(text),),
        "Does a policy learn more from how sure a preference is than from who won?",
    )


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


def _judge_lines(material: Material, figures: Figures) -> list[str]:
    most = material.params.report.max_position_bias
    found = []
    pairs = material.judgements.select("judge", "set").unique(maintain_order=True)
    for judge, name in pairs.iter_rows():
        bias = figures.get(material.model, "position_bias", judge=judge, set=name)
        right = figures.get(material.model, "judge_accuracy", judge=judge, set=name)
        if bias is None or bias["estimate"] is None:
            continue
        verdict = _bias_words(bias, most)
        line = f"Judge {judge} on {name}: position bias {size(bias, '+')}, {verdict}"
        if right is not None and right["estimate"] is not None:
            line += f"; it agrees with the label in {size(right)} of pairs"
        found.append(line + ".")
    return found


def _bias_words(bias: StatisticRow, most: float) -> str:
    """The estimate blocks win rates; whether other pairs would, the interval says."""
    assert bias["estimate"] is not None
    beyond = abs(bias["estimate"]) > most
    words = "it cannot judge policies" if beyond else "within what is allowed"
    side = most if bias["estimate"] > 0 else -most
    sure = ("above" if beyond else "below") if side > 0 else ("below" if beyond else "above")
    return words if evidence_of(bias, side) == sure else f"{words}, though the interval holds both"


def _contrast_lines(material: Material, figures: Figures) -> list[str]:
    found = []
    for run, other in contrasted(material):
        if other.labels == SHUFFLED:
            continue
        parts = {"run": run.id, "over": other.id}
        row = figures.get(material.model, "accuracy_difference_method", **parts)
        if row is None or row["estimate"] is None:
            continue
        told = say(
            row,
            above="higher by {size}",
            below="lower by {size}",
            unsure="differs by {size}",
            scope="method",
        )
        found.append(f"{run.set}, {run.id} minus {other.id}: accuracy on held-out pairs {told}.")
    return found


def _control_lines(material: Material, figures: Figures) -> list[str]:
    found = []
    for run in material.params.train.runs:
        row = figures.get(material.model, "accuracy", run=run.id)
        if run.labels == SHUFFLED and row is not None and row["estimate"] is not None:
            found.append(
                f"Control: {run.id}, trained on shuffled labels, is right in {size(row)} of "
                "held-out pairs."
            )
    for parts in judged_sets(material):
        for duel in duels(material, parts["judge"], parts["set"]):
            if (duel.run, duel.over) != (AGAIN, REFERENCE_RUN):
                continue
            row = figures.get(material.model, "win_percentage", **duel.parts)
            if row is not None and row["estimate"] is not None:
                found.append(
                    f"Control: the untrained policy against itself wins {size(row)} by "
                    f"{duel.judge} on {duel.set}."
                )
    return found
