"""The first screen: do more examples in the prompt help, and on what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluators.many_shot.context import PLAIN, Subject, View
from measurand.reporting.document import Figure, Opening
from measurand.reporting.evidence import evidence_of, size
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow, slice_parts
from measurand.subject import measured


@dataclass(frozen=True)
class Gain:
    """What most shots add over few, on one curve."""

    task: str
    curve: str
    row: StatisticRow

    @property
    def name(self) -> str:
        """Task, and curve where it is not the plain one."""
        return self.task if self.curve == PLAIN else f"{self.task}, {self.curve}"

    @property
    def span(self) -> str:
        """Numbers of shots."""
        parts = slice_parts(self.row["slice"])
        return f"from {parts['over']} to {parts['k']} shots"


def opening(view: View) -> Opening | None:
    """Curves that move, plain prompts that do not, and what the best number of shots reaches."""
    subjects, figures = measured(view.found), view.figures
    if not subjects:
        return None
    subject = subjects[0]
    gains = list(_gains(subject, figures))
    moved = [gain for gain in gains if evidence_of(gain.row) in ("above", "below")]
    lines = [
        _moved(subject, gains, moved),
        _plain([gain for gain in gains if gain.curve == PLAIN and gain not in moved]),
        _best(subject, figures),
        _leaks(subject, figures),
    ]
    # The figure of an index is the first curve of the parameters, whichever others move.
    main = next(iter(gains), None)
    named = None if main is None else {
        "label": f"gain in accuracy {main.span}, {main.name}",
        "model": subject.model,
        "metric": "gain_crossed",
        "slice": main.row["slice"],
    }  # fmt: skip
    return Opening(tuple(line for line in lines if line), _picture(subject, gains), named)


def _gains(subject: Subject, figures: Figures) -> Iterator[Gain]:
    """The widest gain of every curve, in the order of the parameters."""
    widest: dict[tuple[str, str], StatisticRow] = {}
    for row in figures.metrics(subject.model, "gain_crossed"):
        parts = slice_parts(row["slice"])
        key = parts["task"], parts["curve"]
        before = widest.get(key)
        if before is None or int(parts["k"]) > int(slice_parts(before["slice"])["k"]):
            widest[key] = row
    for task in subject.params.build.tasks:
        for curve in task.curves:
            if (task.id, curve.name) in widest:
                yield Gain(task.id, curve.name, widest[task.id, curve.name])


def _moved(subject: Subject, gains: Sequence[Gain], moved: Sequence[Gain]) -> str:
    if not gains:
        return f"{subject.model}: no curve has two numbers of shots, so no gain was measured."
    if not moved:
        return (
            f"On none of {len(gains)} curves does the gain of {subject.model} with more shots have "
            "an interval beside 0; the widest of each is in the picture."
        )
    helped = sum(evidence_of(gain.row) == "above" for gain in moved)
    harmed = f" and below 0 on {len(moved) - helped}" if len(moved) > helped else ""
    told = [f"{gain.name} {size(gain.row, '+')} {gain.span}" for gain in moved[:2]]
    more = f", and {len(moved) - 2} more" if len(moved) > 2 else ""
    return (
        f"The gain of {subject.model} with more shots lies above 0 on {helped} of {len(gains)} "
        f"curves{harmed}, by 95% intervals that are not corrected for {len(gains)} looks: "
        f"{'; '.join(told)}{more}."
    )


def _plain(gains: Sequence[Gain]) -> str:
    if not gains:
        return ""
    same = [g.task for g in gains if g.row["estimate"] == 0 and _still(g.row)]
    open_ = [f"{g.task} {size(g.row, '+')}" for g in gains if g.task not in same]
    words = [f"this sample cannot tell whether shots help {', '.join(open_)}"] if open_ else []
    words += [f"as many answers are right as before on {', '.join(same)}"] if same else []
    return f"With plain prompts {'; '.join(words)}."


def _still(row: StatisticRow) -> bool:
    """Whether every answer was right or wrong as before, so that nothing tells how sure that is."""
    return row["ci_lo"] is None or row["ci_lo"] == row["ci_hi"]


def _best(subject: Subject, figures: Figures) -> str:
    """Accuracy at the best number of shots, chosen on other questions, of the plain curves."""
    told, floor = [], []
    for task in subject.params.build.tasks:
        row = figures.get(subject.model, "best_k_accuracy", task=task.id, curve=PLAIN)
        if row is None or row["estimate"] is None:
            continue
        if row["estimate"] == 0:
            floor.append(task.id)
        else:
            told.append(f"{task.id} {size(row)}")
    words = f"At its best number of shots it gets right {', '.join(told)}" if told else ""
    none = f"not one answer of {', '.join(floor)} is right" if floor else ""
    joined = "; ".join(part for part in (words, none) if part)
    return f"{joined[:1].upper()}{joined[1:]}." if joined else ""


def _leaks(subject: Subject, figures: Figures) -> str:
    leaks = figures.metrics(subject.model, "leaks")
    planted = figures.metrics(subject.model, "planted_leaks_found")
    if not leaks or not planted:
        return ""
    found = sum(row["estimate"] or 0 for row in leaks)
    seen = sum((row["estimate"] or 0) * (row["n"] or 0) for row in planted)
    return (
        f"{found:.0f} test questions stand among the shots; the search that says so found "
        f"{seen:.0f} of {sum(row['n'] or 0 for row in planted)} that were planted."
    )


def _picture(subject: Subject, gains: Sequence[Gain]) -> Figure:
    rows = [
        {
            "label": gain.name,
            "estimate": gain.row["estimate"],
            "lower": gain.row["ci_lo"],
            "upper": gain.row["ci_hi"],
            "reason": gain.row["reason"],
        }
        for gain in gains
    ]
    return Figure(
        "forest",
        "What most shots add over few",
        f"Gain in accuracy of {subject.model}, paired by question and shot set, with 95% "
        "intervals over both. Right of the line shots help.",
        {"rows": rows, "axis": "gain in accuracy", "limit": 0.0, "limit_label": "no change",
         "around": 0.0}
        if rows
        else {"reason": "no curve has two numbers of shots"},
    )  # fmt: skip
