"""Construct validity: reliability of every scale, convergent, discriminant and criterion validity.

Source: Serapio-García et al. (2023), arXiv 2307.00184, "construct validation"; the cluster of every
bootstrap is the biography, since participants that share one answer alike.
"""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl

from evaluators.personality.evaluate.context import Subject
from evaluators.personality.evaluate.scores import SCORE, SUFFIX, Kind, matrix, wide_scores
from measurand.results import Rows
from measurand.statistics import exact
from measurand.stats.bounded import bounded
from measurand.stats.correlation import disattenuated, pearson
from measurand.stats.crossed import components
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import cluster_mean
from measurand.stats.mtmm import Validity, convergent_discriminant
from measurand.stats.reliability import ScaleReliability, scale_reliability
from pipelines.personality.instruments import shared_items
from schemas.personality.params import DOMAINS

EXPERIMENT = {"experiment": "validity"}
ROUNDING = 1e-12
"""Of the largest score: differences below are no variance."""


def validity_rows(subject: Subject) -> Rows:
    """Statistics of the validity experiment, nothing if the model was not asked it."""
    answers = subject.responses.filter(pl.col("experiment") == "validity")
    if answers.is_empty():
        return
    reliability: dict[str, ScaleReliability] = {}
    for scale in subject.scales:
        frame = answers.filter(pl.col("scale_id") == scale["scale_id"])
        if not frame.is_empty():
            found = _reliability(subject, scale["scale_id"], frame)
            reliability[scale["scale_id"]] = found
            yield from _scale_rows(subject, scale["scale_id"], frame, found)
    yield from _facet_rows(subject, answers)
    for kind in SUFFIX:
        yield from _form_rows(subject, reliability, kind)
        yield from _criterion_rows(subject, kind)
    yield from _frame_rows(subject)


def _reliability(subject: Subject, name: str, frame: pl.DataFrame) -> ScaleReliability:
    answers = matrix(frame)
    return scale_reliability(
        answers.x,
        clusters=answers.clusters,
        resamples=subject.resamples,
        seed_words=subject.words("validity"),
    )


def _scale_rows(
    subject: Subject, scale_id: str, frame: pl.DataFrame, found: ScaleReliability
) -> Rows:
    parts = {**EXPERIMENT, **subject.name(scale_id)}
    figures = {
        "alpha": found.alpha,
        "alpha_iid": found.alpha_iid,
        "alpha_feldt": found.alpha_feldt,
        "alpha_standardised": found.alpha_standardised,
        "lambda6": found.lambda6,
        "omega_m1": found.omega_m1,
        "omega_m3": found.omega_m3,
        "omega_flip": found.omega_flip,
        "n_flipped": exact(
            found.n_flipped,
            n=found.n,
            reason=found.omega_flip.reason if found.n_flipped is None else None,
        ),
    }
    for metric, estimate in figures.items():
        yield subject.row(metric, parts, estimate)
    expected = matrix(frame, "expected")
    if not np.isnan(expected.x).all():
        soft = scale_reliability(
            expected.x,
            clusters=expected.clusters,
            resamples=subject.resamples,
            seed_words=subject.words("validity"),
        )
        yield subject.row("alpha_expected", parts, soft.alpha)
    scores = subject.scores.filter(
        (pl.col("experiment") == "validity") & (pl.col("scale_id") == scale_id)
    ).drop_nulls("score")
    for metric, column in (("score_mean", "score"), ("score_mean_expected", "expected_score")):
        values = scores.drop_nulls(column)
        x = values[column].to_numpy()
        mean = cluster_mean(x, values["bio_id"].to_numpy())
        mean = bounded(mean, x, low=1.0, high=float(frame["k_choices"][0]))
        yield subject.row(metric, parts, mean, reliability=found.alpha.value)


def _facet_rows(subject: Subject, answers: pl.DataFrame) -> Rows:
    first = subject.params.build.validity.first_form
    items = pl.from_arrow(subject.instruments)
    assert isinstance(items, pl.DataFrame)
    facets = items.filter((pl.col("instrument_id") == first) & pl.col("facet").is_not_null())
    keys = facets.select("item_id", "facet")
    own = answers.join(keys, on="item_id")
    for (domain, facet), frame in own.group_by("domain", "facet"):
        parts = {**EXPERIMENT, "form": "facet", "scale": f"{domain}{facet}"}
        yield subject.row("alpha", parts, _reliability(subject, f"{domain}{facet}", frame).alpha)


def _form_rows(subject: Subject, reliability: dict[str, ScaleReliability], kind: Kind) -> Rows:
    """Two Big Five forms as the two methods of a multitrait-multimethod matrix."""
    found = convergent(subject, kind)
    if found is None:
        return
    end = SUFFIX[kind]
    for metric, estimate in (
        ("convergent_mean", found.convergent),
        ("discriminant_mean", found.discriminant),
        ("discriminant_gap", found.gap),
    ):
        yield subject.row(metric + end, EXPERIMENT, estimate)
    settings = subject.params.build.validity
    for i, a in enumerate(DOMAINS):
        for j, b in enumerate(DOMAINS):
            parts = {**EXPERIMENT, "first": a, "second": b}
            yield subject.row(f"mtmm_r{end}", parts, found.correlations[i][j])
        if kind == "expected":
            continue
        sides = [reliability.get(f"{f}.{a}") for f in (settings.first_form, settings.second_form)]
        alphas = [side.alpha.value if side else None for side in sides]
        corrected = disattenuated(found.r[i][i], alphas[0], alphas[1])
        yield subject.row(
            "convergent_r_disattenuated", {**EXPERIMENT, "first": a, "second": a}, corrected
        )
    if kind == "value":
        dropped = shared_items(subject.instruments, settings.first_form, settings.second_form)
        yield subject.row("items_dropped_as_shared", EXPERIMENT, exact(float(len(dropped))))


