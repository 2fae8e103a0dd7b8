"""Simulated coverage of every interval method that reports use, at the sizes they use it.

    python benchmarks/coverage.py [--samples 600] [--only WORD ...] [--out docs/coverage.md]

A sample is drawn from a population whose truth is known; the nominal level is 95%. "None" counts
samples for which the method gives no interval and says why. Clusters have a share of variance of
their own of one half.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import coverage_clips
import coverage_runs
import numpy as np

from measurand.stats.agreement import keyed_pair_agreement
from measurand.stats.bounded import bounded
from measurand.stats.bradley_terry import bradley_terry
from measurand.stats.calibration import calibration_error, recalibration
from measurand.stats.correlation import pearson, spearman
from measurand.stats.crossed import crossed_mean
from measurand.stats.dyads import dyadic_mean
from measurand.stats.estimate import Estimate
from measurand.stats.htmt import heterotrait_monotrait
from measurand.stats.kappa import cohen_kappa
from measurand.stats.krippendorff import krippendorff_alpha
from measurand.stats.means import bootstrap_means, cluster_mean, proportion
from measurand.stats.medians import median_difference
from measurand.stats.mtmm import convergent_discriminant
from measurand.stats.pair_spearman import pair_spearman
from measurand.stats.reliability import FIGURES, cronbach_alpha, scale_reliability
from measurand.stats.repeats import nested_reliability
from measurand.stats.resample import percentile, plan

RNG = np.random.Generator
Draw = Callable[[RNG], Estimate]
RESAMPLES = 400
"""Where something is drawn."""
SKEWED = np.array([-0.4, 0.8, 1.6, 2.4])
"""Cuts of a normal value of variance 2 into five answers: 39, 33, 16, 8 and 4%."""
FLOOR = np.array([0.85, 1.5, 2.1, 2.8])
MOSTLY = np.array([1.4, 2.05, 2.65, 3.35])


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
    for n in (20, 50):
        yield "proportion (Wilson)", f"rates from 0 to 1, n = {n}", 0.0, _wilson(n)
    for sets in (2, 3, 5):
        for spread in (0.0, 0.25, 1.0):
            size = f"{sets} shot sets x 24 questions, sets vary {spread:g}"
            yield "crossed_mean", size, 0.0, _crossed(sets, spread)
    yield "dyadic_mean", "120 pairs of 40 items", 0.0, _dyads
    yield from _jackknifed()
    yield from _two_methods()
    yield from _drawn()
    yield from coverage_runs.cases()
    yield from coverage_clips.cases()


def _jackknifed() -> Iterator[tuple[str, str, float, Draw]]:
    for n in (5, 10, 25, 60):
        yield "Cronbach's alpha", f"{n} clusters, 10 items", 10 / 11, _alpha(n)
    for n in (10, 25, 60):
        size = f"{n} rows, 10 items of five points, skewed"
        yield "Cronbach's alpha", size, 0.8862, _alpha(n, SKEWED)
    for n in (10, 25):
        size = f"{n} rows, 10 items, 73% at the lowest of five points"
        yield "Cronbach's alpha", size, 0.8543, _alpha(n, FLOOR)
    for n in (10, 25, 60):
        size = f"{n} rows, 10 items, 84% at the lowest of five points"
        yield "Cronbach's alpha", size, 0.8272, _alpha(n, MOSTLY)
    for figure, k, truth in (
        ("alpha_standardised", 10, 10 / 11),
        ("lambda6", 4, 0.8 - 0.2 * 0.25),
        ("omega_m1", 10, 10 / 11),
    ):
        for n in (10, 25):
            yield FIGURES[figure], f"{n} rows, {k} items", truth, _scale(n, k, figure)
    for n in (5, 10, 25, 50):
        yield "pearson", f"{n} clusters", 0.5, _r(n, 1)
    yield "pearson", "10 clusters of 5", 0.5, _r(10, 5)
    for n in (10, 25):
        yield "pearson", f"{n} rows, log-normal", (np.exp(0.5) - 1) / (np.e - 1), _skewed_r(n)
    rho = float(6 / np.pi * np.arcsin(0.25))
    for n, rows in ((5, 6), (10, 1), (25, 1), (28, 4)):
        yield "spearman", f"{n} clusters of {rows}", rho, _rho(n, rows)
    for n, k in ((8, 2), (20, 4), (50, 4)):
        truth = k / (k + 1)
        yield "ICC(1,k) of tasks over seeds", f"{n} tasks x {k}", truth, _nested(n, k)
    for n, k, ones in ((9, 4, 0.5), (8, 4, 0.25)):
        size = f"{n} tasks x {k} of 0 or 1, {ones:.0%} are 1"
        yield "ICC(1,k) of tasks over seeds", size, 2 / 3, _nested_hits(n, k, ones)


def _two_methods() -> Iterator[tuple[str, str, float, Draw]]:
    for n in (10, 25, 50):
        for shared in (0.0, 0.25):
            size = f"{n} rows, truth {shared:g}"
            yield "mean absolute r, widened", size, shared, _forms(n, shared, "discriminant")
            yield "gap, widened", size, 0.4, _forms(n, shared, "gap")
        yield "mean convergent r", f"{n} rows", 0.4, _forms(n, 0.0, "convergent")
        for truth in (0.0, 0.5, 0.9):
            size = f"{n} rows, 2 x 5 items, truth {truth:g}"
            yield "htmt, widened", size, truth, _htmt(n, truth)


def _drawn() -> Iterator[tuple[str, str, float, Draw]]:
    for n in (5, 8, 10, 25, 50):
        yield "bootstrap mean", f"{n} clusters of 5", 0.0, _bootstrap(n)
    for n in (10, 25, 50):
        yield "difference of medians", f"{n} clusters of 2", 1.0, _medians(n)
    for n in (28, 64):
        yield "ratio of means", f"{n} clusters of 4", 1.0, _ratio(n)
    yield "agreement of opposite-keyed pairs", "10 rows, 6 items", 0.5, _keyed
    yield "Bradley-Terry strength", "32 prompts, 3 methods", 0.5, _strength
    yield "Cohen's kappa", "64 pairs of 120 items", 0.6, _kappa
    yield "Krippendorff's alpha", "64 pairs of 120 items", 0.5, _krippendorff
    yield "pair_spearman", "64 pairs of 120 items", float(6 / np.pi * np.arcsin(0.25)), _pair_rho
    yield "calibration slope", "120 pairs of 220 items", 1.0, _slope
    for n in (5, 10, 30):
        size = f"calibrated, {n} clusters of 60"
        yield "calibration error, widened", size, 0.0, _ece(60 * n, n)
    for n in (64, 200):
        yield "calibration error, widened", f"calibrated, n = {n}", 0.0, _ece(n)
    yield "calibration error, squared", "calibrated, 120 pairs of 220 items", 0.0, _squared


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


def _wilson(n: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        rate = rng.random()
        found = proportion(int(rng.binomial(n, rate)), n)
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        return replace(found, ci_lo=found.ci_lo - rate, ci_hi=found.ci_hi - rate)

    return draw


def _crossed(sets: int, spread: float) -> Draw:
    def draw(rng: RNG) -> Estimate:
        x = (
            rng.normal(size=(sets, 1)) * spread**0.5
            + rng.normal(size=(1, 24))
            + rng.normal(size=(sets, 24))
        )
        rows, columns = np.indices((sets, 24))
        return crossed_mean(x.ravel(), rows.ravel(), columns.ravel())

    return draw


def _dyads(rng: RNG) -> Estimate:
    items = np.array([rng.choice(40, 2, replace=False) for _ in range(120)])
    own = rng.normal(size=40)
    return dyadic_mean(own[items].sum(axis=1) + rng.normal(size=120), items)


def _two(rng: RNG, n: int) -> np.ndarray:
    """(2, n) normal values correlated .5."""
    x = rng.normal(size=(2, n))
    x[1] = x[0] / 2 + x[1] * 0.75**0.5
    return x


def _in_groups(rng: RNG, n: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two correlated values a row, half of the variance of each shared by the group."""
    own, group = _two(rng, n * rows), np.repeat(_two(rng, n), rows, axis=1)
    x, y = (own[i] if rows == 1 else (own[i] + group[i]) / 2**0.5 for i in (0, 1))
    return x, y, np.repeat(np.arange(n), rows)


