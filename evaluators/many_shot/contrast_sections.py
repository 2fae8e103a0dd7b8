"""Report sections on what accuracy goes with, and what it is to be compared with."""

from __future__ import annotations

from evaluators.many_shot.context import PLAIN, Subject, View
from evaluators.many_shot.contrasts import few_shot
from evaluators.many_shot.pictures import curve_figure, every_point, measured
from measurand.report.document import Block, Cell, Section, Table
from measurand.report.lookup import Figures
from measurand.results import slice_parts

_LIKELIHOOD_OF = {
    "nll": "the answer",
    "nll_program": "the reference solution",
    "nll_model": "a model's solution",
}


def likelihood_section(view: View) -> Section | None:
    """Likelihood of right answers beside their frequency."""
    everyone, figures = view.found, view.figures
    blocks: list[Block] = []
    for subject in (s for s in everyone if not s.is_oracle):
        blocks.append(
            curve_figure(
                subject,
                figures,
                "nll",
                "Negative log-likelihood of the right answer",
                "nats",
                "Lower is likelier. It is measured on the same prompts as accuracy. Panels have "
                "scales of their own.",
                own_scale=True,
            )
        )
        rows: list[list[Cell]] = []
        for row in figures.metrics(subject.model, "nll_accuracy_rho"):
            parts = slice_parts(row["slice"])
            rows.append(
                [
                    f"{parts['task']}, {parts['curve']}",
                    _LIKELIHOOD_OF[parts["of"]],
                    figures.cell(subject.model, "nll_accuracy_rho", **parts),
                ]
            )
        blocks.append(
            Table(
                f"Likelihood and accuracy of {subject.model}: rank correlation over shot sets",
                ["task and curve", "likelihood of", "Spearman's rho"],
                rows,
                ["-1: wherever right answers are likelier, they are more frequent. Clusters are "
                 "shot sets."],
            )
        )  # fmt: skip
    if not blocks:
        return None
    return Section(
        "Likelihood against shots",
        tuple(blocks),
        "A likelihood may keep improving while accuracy does not, so it cannot stand for it.",
    )


def contrast_section(view: View) -> Section | None:
    """Controls: what the plain prompts have that others lack."""
    everyone, figures = view.found, view.figures
    blocks: list[Block] = []
    for subject in measured(everyone):
        rows: list[list[Cell]] = []
        for at in every_point(subject):
            if figures.get(subject.model, "against_supervised", **at) is None:
                continue
            rows.append(
                [
                    f"{at['task']}, {at['curve']}",
                    int(at["k"]),
                    figures.cell(subject.model, "accuracy_crossed", **at),
                    figures.cell(subject.model, "accuracy_crossed", **{**at, "curve": PLAIN}),
                    figures.cell(subject.model, "against_supervised", **at),
                ]
            )
        if rows:
            blocks.append(
                Table(
                    f"Other ways of making prompts of the same shots, {subject.model}",
                    ["task and curve", "K", "accuracy", "plain prompts", "difference, paired"],
                    rows,
                    ["The difference is over the shot sets and questions that both have. Flipped "
                     "labels show each class under another's word: a model that reads labels "
                     "follows them, one that knows words does not."],
                )
            )  # fmt: skip
        if any(figures.metrics(subject.model, "confidence")):
            blocks.append(
                curve_figure(
                    subject,
                    figures,
                    "confidence",
                    "Confidence in the right class",
                    "renormalised probability",
                    "Probability of the right class among the classes, mean over questions.",
                )
            )
        blocks += _orders(subject, figures)
    return Section("Regimes, label maps and orders", tuple(blocks)) if blocks else None


def _orders(subject: Subject, figures: Figures) -> list[Block]:
    rows: list[list[Cell]] = [
        [
            f"{at['task']}, {at['curve']}",
            int(at["k"]),
            figures.cell(subject.model, "accuracy_crossed", **at),
            figures.cell(subject.model, "order_range", **at),
        ]
        for at in every_point(subject)
        if figures.get(subject.model, "order_range", **at) is not None
    ]
    if not rows:
        return []
    return [
        Table(
            f"The same shots in other orders, {subject.model}",
            ["task and curve", "K", "accuracy", "best minus worst order"],
            rows,
            ["The range grows with the number of orders; its interval is over shot sets."],
        )
    ]


def baseline_section(view: View) -> Section | None:
    """Better than what needs no language model?"""
    everyone, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    readers = [s.model for s in everyone if s.is_oracle]
    for subject in (s for s in everyone if not s.is_oracle):
        for at in every_point(subject):
            for reader in readers if _is_end(subject, at) else ():
                if figures.get(subject.model, "advantage", **at, over=reader) is None:
                    continue
                rows.append(
                    [
                        {"text": f"{at['task']}, K = {at['k']}", "detail": subject.model},
                        reader,
                        figures.cell(subject.model, "accuracy_crossed", **at),
                        figures.cell(reader, "accuracy_crossed", **at),
                        figures.cell(subject.model, "advantage", **at, over=reader),
                    ]
                )
    if not rows:
        return None
    table = Table(
        "Accuracy beside baselines on the same prompts, with few shots and with most",
        ["task and shots", "baseline", "model", "baseline's accuracy", "difference, paired"],
        rows,
        ["All intervals are over shot sets and questions. k-nearest neighbours is a weak ceiling "
         "for a linear rule: logistic regression on the same shots is far better."],
    )  # fmt: skip
    return Section("Baselines", (table,))


def _is_end(subject: Subject, at: dict[str, str]) -> bool:
    """Whether a point is that of few shots, or of most, of a plain curve."""
    if at["curve"] != PLAIN:
        return False
    asked = subject.curve(at["task"], PLAIN)["k"].unique().to_list()
    return int(at["k"]) in (few_shot(asked, subject.params.report.few_shot), max(asked))
