"""What an interval allows to say. One rule for every sentence and every mark of a report."""

from __future__ import annotations

from typing import Literal

from measurand.results import StatisticRow
from measurand.stats.estimate import Scope
from measurand.stats.resample import MIN_CLUSTERS
from measurand.stats.trainings import ONE_TRAINING

Evidence = Literal["above", "below", "undecided", "few", "one", "undefined"]
UNSURE = {
    "undecided": "this sample cannot tell whether at all",
    "few": "this sample is too small to tell",
    "one": ONE_TRAINING,
}


def evidence(
    estimate: float | None,
    lower: float | None,
    upper: float | None,
    n: int | None = None,
    *,
    against: float = 0.0,
) -> Evidence:
    """Whether a figure lies above or below a value, as far as its interval says so.

    Args:
        estimate: the figure.
        lower: lower end of its interval.
        upper: upper end of it.
        n: independent units behind it, None where unknown.
        against: the value: 0 of a difference, 1 of a ratio.

    Returns:
        ``above`` or ``below`` where the whole interval lies there; ``undecided`` where it holds the
        value; ``few`` where there is no interval, or fewer than :data:`MIN_CLUSTERS` units, which
        no interval makes up for; ``undefined`` without a figure.
    """
    if estimate is None:
        return "undefined"
    if lower is None or upper is None or (n is not None and n < MIN_CLUSTERS):
        return "few"
    if lower > against:
        return "above"
    return "below" if upper < against else "undecided"


def units(row: StatisticRow) -> int | None:
    """Independent units behind a figure: clusters, or rows where these are independent."""
    return row["n"] if row["n_clusters"] is None else row["n_clusters"]


def evidence_of(
    row: StatisticRow | None, against: float = 0.0, scope: Scope | None = None
) -> Evidence:
    """:func:`evidence` of a statistic; one that was not made is undefined.

    A sentence about a method stands on other trainings too: where the interval is about these
    weights alone, and ``scope`` is ``method``, it is ``one``.
    """
    if row is None or row["estimate"] is None:
        return "undefined"
    if scope == "method" and row["scope"] == "training":
        return "one"
    return evidence(row["estimate"], row["ci_lo"], row["ci_hi"], units(row), against=against)


def say(
    row: StatisticRow,
    *,
    above: str,
    below: str,
    unsure: str,
    against: float = 0.0,
    scope: Scope | None = None,
) -> str:
    """A sentence's end from the evidence, without its full stop.

    ``{size}`` in a text is the figure with its interval: in ``below`` with its sign turned, so that
    it reads as a size; in ``unsure`` with its sign. What an unsure sentence cannot tell, and for
    want of what, is added to it.

    Args:
        row: the statistic.
        above: where the whole interval is above ``against``.
        below: where it is below.
        unsure: where it is not sure.
        against: 0 of a difference, 1 of a ratio.
        scope: what the sentence is about; see :func:`evidence_of`.
    """
    found = evidence_of(row, against, scope)
    if found == "above":
        return above.format(size=size(row))
    if found == "below":
        return below.format(size=size(row, factor=-1 if against == 0 else 1))
    if found == "undefined":
        return f"{unsure.format(size='an undefined size')} ({row['reason']})"
    few = f" (n = {units(row)})" if found == "few" and units(row) is not None else ""
    told = size(row, "+" if against == 0 else "")
    return f"{unsure.format(size=told)}: {UNSURE[found]}{few}"


def size(row: StatisticRow, sign: Literal["", "+"] = "", factor: int = 1, form: str = ".2f") -> str:
    """A figure with its interval, ``0.12 [0.03, 0.21]``; without one it says so.

    Args:
        row: the statistic.
        sign: "+" shows the sign of what is above 0 too.
        factor: -1 turns the sign.
        form: format of the numbers, such as ``.0%``.
    """
    value, low, high = row["estimate"], row["ci_lo"], row["ci_hi"]
    if value is None:
        return "undefined"
    if low is None or high is None:
        return f"{factor * value:{sign}{form}} without an interval"
    low, high = sorted((factor * low, factor * high))
    return f"{factor * value:{sign}{form}} [{low:{sign}{form}}, {high:{sign}{form}}]"
