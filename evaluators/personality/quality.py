"""Quality of the answers: did the model answer what it was asked, and the same thing twice?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from evaluators.personality.evaluate.context import Subject
from evaluators.personality.evaluate.scores import matrix
from measurand import soundness
from measurand.results import Rows
from measurand.stats.agreement import exact_agreement, keyed_pair_agreement
from measurand.stats.bounded import bounded, share
from measurand.stats.estimate import undefined
from measurand.stats.means import paired_difference


def quality_rows(subject: Subject, results: Path) -> Rows:
    """Statistics of the answers themselves.

    Args:
        subject: one model's answers.
        results: folder that ``evaluate`` wrote, for the retest.
    """
    for experiment in subject.experiments:
        frame = subject.responses.filter(pl.col("experiment") == experiment)
        parts = {"experiment": experiment}
        bios = frame["bio_id"].to_numpy()
        missing = frame["value"].is_null().to_numpy()
        broken = (frame["status"] == "infra_error").to_numpy()
        yield from soundness.missing_rows(subject, parts, missing, broken, bios)
        massed = frame.drop_nulls("mass")
        if massed.is_empty():
            none = undefined("this scoring mode has no probabilities", n=frame.height)
            yield subject.row("mass_mean", parts, none)
            continue
        # Float32 log-probabilities can add up to a little more than 1.
        mass, over = np.minimum(massed["mass"].to_numpy(), 1.0), massed["bio_id"].to_numpy()
        yield subject.row("mass_mean", parts, share(mass, over))
        low = mass < subject.params.evaluate.low_mass
        yield subject.row("low_mass_share", parts, share(low, over))
        yield subject.row("tie_share", parts, share(massed["tie"].to_numpy(), over))
    yield from _pair_rows(subject)
    yield from _order_rows(subject)
    yield from soundness.retest_rows(subject, results)


def _pair_rows(subject: Subject) -> Rows:
    first = subject.params.build.validity.first_form
    own = subject.responses.filter(
        (pl.col("experiment") == "validity") & (pl.col("instrument_id") == first)
    )
    if own.is_empty():
        return
    found = matrix(own)
    scale = dict(own.select("item_id", "scale_id").iter_rows())
    pairs = keyed_pair_agreement(
        found.raw,
        found.keyed.astype(np.float64),
        np.array([scale[item] for item in found.items]),
        minimum=1,
        maximum=float(own["k_choices"][0]),
        clusters=found.clusters,
        resamples=subject.resamples,
        seed_words=subject.words("validity"),
    )
    parts = {"experiment": "validity", "form": "first"}
    yield subject.row("keyed_pair_agreement", parts, pairs.agreement)
    yield subject.row("keyed_pair_both_agreed", parts, pairs.both_agreed)
    yield subject.row("keyed_pair_both_disagreed", parts, pairs.both_disagreed)
    yield subject.row("keyed_pair_neutral", parts, pairs.neutral)


def _order_rows(subject: Subject) -> Rows:
    """The same questions with the anchors listed from the top down."""
    twins = ["participant_id", "item_id"]
    turned = subject.responses.filter(pl.col("experiment") == "reversed_options")
    straight = subject.responses.filter(pl.col("experiment") == "validity")
    both = straight.join(turned, on=twins, suffix="_turned").drop_nulls(["value", "value_turned"])
    if both.is_empty():
        return
    a = both["value"].to_numpy().astype(np.float64)
    b = both["value_turned"].to_numpy().astype(np.float64)
    bios = both["bio_id"].to_numpy()
    parts = {"experiment": "reversed_options"}
    yield subject.row("option_order_agreement", parts, exact_agreement(a, b, bios))
    span = float(both["k_choices"][0]) - 1
    shift = bounded(paired_difference(b, a, bios), b - a, low=-span, high=span)
    yield subject.row("option_order_shift", parts, shift)
