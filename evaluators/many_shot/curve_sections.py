"""Report sections on what more shots do."""

from __future__ import annotations

from collections.abc import Callable

from evaluators.many_shot.context import Subject, View
from evaluators.many_shot.contrasts import few_shot
from evaluators.many_shot.pictures import (
    baseline_figure,
    curve_figure,
    point_lines,
)
from measurand.reporting.document import Block, Cell, Section, Table
from measurand.reporting.grid import Line, grid
from measurand.reporting.lookup import Figures
from measurand.subject import measured

Parts = dict[str, str]


def summary_section(view: View) -> Section:
    """One row a model and curve: what more shots did."""
    everyone, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    for subject in measured(everyone):
        for task, curve, answers in subject.curves():
            parts = {"task": task, "curve": curve}
            asked = answers["k"].unique().sort().to_list()
            few, most = few_shot(asked, subject.params.report.few_shot), max(asked)
            rows.append(
                [
                    {"text": f"{task}, {curve}", "detail": subject.model},
                    few,
                    figures.cell(subject.model, "accuracy_crossed", **parts, k=str(few)),
                    most,
                    figures.cell(subject.model, "accuracy_crossed", **parts, k=str(most)),
                    figures.cell(
                        subject.model, "gain_crossed", **parts, k=str(most), over=str(few)
                    ),
                    figures.cell(subject.model, "best_k_accuracy", **parts),
                ]
            )
    table = Table(
        "Accuracy with few shots, with most, and at the best number",
        ["task and curve", "few", "accuracy", "most", "accuracy", "gain, paired",
         "best K, cross-checked"],
        rows,
        [
            "Intervals are 95%, over shot sets and questions together. The best K is chosen on one "
            "half of the questions and measured on the other."
        ],
    )  # fmt: skip
    return Section(
        "Few shots and most",
        (table,),
        "Does a frozen model do better the more solved examples its prompt holds?",
    )


def curve_section(view: View) -> Section:
    """Accuracy against shots, with every shot set and the baselines."""
    everyone, figures = view.found, view.figures
    blocks: list[Block] = []
    for subject in measured(everyone):
        readers = [s for s in everyone if s.is_control and s is not subject]
        blocks.append(baseline_figure(subject, readers, figures))
        blocks.append(
            curve_figure(
                subject,
                figures,
                "accuracy_crossed",
                "Regimes, label maps and solutions",
                "share of right answers",
                "Each line is one way of making prompts from the same examples.",
                points="correct",
            )
        )
        if any(figures.metrics(subject.model, "partial")):
            blocks.append(
                curve_figure(
                    subject,
                    figures,
                    "partial",
                    "Answers in parts",
                    "share of the answer that is right",
                    "Sequences: positions that are right. Accuracy counts whole answers alone.",
                    points="partial",
                )
            )
        blocks.append(_accuracy_table(subject, figures))
    return Section(
        "Accuracy against shots",
        tuple(blocks),
        "Small dots are single shot sets; lines are 95% intervals over shot sets and questions. "
        "The set of K shots lies in that of every larger K, so that a curve is paired along its "
        "length. A prompt without shots stands apart at the left.",
    )


def _accuracy_table(subject: Subject, figures: Figures) -> Table:
    def repeated(metric: str, **more: str) -> Callable[[Line], Cell]:
        def cell(line: Line) -> Cell:
            if line.parts["k"] == "0":
                return {"value": None, "reason": "there is one prompt without shots"}
            return figures.cell(line.model, metric, **line.parts, **more)

        return cell

    return grid(
        figures,
        f"Accuracy of {subject.model}, point by point",
        ("task and curve", "K"),
        point_lines(subject),
        {
            "over shot sets": "accuracy",
            "over shot sets and questions": "accuracy_crossed",
            "reliability over shot sets": repeated("seed_alpha"),
            "variance between shot sets": repeated("variance_share", source="shot_set"),
        },
        [
            "Reliability is Cronbach's alpha of questions over shot sets: would other shot sets "
            "find the same questions hard? The last column is the share of the variance of single "
            "answers that lies between shot sets."
        ],
    )
