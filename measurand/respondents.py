"""Rows of a survey that may be no respondents: previews, half answers, one person twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from measurand.responses import Responses

_PREVIEWS = frozenset(("survey preview", "survey test", "preview", "test", "spam"))
_CODES = {"1": "Survey Preview", "2": "Survey Test", "8": "Spam"}
"""Codes of Qualtrics for these, where it exports numbers."""
_OPEN = frozenset(("false", "0", "incomplete"))
_PERSON = re.compile(
    r"(participant|subject|respondent|person|record|prolific|worker|user|patient|student)"
    r"([ _-]?(id|pid|no|nr|number|code))?",
    re.IGNORECASE,
)
_FEWEST = 20
_MOST_ALONE = 0.2  # of fewer a column names people of whom some answered twice by mistake


def notes(table: Responses, items: Sequence[str], cluster: str | None = None) -> list[str]:
    """Lines for the reader; every row counts all the same.

    Args:
        table: the responses.
        items: columns of answers.
        cluster: column that names the sampling unit; without, people may have to be one.
    """
    titles = {name.strip().lower(): name for name in table.names if name not in items}
    found = [_previews(table, titles), _unfinished(table, titles)]
    people = [name for name in titles.values() if _PERSON.fullmatch(name.strip())]
    found += [_people(table, name) for name in people if cluster is None]
    return [line for line in found if line is not None]


def _previews(table: Responses, titles: dict[str, str]) -> str | None:
    """Rows that were made in a survey tool's preview, or that it takes for spam."""
    if not {"responseid", "recordeddate", "distributionchannel", "finished"} & set(titles):
        return None
    for title in ("status", "distributionchannel"):
        if title not in titles:
            continue
        words = [word or "" for word in table.ids(titles[title])]
        told = [_CODES.get(word, word) if title == "status" else word for word in words]
        kinds = Counter(word for word in told if word.lower() in _PREVIEWS)
        if kinds:
            shown = ", ".join(f"{n:,} {word!r}" for word, n in kinds.most_common())
            return (
                f"{table.name}: {titles[title]!r} says that rows are no respondents' ({shown}); "
                "they count: leave them out."
            )
    return None


def _unfinished(table: Responses, titles: dict[str, str]) -> str | None:
    """Rows of people who did not come to the end."""
    if "finished" not in titles:
        return None
    n = sum((word or "").lower() in _OPEN for word in table.ids(titles["finished"]))
    if not n or n == table.n_rows:
        return None
    return f"{table.name}: {n:,} rows are not finished ({titles['finished']!r}); they count."


def _people(table: Responses, name: str) -> str | None:
    """Rows of few people, which are not independent."""
    names = Counter(word for word in table.ids(name) if word is not None)
    rows = names.total()
    if rows < _FEWEST or rows - len(names) <= _MOST_ALONE * rows:
        return None
    return (
        f"{table.name}: {name!r} names {len(names):,} in {rows:,} rows; rows of one are not "
        "independent: give it with --cluster, or intervals are too narrow."
    )
