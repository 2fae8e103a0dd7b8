"""Every public statistic on one sample of the sizes that reports have: name -> bytes of its result.

python tests/measurand/stats/every_statistic.py  # a line a statistic, for other thread counts
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from measurand.stats.aggregate import (
    improvement_probability,
    interquartile_mean,
    performance_profile,
)
from measurand.stats.agreement import exact_agreement, keyed_pair_agreement
from measurand.stats.bradley_terry import bradley_terry
from measurand.stats.calibration import brier, calibration_error, log_loss, recalibration
from measurand.stats.correlation import pearson, spearman
from measurand.stats.covariance import covariance
from measurand.stats.crossed import components, crossed_mean
from measurand.stats.dyads import dyadic_mean
from measurand.stats.guttman import lambdas
from measurand.stats.htmt import heterotrait_monotrait
from measurand.stats.icc import intraclass
from measurand.stats.items import alpha_of_long_test, item_statistics, repeat_reliability
from measurand.stats.kappa import cohen_kappa
from measurand.stats.krippendorff import krippendorff_alpha
from measurand.stats.means import bootstrap_means, cluster_mean
from measurand.stats.medians import median_difference
from measurand.stats.mtmm import convergent_discriminant
from measurand.stats.pair_spearman import pair_spearman
from measurand.stats.paired import sign_flip
from measurand.stats.ratios import ratio_of_sums
from measurand.stats.reliability import cronbach_alpha, scale_reliability
from measurand.stats.repeats import nested_correlation, nested_reliability
from measurand.stats.signed_rank import signed_rank
from measurand.stats.trainings import mean_over_trainings
from measurand.stats.unbalanced import agreement

N, UNITS, RESAMPLES = 600, 150, 300
Place = Callable[[np.ndarray], np.ndarray]
"""Where an array is put in memory: returns an equal one."""


def results(place: Place = lambda x: x) -> Iterator[tuple[str, Any]]:
    """(name, result) of every public statistic of the data."""
    rng = np.random.default_rng(8)
    latent = rng.normal(size=(N, 1))
    x = place(latent + rng.normal(size=(N, 12)))
    rated = place(np.clip(np.round(3 + latent + rng.normal(size=(N, 5))), 1, 5))
    gaps = place(np.where(rng.random((N, 5)) < 0.3, np.nan, rated))
    a, b, odds = place(x[:, 0].copy()), place(x[:, 1].copy()), place(x[:, 2].copy())
    q, hits = place(1 / (1 + np.exp(-odds))), place((rng.random(N) < 0.5).astype(float))
    clusters, columns = np.arange(N) % UNITS, np.arange(N) // UNITS
    pairs = np.array([rng.choice(UNITS, 2, replace=False) for _ in range(N)])
    signs = np.where(np.arange(12) % 2, 1, -1)
    scales = np.repeat(["a", "b"], 6)
    two = {"clusters": clusters, "resamples": RESAMPLES}
    drawn = {"by": pairs, "resamples": RESAMPLES}
    some = {"resamples": RESAMPLES}
    yield "cluster_mean", cluster_mean(a, clusters)
    yield "bootstrap_means", bootstrap_means(x, **two)
    yield "ratio_of_sums", ratio_of_sums(odds**2, q, clusters)
    yield "crossed_mean", crossed_mean(a, clusters, columns)
    yield "components", components(x)
    yield "dyadic_mean", dyadic_mean(a, pairs)
    yield "pearson", pearson(a, b, **two)
    yield "spearman", spearman(rated[:, 0], b, **two)
    yield "pair_spearman", pair_spearman(a, b, pairs, **some)
    yield "median_difference", median_difference(a, b > 0, **two)
    yield "covariance", covariance(x)
    yield "covariance with gaps", covariance(gaps)
    yield "cronbach_alpha", cronbach_alpha(x, **two)
    yield "cronbach_alpha with gaps", cronbach_alpha(gaps, **two)
    yield "scale_reliability", scale_reliability(x, **two)
    yield "scale_reliability, rows", scale_reliability(x[:80], **some)
    yield "lambdas", lambdas(covariance(x))
    yield "htmt", heterotrait_monotrait(x, scales, **two)
    yield "convergent_discriminant", convergent_discriminant(x[:, :5], x[:, 5:10], **two)
    yield "nested_reliability", nested_reliability(a, clusters, **some)
    yield "nested_correlation", nested_correlation(x)
    yield "intraclass", intraclass(x)
    yield "agreement", agreement(gaps[:200], **some)
    yield "item_statistics", item_statistics(x)
    yield "alpha_of_long_test", alpha_of_long_test(x)
    yield "repeat_reliability", repeat_reliability(x)
    yield "cohen_kappa", cohen_kappa(rated[:, 0], rated[:, 1], weights="quadratic", **drawn)
    for level in ("nominal", "ordinal", "interval", "ratio"):
        yield f"krippendorff_alpha, {level}", krippendorff_alpha(gaps, level, **drawn)
    yield "krippendorff_alpha, rows", krippendorff_alpha(gaps, "ordinal", **some)
    yield "brier", brier(q, hits, pairs)
    yield "log_loss", log_loss(odds, hits, pairs)
    yield "calibration_error", calibration_error(q, hits, **drawn)
    yield "calibration_error, debiased", calibration_error(q, hits, debiased=True, **drawn)
    yield "recalibration", recalibration(odds, hits, **drawn)
    names = np.array(["m1", "m2", "m3"])
    first, second = names[np.arange(N) % 3], names[(np.arange(N) + 1) % 3]
    yield "bradley_terry", bradley_terry(first, second, q, **two)
    yield "sign_flip", sign_flip(a, clusters, flips=999)
    yield "signed_rank", signed_rank(a[:32])
    yield "keyed", keyed_pair_agreement(rated, signs[:5], np.zeros(5), minimum=1, maximum=5, **two)
    yield "exact_agreement", exact_agreement(rated[:, 0], rated[:, 1], clusters)
    yield "interquartile_mean", interquartile_mean(x[:20], **some)
    yield "improvement_probability", improvement_probability(x[:20], x[20:40])
    yield "performance_profile", performance_profile(x[:20], place(np.array([-1.0, 0, 1])))
    yield "mean_over_trainings", mean_over_trainings(x[:60, :4])


def digests(place: Place = lambda x: x) -> dict[str, str]:
    """SHA-256 of each result: floats by their bits."""
    return {
        name: hashlib.sha256(repr(_bits(found)).encode()).hexdigest()
        for name, found in results(place)
    }


def _bits(found: Any) -> Any:
    if isinstance(found, np.ndarray):
        return found.tobytes()
    if isinstance(found, float):
        return found.hex()
    if isinstance(found, dict):
        return [(k, _bits(v)) for k, v in found.items()]
    if isinstance(found, list | tuple):
        return [_bits(v) for v in found]
    return [_bits(v) for v in vars(found).values()] if hasattr(found, "__dict__") else found


if __name__ == "__main__":
    for line in digests().items():
        print(*line, sep="\t")
