"""Report sections on what accuracy goes with, and what it is to be compared with."""

from __future__ import annotations

from evaluators.many_shot.context import PLAIN, Subject, View
from evaluators.many_shot.contrasts import few_shot
from evaluators.many_shot.pictures import curve_figure, every_point, point_lines
from measurand.reporting.document import Block, Cell, Section
from measurand.reporting.grid import Line, grid
from measurand.results import slice_parts
from measurand.subject import measured

_RHO = "nll_accuracy_rho"
_LIKELIHOOD_OF = {
    "nll": "the answer",
    "nll_program": "the reference solution",
    "nll_model": "a model's solution",
}


def likelihood_section(view: View) -> Section | None:
    """Likelihood of right answers beside their frequency."""
    figures, blocks = view.figures, list[Block]()
    for subject in (s for s in view.found if not s.is_control):
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
        slices = [slice_parts(r["slice"]) for r in figures.metrics(subject.model, _RHO)]
        blocks.append(
            grid(
                figures,
                f"Likelihood and accuracy of {subject.model}: rank correlation over shot sets",
                ("task and curve", "likelihood of"),
                [
                    Line(f"{p['task']}, {p['curve']}", subject.model, p, [_LIKELIHOOD_OF[p["of"]]])
                    for p in slices
                ],
                {"Spearman's rho": _RHO},
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
    figures, blocks = view.figures, list[Block]()
    for subject in measured(view.found):
        ways = grid(
            figures,
            f"Other ways of making prompts of the same shots, {subject.model}",
            ("task and curve", "K"),
            point_lines(subject),
            {
                "accuracy": "accuracy_crossed",
                "plain prompts": ("accuracy_crossed", {"curve": PLAIN}),
                "difference, paired": "against_supervised",
            },
            ["The difference is over the shot sets and questions that both have. Flipped "
             "labels show each class under another's word: a model that reads labels "
             "follows them, one that knows words does not."],
            made="against_supervised",
        )  # fmt: skip
        blocks += [ways] if ways.rows else []
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
        orders = grid(
            figures,
            f"The same shots in other orders, {subject.model}",
            ("task and curve", "K"),
            point_lines(subject),
            {"accuracy": "accuracy_crossed", "best minus worst order": "order_range"},
            ["The range grows with the number of orders; its interval is over shot sets."],
            made="order_range",
        )
        blocks += [orders] if orders.rows else []
    return Section("Regimes, label maps and orders", tuple(blocks)) if blocks else None


def baseline_section(view: View) -> Section | None:
    """Better than what needs no language model?"""
    readers = [s.model for s in view.found if s.is_control]

    def theirs(line: Line) -> Cell:
        at = {key: part for key, part in line.parts.items() if key != "over"}
        return view.figures.cell(line.parts["over"], "accuracy_crossed", **at)

    def ours(line: Line) -> Cell:
        at = {key: part for key, part in line.parts.items() if key != "over"}
        return view.figures.cell(line.model, "accuracy_crossed", **at)

    table = grid(
        view.figures,
        "Accuracy beside baselines on the same prompts, with few shots and with most",
        ("task and shots", "baseline"),
        [
            Line(
                {"text": f"{at['task']}, K = {at['k']}", "detail": subject.model},
                subject.model,
                {**at, "over": reader},
                [reader],
            )
            for subject in view.found
            if not subject.is_control
            for at in every_point(subject)
            if _is_end(subject, at)
            for reader in readers
        ],
        {"model": ours, "baseline's accuracy": theirs, "difference, paired": "advantage"},
        ["All intervals are over shot sets and questions. k-nearest neighbours is a weak ceiling "
         "for a linear rule: logistic regression on the same shots is far better."],
        made="advantage",
    )  # fmt: skip
    return Section("Baselines", (table,)) if table.rows else None


def _is_end(subject: Subject, at: dict[str, str]) -> bool:
    """Whether a point is that of few shots, or of most, of a plain curve."""
    if at["curve"] != PLAIN:
        return False
    asked = subject.curve(at["task"], PLAIN)["k"].unique().to_list()
    return int(at["k"]) in (few_shot(asked, subject.params.report.few_shot), max(asked))
