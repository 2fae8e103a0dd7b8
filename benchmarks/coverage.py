"""Simulated coverage of every interval method that reports use, at the sizes they use it.

    python benchmarks/coverage.py [--samples 400] [--out docs/coverage.md]

A sample is drawn from a population whose truth is known; the nominal level is 95%. "None" counts
samples for which the method gives no interval and says why. Clusters have a share of variance of
their own of one half.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from measurand.stats.bounded import bounded
from measurand.stats.calibration import calibration_error
from measurand.stats.correlation import pearson, spearman
from measurand.stats.crossed import crossed_mean
from measurand.stats.dyads import dyadic_mean
from measurand.stats.estimate import Estimate
from measurand.stats.htmt import heterotrait_monotrait
from measurand.stats.means import bootstrap_means, cluster_mean, proportion
from measurand.stats.medians import median_difference
from measurand.stats.mtmm import convergent_discriminant
from measurand.stats.reliability import cronbach_alpha
from measurand.stats.repeats import nested_reliability

RNG = np.random.Generator
Draw = Callable[[RNG], Estimate]
RESAMPLES = 300


def cases() -> Iterator[tuple[str, str, float, Draw]]:
    """(method, size, truth, one sample's estimate)."""
    for groups in (5, 10, 30):
        yield f"cluster_mean, {groups} clusters of 8", "scores", 0.0, _mean(groups)
    for rate in (0.02, 0.1, 0.5):
        for groups in (10, 30):
            size = f"shares near {rate:g}, {groups} clusters of 5"
            yield "bounded (logit, Clopper-Pearson)", size, rate, _share(groups, rate)
    for groups in (5, 10):
        yield "bounded (cut to -1..1)", f"differences, {groups} clusters of 8", 0.05, _gap(groups)
    for rate in (0.02, 0.3):
        yield "proportion (Wilson)", f"rate {rate:g}, n = 50", rate, _wilson(rate)
    for sets in (3, 5):
        yield "crossed_mean", f"{sets} shot sets x 24 questions", 0.0, _crossed(sets)
    yield "dyadic_mean", "120 pairs of 40 items", 0.0, _dyads
    for n in (10, 25, 50):
        yield "bootstrap mean", f"{n} clusters of 5", 0.0, _bootstrap(n)
        yield "pearson", f"{n} clusters", 0.5, _r(n)
        yield "spearman", f"{n} clusters", 6 / np.pi * np.arcsin(0.25), _rho(n)
        yield "Cronbach's alpha", f"{n} rows, 10 items", 10 / 11, _alpha(n)
        for shared in (0.0, 0.25):
            size = f"{n} rows, truth {shared:g}"
            yield "mean absolute r, widened", size, shared, _forms(n, shared, "discriminant")
            yield "gap, widened", size, 0.4, _forms(n, shared, "gap")
        yield "htmt, widened", f"{n} rows", 0.5, _htmt(n)
        yield "difference of medians", f"{n} clusters of 2", 1.0, _medians(n)
    for n in (20, 50):
        yield "ICC(1,k) of tasks over seeds", f"{n} tasks x 4", 0.8, _nested(n)
    for n in (64, 200):
        yield "calibration error, widened", f"calibrated, n = {n}", 0.0, _ece(n)


def _grouped(rng: RNG, groups: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(size=(groups, 1)) + rng.normal(size=(groups, rows))
    return x.ravel(), np.repeat(np.arange(groups), rows)


def _mean(groups: int) -> Draw:
    return lambda rng: cluster_mean(*_grouped(rng, groups, 8))


def _bootstrap(groups: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        x, clusters = _grouped(rng, groups, 5)
        return bootstrap_means(x[:, None], clusters=clusters, resamples=RESAMPLES)[0]

    return draw


def _share(groups: int, rate: float) -> Draw:
    def draw(rng: RNG) -> Estimate:
        own = rng.beta(4 * rate, 4 * (1 - rate), groups)
        x = (rng.random((groups, 5)) < own[:, None]).astype(float).ravel()
        return bounded(cluster_mean(x, np.repeat(np.arange(groups), 5)), x)

    return draw


def _gap(groups: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        own = rng.normal(0, 0.1, (groups, 1))
        x = (rng.random((groups, 8)) < 0.45 + own) * 1.0 - (rng.random((groups, 8)) < 0.4 + own)
        clusters = np.repeat(np.arange(groups), 8)
        return bounded(cluster_mean(x.ravel(), clusters), x.ravel(), low=-1.0)

    return draw


def _wilson(rate: float) -> Draw:
    return lambda rng: proportion(int(rng.binomial(50, rate)), 50)


def _crossed(sets: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        x = rng.normal(size=(sets, 1)) / 2 + rng.normal(size=(1, 24)) + rng.normal(size=(sets, 24))
        rows, columns = np.indices((sets, 24))
        return crossed_mean(x.ravel(), rows.ravel(), columns.ravel())

    return draw


def _dyads(rng: RNG) -> Estimate:
    items = np.array([rng.choice(40, 2, replace=False) for _ in range(120)])
    own = rng.normal(size=40)
    return dyadic_mean(own[items].sum(axis=1) + rng.normal(size=120), items)


def _two(rng: RNG, n: int) -> tuple[np.ndarray, np.ndarray]:
    x = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n)
    return x[:, 0], x[:, 1]


def _r(n: int) -> Draw:
    return lambda rng: pearson(*_two(rng, n), clusters=np.arange(n), resamples=RESAMPLES).estimate


def _rho(n: int) -> Draw:
    return lambda rng: spearman(*_two(rng, n), clusters=np.arange(n), resamples=RESAMPLES).estimate


def _alpha(n: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        x = rng.normal(size=(n, 1)) + rng.normal(size=(n, 10))
        return cronbach_alpha(x, clusters=np.arange(n), resamples=RESAMPLES)

    return draw


def _forms(n: int, shared: float, figure: str) -> Draw:
    cov = np.full((10, 10), shared)
    for i in range(5):
        cov[i, i + 5] = cov[i + 5, i] = shared + 0.4
    np.fill_diagonal(cov, 1.0)

    def draw(rng: RNG) -> Estimate:
        x = rng.multivariate_normal(np.zeros(10), cov, n)
        found = convergent_discriminant(x[:, :5], x[:, 5:], resamples=RESAMPLES)
        made: Estimate = getattr(found, figure)
        return made

    return draw


def _htmt(n: int) -> Draw:
    scales = np.repeat(["a", "b"], 5)

    def draw(rng: RNG) -> Estimate:
        traits = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n)
        x = np.repeat(traits, 5, axis=1) + rng.normal(size=(n, 10))
        return heterotrait_monotrait(x, scales, resamples=RESAMPLES)["a", "b"]

    return draw


def _medians(n: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        high = np.tile([True, False], n)
        x = rng.normal(size=2 * n) + high
        clusters = np.repeat(np.arange(n), 2)
        return median_difference(x, high, clusters=clusters, resamples=RESAMPLES)

    return draw


def _nested(n: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        x = rng.normal(size=(n, 1)) + rng.normal(size=(n, 4))
        return nested_reliability(x.ravel(), np.repeat(np.arange(n), 4), resamples=RESAMPLES)

    return draw


def _ece(n: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        q = rng.uniform(0.05, 0.95, n)
        return calibration_error(q, (rng.random(n) < q).astype(float), resamples=RESAMPLES)

    return draw


def covered(draw: Draw, truth: float, samples: int) -> tuple[int, int, float]:
    """(intervals that hold the truth, samples without one, mean width of the others)."""
    held, none, widths = 0, 0, []
    for seed in range(samples):
        found = draw(np.random.default_rng(seed))
        if found.ci_lo is None or found.ci_hi is None:
            none += 1
            continue
        held += found.ci_lo <= truth <= found.ci_hi
        widths.append(found.ci_hi - found.ci_lo)
    return held, none, float(np.mean(widths)) if widths else float("nan")


def table(samples: int) -> str:
    """The Markdown page."""
    lines = [
        "# Coverage of the intervals",
        "",
        f"How often a nominal 95% interval holds the truth, of {samples} simulated samples at the "
        "sizes that reports use.",
        f"One such share is itself sure to about {1.96 * (0.95 * 0.05 / samples) ** 0.5:.3f}. Made "
        "by `python benchmarks/coverage.py`.",
        "",
        "| method | size | truth | coverage | no interval | mean width |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for method, size, truth, draw in cases():
        held, none, width = covered(draw, truth, samples)
        share = f"{held / (samples - none):.3f}" if none < samples else "none"
        lines.append(f"| {method} | {size} | {truth:.2f} | {share} | {none} | {width:.2f} |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.md"))
    asked = parser.parse_args()
    asked.out.write_text(table(asked.samples), encoding="utf-8")


if __name__ == "__main__":
    main()
