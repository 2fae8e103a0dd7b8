"""Intervals and tests of Measurand beside evalsig, evalstats and scipy, on the same data sets.

``python benchmarks/peers.py`` draws data sets of known truth and gives each to every package as its
documentation says: two models on the same items (the paired difference, its 95% interval, p) and
one model (the mean with its 95% interval). Printed: how often intervals hold the truth, their mean
width, how often p is below .05 where there is no difference, milliseconds a call. Five minutes on
one core. A package that is not installed is left out. What one has no way for is left to it as it
is: clusters in evalstats' and scipy's functions. Missing scores are dropped and repeats averaged
before, for all alike. evalsig has no interval of a mean.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import stats
from scipy.special import expit

from measurand.analysis.figures import difference_record, mean_of

Found = tuple[float, float, float | None]
"""Lower and upper end of the interval, and p."""


@dataclass(frozen=True)
class Data:
    """How scores come about.

    Attributes:
        name: in words.
        n: items.
        binary: 0/1 answers.
        cluster: items of a cluster; 1 where items are independent.
        ties: scores of five values.
        missing: share of items that lack a score of one side.
        repeats: scores of each item, averaged.
        ease: mean on the logit scale.
    """

    name: str
    n: int
    binary: bool = True
    cluster: int = 1
    ties: bool = False
    missing: float = 0.0
    repeats: int = 1
    ease: float = 0.5


DATA = (
    *(Data(f"answers, n = {n}", n) for n in (15, 50, 200, 2000)),
    Data("answers, nearly all right, n = 50", 50, ease=3.5),
    *(Data(f"scores, n = {n}", n, binary=False) for n in (15, 50, 200, 2000)),
    Data("scores of five values, n = 50", 50, binary=False, ties=True),
    Data("answers, a tenth missing, n = 200", 200, missing=0.1),
    Data("answers, four repeats, n = 50", 50, repeats=4),
    Data("answers, 20 clusters of 10", 200, cluster=10),
    Data("scores, 20 clusters of 10", 200, binary=False, cluster=10),
    Data("answers, 100 clusters of 20", 2000, cluster=20),
)


def draw(data: Data, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of two equal models, items whose scores are missing left out, and their clusters."""
    groups = data.n // data.cluster
    cluster = np.repeat(np.arange(groups), data.cluster)
    hard = data.ease + rng.normal(0, 1, data.n)
    sides = []
    # What a cluster does to one model it need not do to the other.
    for _ in range(2):
        own = rng.normal(0, 0.8, groups)[cluster] if data.cluster > 1 else 0.0
        shape = (data.repeats, data.n)
        p = expit(hard + own + (0 if data.binary else rng.normal(0, 0.8, shape)))
        score = (rng.random(shape) < p) * 1.0 if data.binary else np.broadcast_to(p, shape)
        score = score.mean(0)
        sides.append(np.round(score * 4) / 4 if data.ties else score)
    kept = rng.random(data.n) >= data.missing
    return sides[0][kept], sides[1][kept], cluster[kept]


def truth(data: Data) -> float:
    """Mean score of a model, by many draws."""
    rng = np.random.default_rng(1)
    many = Data("", 400_000, data.binary, 1, data.ties, 0.0, 1, data.ease)
    if data.cluster == 1:
        return float(np.mean(draw(many, rng)[:2]))
    # Clusters add to the spread on the logit scale.
    z = data.ease + rng.normal(0, 1, many.n) + rng.normal(0, 0.8, many.n)
    return float(expit(z if data.binary else z + rng.normal(0, 0.8, many.n)).mean())


def clusters_of(data: Data, cluster: np.ndarray) -> np.ndarray | None:
    return cluster if data.cluster > 1 else None


def ours_pair(data: Data, a: np.ndarray, b: np.ndarray, cluster: np.ndarray) -> Found:
    own = clusters_of(data, cluster)
    plain = data.binary and data.repeats == 1 and own is None
    found = difference_record(b, a, own, plain=plain)
    return found["difference"]["ci_lo"], found["difference"]["ci_hi"], found["p"]


def ours_mean(data: Data, a: np.ndarray, cluster: np.ndarray) -> Found:
    own = clusters_of(data, cluster)
    found = mean_of(a, own, single=data.binary and data.repeats == 1, binary=data.binary)
    return found.ci_lo, found.ci_hi, None  # type: ignore[return-value]


def scipy_pair(data: Data, a: np.ndarray, b: np.ndarray, cluster: np.ndarray) -> Found:
    found = stats.ttest_rel(b, a)
    low, high = found.confidence_interval(0.95)
    return low, high, found.pvalue


