"""Rows that tell whether figures may be read at all: missing, failed, asked again, leaked.

Systems have them under the same names, so gates and pages read them alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from measurand import shards
from measurand.reporting.grid import Measure
from measurand.results import Rows
from measurand.statistics import described, exact
from measurand.stats.arrays import AnyArray
from measurand.stats.bounded import call_share
from measurand.stats.means import proportion
from measurand.subject import Subject, frame

AGAIN: tuple[Measure, ...] = (
    ("same answer when asked again alone", "retest_agreement", {}),
    ("largest change of a log-probability then", "retest_logprob_difference_max", {}),
)
"""What :func:`retest_rows` makes."""


def missing(parts: Mapping[str, str]) -> tuple[Measure, ...]:
    """What :func:`missing_rows` makes of a slice."""
    return (
        ("answers missing", "missing_share", parts),
        ("calls that failed outside the model", "infra_error_share", parts),
    )


def missing_rows(
    subject: Subject,
    parts: Mapping[str, str],
    absent: AnyArray,
    failed: AnyArray,
    clusters: AnyArray,
) -> Rows:
    """``missing_share`` and ``infra_error_share``: of all calls of a slice.

    Args:
        subject: whose calls.
        parts: the slice.
        absent: (n,) whether a call gave no value, for whatever reason.
        failed: (n,) whether it failed outside the model.
        clusters: (n,) unit of independent sampling of each call.
    """
    yield subject.row("missing_share", parts, call_share(absent, clusters))
    yield subject.row("infra_error_share", parts, call_share(failed, clusters))


def retest_rows(subject: Subject, results: Path) -> Rows:
    """The same prompts asked again, each alone: what batching changes, or what chance does.

    ``retest_agreement`` and ``retest_logprob_difference_max``, of the item results
    ``retest_agreement`` and ``retest_difference``; none where there are none.

    Args:
        subject: whose answers.
        results: folder that ``evaluate`` wrote.
    """
    items = frame(shards.read_table(results / "items", ["model", "metric", "value"]))
    own = items.filter(model=subject.model).drop_nulls("value")
    again = own.filter(metric="retest_agreement")
    if not again.is_empty():
        agreed = int(again["value"].sum())
        yield subject.row("retest_agreement", {}, proportion(agreed, again.height))
    gaps = own.filter(metric="retest_difference")["value"]
    if len(gaps):
        most = described(float(gaps.to_numpy().max()), "the largest of these", n=len(gaps))
        yield subject.row("retest_logprob_difference_max", {}, most)


def saving_rows(subject: Subject, results: Path) -> Rows:
    """``prefix_saving``: tokens asked for over tokens computed, what sharing prefixes saves.

    Args:
        subject: whose calls.
        results: folder that ``evaluate`` wrote.
    """
    costs = frame(shards.read_table(results / "costs")).filter(model=subject.model)
    asked, shared = int(costs["prompt_tokens"].sum()), int(costs["cached_tokens"].sum())
    if asked > shared:
        yield subject.row("prefix_saving", {}, exact(asked / (asked - shared), n=asked))


def leak_rows(
    subject: Subject,
    parts: Mapping[str, str],
    leaks: int,
    *,
    of: int | None = None,
    found: int,
    planted: int,
) -> Rows:
    """``leaks`` of a search through the whole dataset, and ``planted_leaks_found``.

    Args:
        subject: whose figures leaks would void.
        parts: the slice.
        leaks: test data found in what is trained on or shown.
        of: rows searched.
        found: planted leaks that the search found; planted ones are no leaks.
        planted: how many were planted; without any there is no second row.
    """
    yield subject.row("leaks", parts, exact(float(leaks), n=of))
    if planted:
        yield subject.row("planted_leaks_found", parts, exact(found / planted, n=planted))


def near_rows(subject: Subject, parts: Mapping[str, str], near: int, of: int) -> Rows:
    """``near_copies``: the share of test data that is nearly the same as something trained on."""
    yield subject.row("near_copies", parts, exact(near / of, n=of))
