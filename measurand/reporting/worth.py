"""What an interval is worth where simulation found that it does not hold in 93 to 97 of 100.

Read off the method of a statistic, so that every table and picture that shows such an interval says
so below. The figures are those of ``docs/coverage.md``; of alpha, whose intervals depend on the
answers themselves, see :mod:`measurand.stats.alike`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from measurand.results import StatisticRow

RATES = (
    "What 95% intervals of rates hold, in simulations (docs/coverage.md): Wilson's 95 of 100 over "
    "all rates and 86 at the worst one, since rates are discrete; Clopper-Pearson's 95 or more; "
    "shares on the logit scale 95 to 98, most near 0 or 1 in ten to thirty clusters. Where another "
    "interval holds in fewer than 93 or more than 97, the tables that show it say so."
)
"""What every report says of the intervals that nearly all of its tables have."""


@dataclass(frozen=True)
class Kind:
    """Intervals of a method at some sizes.

    Attributes:
        method: pattern of the method's words.
        words: of which figure, and how many of 100 intervals hold the truth.
        least: independent units from which on this is said.
        most: units up to which it is.
    """

    method: re.Pattern[str]
    words: str
    least: int = 0
    most: float = float("inf")


def _kind(method: str, words: str, least: int = 0, most: float = float("inf")) -> Kind:
    return Kind(re.compile(method), words, least, most)


KINDS = (
    _kind(
        "minus mean absolute .*widened by the bias",
        "a gap to a mean of absolute correlations allows for its bias: 98 to 100",
    ),
    _kind(
        "^mean absolute .*widened by the bias",
        "a mean of absolute correlations allows for its bias: 94 to 100; 89 where it is near .5 in "
        "ten rows",
    ),
    _kind(
        "^heterotrait-monotrait .*widened by the bias",
        "a ratio HTMT allows for its bias: 94 to 99, most near 0",
    ),
    _kind(
        "^expected calibration error.*widened by the bias",
        "a calibration error allows for its bias: 94 to 98",
    ),
    _kind(
        "^squared calibration error, debiased",
        "a squared calibration error: 98 or 99 where the forecasts are calibrated",
    ),
    _kind(
        "^Spearman .*jackknife over (rows|clusters)",
        "Spearman's correlation of ten units: 98",
        least=6,
        most=24,
    ),
    _kind(
        "^Pearson .*jackknife over (rows|clusters)",
        "Pearson's correlation of 25 or more units: 93 to 95; 92 to 94 where values are skewed",
        least=20,
    ),
    _kind(
        "error over (2 x|[0-9]+ x 2) ",
        "a mean over two samples crossed with items: 94 to 98, most where the two hardly differ",
    ),
    _kind("^mean; percentile bootstrap", "a bootstrap mean of five clusters: 92", most=7),
    _kind("^difference of medians", "a difference of medians of ten clusters: 98", most=24),
    _kind(
        r"^ratio of sums; t\(.* on the log scale",
        "a ratio of sums: 94 to 96; 96 to 100 where most of the summed are the most there can be",
    ),
    _kind(
        "^share of scores above",
        "a share of scores above a threshold, of a few runs a task: 94 to 98",
    ),
    _kind(
        "^logistic regression; .*CV3 error by task",
        "a logistic slope over tasks: 96 or 97 with ten episodes each, 98 with two",
    ),
    _kind(
        r"^ICC\(1,1\); score test",
        "an ICC(1) of 0 and 1 of thirty units: 95 to 97; 98 or 99 where a twentieth are 1",
        most=60,
    ),
    _kind(
        r"^ICC\(1,k\) of tasks over seeds; t\(",
        "a reliability of eight or nine tasks over seeds of 0 or 1: 92 to 98",
        most=14,
    ),
    _kind(
        "widened by [0-9]+ trainings",
        "a figure of one training, widened by what a study of others found: 95 to 99",
    ),
)
PAIRS = re.compile(r"t\((\d+)\) interval.*jackknife over pairs.* over (\d+) items")
_SHARED = "a figure over pairs whose items are in about three each: 90 to 93"
WORTH = "worth"
"""Name of these words in a cell or a row of a picture."""


def worth(row: StatisticRow) -> str | None:
    """What to know of a statistic's interval; None where it holds as often as it says."""
    if row["ci_lo"] is None:
        return None
    method = row["method"]
    units = row["n"] if row["n_clusters"] is None else row["n_clusters"]
    words = [
        kind.words
        for kind in KINDS
        if (units is None or kind.least <= units <= kind.most) and kind.method.search(method)
    ]
    over = PAIRS.search(method)
    # Degrees of freedom are those of the fewer of items and pairs: of items where they are shared.
    if over is not None and int(over[1]) + 1 == int(over[2]):
        words.append(_SHARED)
    if not words:
        return None
    return (
        f"How many of 100 such intervals hold the truth, by simulation: of {'; of '.join(words)}."
    )


def said(data: Any) -> list[str]:
    """Everything of this kind that cells or rows of a picture say, each once."""
    return list(dict.fromkeys(_found(data)))


def _found(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        if isinstance(data.get(WORTH), str):
            yield data[WORTH]
        data = data.values()
    elif isinstance(data, str) or not isinstance(data, Iterable):
        return
    for one in data:
        yield from _found(one)
