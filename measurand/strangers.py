"""Columns of numbers that are no answers: row numbers, ids, sums, copies, other quantities."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

_ID = re.compile(r"(?i:(^|[^a-z])id)$|[a-z]ID$")
_HASH = re.compile(rf"(?i:(^|[^a-z])(hash|uuid|guid|key|index|idx))$|{_ID.pattern}")
_WIDEST_SCALE = 100
_FEWEST_SUMMED = 5
_WIDER = 4
_MOST_REPEATED = 0.2  # a column of which more is repeated names groups, no rows
_FEWEST_COUNTED = 20  # rows from which ever larger whole numbers are row numbers, no answers
#: Columns in which survey tools write about a respondent, in lower case; none is an item.
_ABOUT = frozenset(
    (
        # Qualtrics
        *("startdate", "enddate", "status", "ipaddress", "progress", "duration (in seconds)"),
        *("finished", "recordeddate", "responseid", "locationlatitude", "locationlongitude"),
        *("distributionchannel", "userlanguage", "externalreference"),
        # LimeSurvey, SurveyMonkey, REDCap
        *("submitdate", "lastpage", "startlanguage", "seed", "datestamp", "respondent id"),
        *("collector id", "record_id", "redcap_event_name", "redcap_repeat_instance"),
        # Anybody
        *("age", "sex", "gender", "alter", "geschlecht", "year of birth", "birth year"),
        *("weight", "weights", "wt", "pweight", "fweight", "gewicht", "gewichtung"),
    )
)
_QUESTIONS = re.compile(  # when, how fast and in which order: Qualtrics, LimeSurvey
    r".*_(First Click|Last Click|Page Submit|Click Count)|.*_DO(_.+)?|"
    r"interviewtime|groupTime\d+|.*\dTime"
)
_FORMS = re.compile(r".+_(complete|timestamp)")  # whether a form of REDCap is done, and when


def tells_of_respondent(name: str, names: Collection[str]) -> bool:
    """Whether a survey tool or its user writes about a respondent in a column.

    Args:
        name: the column.
        names: all columns of the table, which tell the tool.
    """
    word = name.strip()
    if word.lower() in _ABOUT or _QUESTIONS.fullmatch(word):
        return True
    return "record_id" in names and _FORMS.fullmatch(word) is not None


def numbers_rows(name: str, values: npt.NDArray[np.float64]) -> bool:
    """Whether whole numbers run one way, or are all different in a column that is named for ids."""
    if len(values) < _FEWEST_COUNTED or not np.all(values == np.round(values)):
        return False
    steps = np.diff(values)
    different = _ID.search(name) is not None and len(np.unique(values)) == len(values)
    return bool(np.all(steps > 0) or np.all(steps < 0)) or different


def names_things(name: str, values: npt.NDArray[np.float64]) -> bool:
    """Whether whole numbers, too many for a scale, stand in a column named for ids."""
    given = values[~np.isnan(values)]
    whole = bool(np.all(given == np.round(given)))
    return whole and _HASH.search(name) is not None and bool(np.ptp(given) > _WIDEST_SCALE)


def summing(columns: Sequence[npt.NDArray[np.float64]]) -> int | None:
    """Which column is the sum, or the mean, of all others in every row; None where none is."""
    if len(columns) < 3:
        return None
    total = np.sum(columns, axis=0)
    whole = ~np.isnan(total)
    for at, column in enumerate(columns):
        x, others = column[whole], (total - column)[whole]
        if len(x) < _FEWEST_SUMMED or np.ptp(x) == 0:
            continue
        if any(np.array_equal(x, other[whole]) for other in columns if other is not column):
            continue  # copies of each other are the mean of each other
        made = (others, others / (len(columns) - 1))
        if any(np.allclose(x, one, rtol=0, atol=0.005) for one in made):
            return at
    return None


def apart(name: str, items: Sequence[str], columns: Sequence[npt.NDArray[np.float64]]) -> list[str]:
    """A line for each column whose numbers lie apart from those of all others, or far wider."""
    if len(columns) < 3:
        return []
    ends = np.array([(np.nanmin(c), np.nanmax(c)) for c in columns])
    whole = sum(bool(np.all(c[~np.isnan(c)] % 1 == 0)) for c in columns)
    found = []
    for at, (low, high) in enumerate(ends):
        rest = np.delete(ends, at, axis=0)
        least, most = float(rest[:, 0].min()), float(rest[:, 1].max())
        parts = bool(np.any(columns[at] % 1 > 0)) and whole == len(columns) - 1
        if parts:
            found.append(
                f"{name}: column {items[at]!r} holds decimals, the others whole numbers. It counts "
                "as an item; a --key leaves out what is none."
            )
        elif low > most or high < least or high - low > _WIDER * max(most - least, 1):
            found.append(
                f"{name}: column {items[at]!r} holds {low:g} to {high:g}, the others {least:g} to "
                f"{most:g}. It counts as an item; a --key leaves out what is none."
            )
    return found


def repeated(name: str, title: str, words: Sequence[str | None]) -> str | None:
    """A line where a column that names the rows names some of them twice."""
    given = Counter(word for word in words if word is not None)
    twice = [word for word, n in given.items() if n > 1]
    more = sum(given.values()) - len(given)
    if len(words) < _FEWEST_COUNTED or not twice or more > _MOST_REPEATED * len(words):
        return None
    shown = ", ".join(twice[:3])
    return (
        f"{name}: {title!r} names {len(twice)} of its rows more than once ({shown}); each row "
        "counts: leave out what was sent in twice."
    )


def lying(name: str, rows: int, items: int) -> str | None:
    """A line where a table may lie on its side."""
    if rows >= items or items < _FEWEST_COUNTED:
        return None
    return (
        f"{name}: {rows} rows and {items} columns of answers; rows are respondents. Turn the table "
        "where they are items."
    )


def twins(name: str, items: Sequence[str], columns: Sequence[npt.NDArray[np.float64]]) -> list[str]:
    """A line for each column that is a copy of an earlier one, where that is no accident."""
    first: dict[bytes, str] = {}
    found = []
    for item, column in zip(items, columns, strict=True):
        if len(column) < _FEWEST_COUNTED or len(np.unique(column)) < 2:
            continue
        if (twin := first.setdefault(column.tobytes(), item)) != item:
            found.append(f"{name}: columns {twin!r} and {item!r} are equal in every row.")
    return found