def _r(n: int, rows: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        x, y, clusters = _in_groups(rng, n, rows)
        return pearson(x, y, clusters=clusters).estimate

    return draw


def _skewed_r(n: int) -> Draw:
    return lambda rng: pearson(*np.exp(_two(rng, n))).estimate


def _rho(n: int, rows: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        x, y, clusters = _in_groups(rng, n, rows)
        return spearman(x, y, clusters=clusters).estimate

    return draw


def _items(rng: RNG, n: int, k: int, cuts: np.ndarray | None) -> np.ndarray:
    x = rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
    return x if cuts is None else np.searchsorted(cuts, x).astype(np.float64)


def _alpha(n: int, cuts: np.ndarray | None = None) -> Draw:
    return lambda rng: cronbach_alpha(_items(rng, n, 10, cuts), clusters=np.arange(n))


def _scale(n: int, k: int, figure: str) -> Draw:
    def draw(rng: RNG) -> Estimate:
        made: Estimate = getattr(scale_reliability(_items(rng, n, k, None)), figure)
        return made

    return draw


def _forms(n: int, shared: float, figure: str) -> Draw:
    cov = np.full((10, 10), shared)
    for i in range(5):
        cov[i, i + 5] = cov[i + 5, i] = shared + 0.4
    np.fill_diagonal(cov, 1.0)

    def draw(rng: RNG) -> Estimate:
        x = rng.multivariate_normal(np.zeros(10), cov, n)
        found = convergent_discriminant(x[:, :5], x[:, 5:])
        made: Estimate = getattr(found, figure)
        return made

    return draw


def _htmt(n: int, truth: float) -> Draw:
    scales = np.repeat(["a", "b"], 5)

    def draw(rng: RNG) -> Estimate:
        traits = rng.multivariate_normal([0, 0], [[1, truth], [truth, 1]], n)
        x = np.repeat(traits, 5, axis=1) + rng.normal(size=(n, 10))
        return heterotrait_monotrait(x, scales)["a", "b"]

    return draw


def _medians(n: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        high = np.tile([True, False], n)
        x = rng.normal(size=2 * n) + high
        clusters = np.repeat(np.arange(n), 2)
        return median_difference(x, high, clusters=clusters, resamples=RESAMPLES)

    return draw


def _nested(n: int, k: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        x = rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
        return nested_reliability(x.ravel(), np.repeat(np.arange(n), k))

    return draw


def _nested_hits(n: int, k: int, ones: float) -> Draw:
    def draw(rng: RNG) -> Estimate:
        # One score for the next is alike in one third of the variance: 1 / (a + b + 1).
        x = (rng.random((n, k)) < rng.beta(2 * ones, 2 * (1 - ones), (n, 1))).astype(float)
        return nested_reliability(x.ravel(), np.repeat(np.arange(n), k))

    return draw


def _ratio(groups: int) -> Draw:
    def draw(rng: RNG) -> Estimate:
        own = rng.normal(size=(groups, 1)) / 2
        top, bottom = (np.exp(own + rng.normal(size=(groups, 4)) / 2) for _ in range(2))
        drawn = plan(4 * groups, np.repeat(np.arange(groups), 4), RESAMPLES, ())
        sums = drawn.resampled_sums(np.stack([top.ravel(), bottom.ravel()]))
        value = float(top.sum() / bottom.sum())
        return percentile(value, sums[:, 0] / sums[:, 1], drawn, method="ratio")

    return draw


def _keyed(rng: RNG) -> Estimate:
    """Answers that ignore the item: half of the pairs point the same way once keyed."""
    x = rng.integers(1, 6, (10, 6)).astype(float)
    keys, scales = np.tile([1, -1], 3), np.zeros(6)
    return keyed_pair_agreement(
        x, keys, scales, minimum=1, maximum=5, resamples=RESAMPLES
    ).agreement


def _strength(rng: RNG) -> Estimate:
    first, second = np.array([0, 0, 1]), np.array([1, 2, 2])
    lead = np.array([0.5, 0.5, 0.0])[:, None] + rng.normal(size=(3, 32)) / 4
    won = (rng.random((3, 32)) < 1 / (1 + np.exp(-lead))).astype(float)
    sides = (np.repeat(side, 32) for side in (first, second))
    prompts = np.tile(np.arange(32), 3)
    found = bradley_terry(*sides, won.ravel(), reference=1, clusters=prompts, resamples=RESAMPLES)
    return found.strengths[0]


def _pairs(rng: RNG, n: int, items: int) -> np.ndarray:
    return np.array([rng.choice(items, 2, replace=False) for _ in range(n)])


def _kappa(rng: RNG) -> Estimate:
    a = rng.integers(0, 2, 64).astype(float)
    b = np.where(rng.random(64) < 0.8, a, 1 - a)
    return cohen_kappa(a, b, by=_pairs(rng, 64, 120), resamples=RESAMPLES)


def _krippendorff(rng: RNG) -> Estimate:
    x = rng.normal(size=(64, 1)) + rng.normal(size=(64, 2))
    return krippendorff_alpha(x, "interval", by=_pairs(rng, 64, 120), resamples=RESAMPLES)


def _pair_rho(rng: RNG) -> Estimate:
    return pair_spearman(*_two(rng, 64), _pairs(rng, 64, 120), resamples=RESAMPLES)


def _slope(rng: RNG) -> Estimate:
    h = 1.5 * rng.normal(size=120)
    hits = (rng.random(120) < 1 / (1 + np.exp(-h))).astype(float)
    return recalibration(h, hits, by=_pairs(rng, 120, 220), resamples=RESAMPLES).slope


def _ece(n: int, clusters: int | None = None) -> Draw:
    by = None if clusters is None else np.arange(n) % clusters

    def draw(rng: RNG) -> Estimate:
        q = rng.uniform(0.05, 0.95, n)
        return calibration_error(q, (rng.random(n) < q).astype(float), by=by, resamples=RESAMPLES)

    return draw


def _squared(rng: RNG) -> Estimate:
    q = rng.uniform(0.05, 0.95, 120)
    hits = (rng.random(120) < q).astype(float)
    pairs = _pairs(rng, 120, 220)
    return calibration_error(q, hits, debiased=True, by=pairs, resamples=RESAMPLES)


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


NOTES = Path(__file__).with_name("coverage_notes.md")


def known(page: Path) -> dict[tuple[str, str], str]:
    """Rows of a page by method and size."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    return {(row[0], row[1]): line for row, line in zip(cells, rows, strict=True) if len(row) > 1}


def table(samples: int, before: dict[tuple[str, str], str], only: Sequence[str]) -> str:
    """The Markdown page.

    Args:
        samples: of each row that is made.
        before: rows to keep.
        only: words of the rows that are made nevertheless; without, all are.
    """
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
        kept = before.get((method, size))
        if only and kept and not any(word in f"{method} {size}" for word in only):
            lines.append(kept)
            continue
        held, none, width = covered(draw, truth, samples)
        share = f"{held / (samples - none):.3f}" if none < samples else "none"
        lines.append(f"| {method} | {size} | {truth:.2f} | {share} | {none} | {width:.2f} |")
        print(lines[-1], flush=True)
    return "\n".join([*lines, "", NOTES.read_text(encoding="utf-8")])


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=600)
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.md"))
    parser.add_argument("--only", nargs="+", default=[], help="words of the rows to make again")
    asked = parser.parse_args()
    page = table(asked.samples, known(asked.out), asked.only)
    asked.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