def scipy_mean(data: Data, a: np.ndarray, cluster: np.ndarray) -> Found:
    if data.binary and data.repeats == 1:
        low, high = stats.binomtest(int(a.sum()), len(a)).proportion_ci(method="wilson")
        return low, high, None
    low, high = stats.ttest_1samp(a, 0).confidence_interval(0.95)
    return low, high, None


Pair = Callable[[Data, np.ndarray, np.ndarray, np.ndarray], Found]
Single = Callable[[Data, np.ndarray, np.ndarray], Found]


def evalsig_functions(resamples: int) -> tuple[Pair, Single | None]:
    from evalsig import inference

    def pair(data: Data, a: np.ndarray, b: np.ndarray, cluster: np.ndarray) -> Found:
        # The rule of its own method="auto".
        if data.cluster > 1:
            found = inference.cluster_bootstrap_ci(a, b, cluster, n_resamples=resamples, rng=0)
        elif data.binary and data.repeats == 1:
            found = inference.mcnemar_test(a, b)
        else:
            found = inference.paired_permutation_test(a, b, n_resamples=resamples, rng=0)
        return (*found.ci, found.p_value)

    return pair, None


def evalstats_functions(resamples: int) -> tuple[Pair, Single | None]:
    import evalstats

    rng = np.random.default_rng(0)

    def pair(data: Data, a: np.ndarray, b: np.ndarray, cluster: np.ndarray) -> Found:
        found = evalstats.pairwise_differences(
            np.stack([b, a]), 0, 1, n_bootstrap=resamples, rng=rng
        )
        return found.ci_low, found.ci_high, found.p_value

    def single(data: Data, a: np.ndarray, cluster: np.ndarray) -> Found:
        found = evalstats.mean_ci(a, n_bootstrap=resamples, rng=rng)
        return found.ci_low, found.ci_high, None

    return pair, single


def packages(resamples: int) -> dict[str, tuple[Pair, Single | None]]:
    """Functions of the packages that are there."""
    known: dict[str, tuple[Pair, Single | None]] = {"Measurand": (ours_pair, ours_mean)}
    for name, make in (("evalsig", evalsig_functions), ("evalstats", evalstats_functions)):
        try:
            known[name] = make(resamples)
        except ImportError as error:
            print(f"{name} is left out: {error}")
    return known | {"scipy": (scipy_pair, scipy_mean)}


class Tally:
    """What one package did on one data set."""

    def __init__(self) -> None:
        self.held, self.width, self.alarms, self.seconds = [], [], [], 0.0  # type: ignore[var-annotated]

    def take(self, call: Callable[[], Found], value: float) -> None:
        """One data set: what the package says of it, held against the truth."""
        start = time.perf_counter()
        low, high, p = call()
        self.seconds += time.perf_counter() - start
        if low is None or np.isnan(low):
            # All the same: nothing is said, and nothing held.
            low = high = np.nan
        self.held.append(low <= value <= high)
        self.width.append(high - low)
        self.alarms.append(p is not None and p < 0.05)

    def cell(self, *, alarms: bool) -> str:
        """Coverage, width, false alarms where they are asked for, milliseconds."""
        said = f"{np.mean(self.held):.3f}, {np.nanmean(self.width):.3f}"
        said += f", {np.mean(self.alarms):.3f}" if alarms else ""
        return f"{said}, {1000 * self.seconds / len(self.held):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=500, help="data sets of each kind")
    parser.add_argument("--resamples", type=int, default=500, help="of packages that resample")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    known = packages(args.resamples)
    rows: dict[str, list[str]] = {"pair": [], "mean": []}
    for data in DATA:
        rng = np.random.default_rng([5, *data.name.encode()])
        value = truth(data)
        pairs, means = {k: Tally() for k in known}, {k: Tally() for k in known}
        for _ in range(args.sets):
            a, b, cluster = draw(data, rng)
            for name, (pair, single) in known.items():
                pairs[name].take(partial(pair, data, a, b, cluster), 0.0)
                if single is not None:
                    means[name].take(partial(single, data, a, cluster), value)
        rows["pair"].append(f"| {data.name} | " + " | ".join(
            t.cell(alarms=True) for t in pairs.values()) + " |")  # fmt: skip
        rows["mean"].append(f"| {data.name} | " + " | ".join(
            t.cell(alarms=False) if t.held else "" for t in means.values()) + " |")  # fmt: skip
    for kind, what in (("pair", "difference: coverage, width, false alarms, ms"),
                       ("mean", "mean: coverage, width, ms")):  # fmt: skip
        print(f"\n| {what} | {' | '.join(known)} |\n| --- |{' --- |' * len(known)}")
        print("\n".join(rows[kind]), flush=True)


if __name__ == "__main__":
    main()