def convergent(subject: Subject, kind: Kind = "value") -> Validity | None:
    """The two forms against each other, items that they share left out of the first.

    Args:
        subject: one model's answers.
        kind: scores of likeliest or of expected answers.

    Returns:
        None where the model did not answer both forms.
    """
    settings = subject.params.build.validity
    both = (settings.first_form, settings.second_form)
    dropped = shared_items(subject.instruments, *both)
    answers = subject.responses.filter(
        (pl.col("experiment") == "validity")
        & pl.col("instrument_id").is_in(both)
        & ~pl.col("item_id").is_in(dropped)
    )
    if set(answers["instrument_id"].unique()) != set(both):
        return None
    scores = answers.group_by("participant_id", "bio_id", "scale_id").agg(
        pl.col(f"keyed_{kind}").mean().alias("score")
    )
    names = [f"{form}.{domain}" for form in both for domain in DOMAINS]
    values, clusters = wide_scores(scores, names)
    return convergent_discriminant(
        values[:, :5],
        values[:, 5:],
        clusters=clusters,
        resamples=subject.resamples,
        seed_words=subject.words("validity"),
    )


def _criterion_rows(subject: Subject, kind: Kind) -> Rows:
    first = subject.params.build.validity.first_form
    scores = subject.scores.filter(pl.col("experiment") == "validity")
    asked = set(scores["scale_id"].unique())
    for scale in subject.scales:
        if not {scale["scale_id"], f"{first}.{DOMAINS[0]}"} <= asked:
            continue
        for domain, sign in zip(DOMAINS, scale["expected_signs"], strict=True):
            if sign:
                pair = (f"{first}.{domain}", scale["scale_id"])
                values, clusters = wide_scores(scores, pair, SCORE[kind])
                r = pearson(
                    values[:, 0],
                    values[:, 1],
                    clusters=clusters,
                    resamples=subject.resamples,
                    seed_words=subject.words("validity"),
                )
                parts = {
                    **EXPERIMENT,
                    "domain": domain,
                    "criterion": scale["scale_id"],
                    "expected": "+" if sign > 0 else "-",
                }
                yield subject.row(f"criterion_r{SUFFIX[kind]}", parts, r.estimate)


def _frame_rows(subject: Subject) -> Rows:
    """How much of a domain score is the biography's, and how much the wording's.

    ICC(A,1), two-way random, absolute agreement: biographies are the targets, prompt wordings
    (instruction x postamble) the raters. From pingouin (Shrout & Fleiss 1979; McGraw & Wong 1996).
    """
    first = subject.params.build.validity.first_form
    scores = subject.scores.filter(
        (pl.col("experiment") == "validity") & pl.col("scale_id").str.starts_with(f"{first}.")
    ).with_columns(
        pl.col("participant_id").str.replace(r"d\d+-", "").alias("wording"),
    )
    for domain in DOMAINS:
        parts = {**EXPERIMENT, "form": "first", "scale": domain}
        frame = scores.filter(pl.col("domain") == domain).drop_nulls("score")
        yield subject.row("icc_wording", parts, _icc(frame))


def _icc(frame: pl.DataFrame) -> Estimate:
    method = "ICC(A,1) of biographies over wordings; F interval, pingouin"
    n = frame["bio_id"].n_unique()
    if frame["wording"].n_unique() < 2:
        return undefined("one wording only", method=method, n=n)
    if n < 5:
        return undefined(f"{n} biographies, at least 5 needed", method=method, n=n)
    if frame["score"].n_unique() < 2:
        return undefined("the score does not vary", method=method, n=n)
    wide = frame.pivot("wording", index="bio_id", values="score", aggregate_function="mean")
    x = wide.drop("bio_id").drop_nulls().to_numpy()
    if len(x) < 5:
        why = f"{len(x)} biographies have a score under every wording, at least 5 needed"
        return undefined(why, method=method, n=n)
    if components(x).rest <= (ROUNDING * np.abs(x).max()) ** 2:
        # Where wordings agree pingouin's F is one of rounding errors, and its interval a point.
        return undefined("the variance components are not defined", method=method, n=n)
    import pandas as pd
    import pingouin

    pingouin.options["round.column.CI95"] = None
    table = pd.DataFrame(frame.select("bio_id", "wording", "score").to_dict(as_series=False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pingouin.intraclass_corr(
            table, targets="bio_id", raters="wording", ratings="score", nan_policy="omit"
        ).set_index("Type")
    line = found.loc["ICC(A,1)"]
    low, high = map(float, line["CI95"])
    if not all(map(np.isfinite, (line["ICC"], low, high))):
        return undefined("the variance components are not defined", method=method, n=n)
    return Estimate(float(line["ICC"]), ci_lo=low, ci_hi=high, method=method, n=x.size,
                    n_clusters=len(x))  # fmt: skip
