"""How well planner and summariser do where it is known what is right, by the length of the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evaluators.webagent.evaluate.context import Subject
from evaluators.webagent.evaluate.failing import Walks
from evaluators.webagent.evaluate.walking import Judged, plain
from evaluators.webagent.rates import score
from measurand.results import Rows
from measurand.stats.bounded import share
from measurand.stats.estimate import Estimate, undefined
from pipelines.webagent.html import count

LENGTHS = {"2k": 2_000, "4k": 4_000, "8k": 8_000, "16k": 16_000}
"""Longest pages of a bucket, in words and signs; longer ones are ``over``."""
BUCKETS = (*LENGTHS, "over")
_QUOTED = re.compile(r'"([^"]*)"')
_NONE = "no step of a known reference"


@dataclass(frozen=True)
class Pointed:
    """A judged step of an episode.

    Attributes:
        judged: the step.
        instruction: its instruction, which is the cluster.
    """

    judged: Judged
    instruction: str

    @property
    def bucket(self) -> str:
        """Of the length of its page; none where the episode ends."""
        return "" if self.judged.row is None else bucket(self.judged.row["html_tokens"])


def bucket(tokens: int) -> str:
    """The bucket of a page's length in words and signs."""
    return next((name for name, most in LENGTHS.items() if tokens <= most), "over")


def pointing_rows(subject: Subject, walks: Walks) -> Rows:
    """Figures of planner and summariser at steps where the oracle's own step is known.

    ``plan_exact``, ``slot_f1``: what was said against what is due. ``ref_precision``,
    ``ref_recall``, ``ref_f1``: elements pointed at against the oracle's, and ``snippet_ratio``:
    length of the snippet over that of the page, where what was said is due. ``in_view``: whether
    what the writer saw holds the element. All of them by length of the page too.
    """
    spec = subject.spec
    every = _pointed(subject, walks)
    plans = spec is None or (spec.planner is not None and spec.plans)
    points = spec is None or (spec.planner is not None and spec.summariser)
    due = [one for one in every if one.judged.refs is not None]
    if plans:
        yield from _figures(subject, every, {"plan_exact": _exact, "slot_f1": _slots})
    if points:
        made = {"ref_precision": _precision, "ref_recall": _recall, "ref_f1": _f1}
        yield from _figures(subject, due, made)
    yield from _figures(subject, due, {"in_view": _in_view, "snippet_ratio": _ratio})


def length_rows(subject: Subject, walks: Walks) -> Rows:
    """``score`` by the longest page on the oracle's way, which is the same for all agents."""
    if not walks.references:
        return
    longest = {
        pair: bucket(max(row["html_tokens"] for row in rows))
        for pair, rows in walks.references.items()
        if rows
    }
    keys = subject.episodes.select("instruction_id", "seed").iter_rows()
    names = pl.Series([longest.get((name, seed), "") for name, seed in keys], dtype=pl.String)
    for name in BUCKETS:
        yield subject.row(
            "score", {"page": name}, score(subject, subject.episodes.filter(names == name))
        )


def _pointed(subject: Subject, walks: Walks) -> list[Pointed]:
    ids = dict(subject.episodes.select("episode_id", "instruction_id").iter_rows())
    return [
        Pointed(judged, ids[name])
        for name, walk in walks.of(subject).items()
        for judged in walk.judged
    ]


def _figures(
    subject: Subject, every: Sequence[Pointed], made: Mapping[str, Callable[[Judged], float]]
) -> Rows:
    for metric, value in made.items():
        yield subject.row(metric, {}, _mean(every, value, _NONE))
        for name in BUCKETS:
            some = [one for one in every if one.bucket == name]
            why = "no such page at a step of a known reference"
            yield subject.row(metric, {"page": name}, _mean(some, value, why))


def _mean(some: Sequence[Pointed], value: Callable[[Judged], float], why: str) -> Estimate:
    if not some:
        return undefined(why, n=0)
    values = np.array([value(one.judged) for one in some])
    return share(values, np.array([one.instruction for one in some]))


def _exact(judged: Judged) -> float:
    return float(judged.said in [plain(due) for due in judged.due])


def _slots(judged: Judged) -> float:
    return max(slot_f1(judged.said, due) for due in judged.due)


def slot_f1(said: str, due: str) -> float:
    """F1 of the slots of two sub-instructions: the words outside quotes as one, each text in them.

    It is the Dice coefficient of two multisets, 2 |A and B| / (|A| + |B|) (Dice 1945, Ecology 26,
    297-302), case and white space aside.
    """
    a, b = _parts(said), _parts(due)
    return 2 * sum((a & b).values()) / (sum(a.values()) + sum(b.values()))


def _parts(text: str) -> Counter[str]:
    said = plain(text)
    return Counter([_QUOTED.sub('""', said), *(f'"{one}' for one in _QUOTED.findall(said))])


def _hits(judged: Judged) -> tuple[int, int, int]:
    """Numbers pointed at that are right; elements that are pointed at; numbers pointed at."""
    assert judged.row is not None
    assert judged.refs is not None
    said = set(judged.row["refs"])
    right = {ref for place in judged.refs for ref in place}
    return len(said & right), sum(bool(said & set(place)) for place in judged.refs), len(said)


def _precision(judged: Judged) -> float:
    right, _, said = _hits(judged)
    return right / said if said else 0.0


def _recall(judged: Judged) -> float:
    assert judged.refs is not None
    return _hits(judged)[1] / len(judged.refs)


def _f1(judged: Judged) -> float:
    p, r = _precision(judged), _recall(judged)
    return 2 * p * r / (p + r) if p + r else 0.0


def _in_view(judged: Judged) -> float:
    return float(bool(judged.in_view))


def _ratio(judged: Judged) -> float:
    assert judged.row is not None
    tokens = judged.row["html_tokens"]
    return min(count(judged.row["snippet"]) / tokens, 1.0) if tokens else 1.0
