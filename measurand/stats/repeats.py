"""How far a unit's score would come again: reliability of means over repeated measures.

Where every unit meets the same repeats (shot sets, trained models, wordings) it is Cronbach's
alpha of units over repeats; where repeats are drawn anew for each unit (seeds of a task) it is
ICC(1,k).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from measurand.stats.arrays import AnyArray, FloatArray, IntArray, codes, numbers, same_length
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.intraclass_kappa import METHOD, kappa_ends
from measurand.stats.jackknife import FISHER, REST, leaving_out, student_t
from measurand.stats.reliability import cronbach_alpha
from measurand.stats.resample import MIN_CLUSTERS, MIN_RESAMPLES, plan

RARE = 0.25
"""Share of one of two scores below which intervals that leave units out hold too rarely."""


def unit_table(values: AnyArray, units: AnyArray, repeats: AnyArray) -> tuple[FloatArray, IntArray]:
    """Scores as units x repeats, and the first row of each unit.

    Units come in the order of their first rows, repeats sorted. Several scores in one place are
    averaged; NaN where there is none.

    Args:
        values: (n,) scores, NaN where missing.
        units: (n,) unit of each score.
        repeats: (n,) repeat of each score.

    Raises:
        InputError: wrong shapes, infinite scores, or labels that are missing.
    """
    x = numbers(values, 1, "values", missing=True)
    columns, n_columns = codes(repeats, len(x), "repeats")
    sorted_rows, n_rows = codes(units, len(x), "units")
    first = np.unique(sorted_rows, return_index=True)[1]
    rows = np.argsort(np.argsort(first))[sorted_rows] if len(x) else sorted_rows
    known = ~np.isnan(x)
    cells, size = rows * n_columns + columns, n_rows * n_columns
    counts = np.bincount(cells[known], minlength=size)
    sums = np.bincount(cells[known], x[known], minlength=size)
    table = np.full(size, np.nan)
    table[counts > 0] = sums[counts > 0] / counts[counts > 0]
    return table.reshape(n_rows, n_columns), np.sort(first).astype(np.int64)


def alpha_over_repeats(
    values: AnyArray,
    units: AnyArray,
    repeats: AnyArray,
    *,
    clusters: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
    few: str = "measured once: no repeats",
) -> Estimate:
    """Would other repeats rank the units alike? Reliability of a unit's mean over its repeats.

    Repeats are items, units respondents: Cronbach's alpha. A shift that all units share is no error
    of the mean. Missing repeats: pairwise covariances. The interval is over units, or clusters.

    Args:
        values: (n,) scores, NaN where missing.
        units: (n,) unit of each score.
        repeats: (n,) repeat of each score.
        clusters: (n,) independent units that the units belong to.
        resamples: bootstrap resamples; 0 for no interval.
        seed_words: words that the seed is made of.
        few: the reason where there are fewer than two units or repeats.
    """
    table, first = unit_table(values, units, repeats)
    if min(table.shape) < 2:
        return undefined(few, n=len(table))
    if clusters is not None:
        same_length(len(values), clusters=clusters)
        clusters = clusters[first]
    return cronbach_alpha(table, clusters=clusters, resamples=resamples, seed_words=seed_words)


def nested_reliability(
    values: AnyArray,
    units: AnyArray,
    *,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
    names: tuple[str, str, str] = ("unit", "repeat", "row"),
) -> Estimate:
    """Would other repeats tell the same units apart? Reliability of a unit's mean over its repeats.

    A repeat is another one in every unit, so repeats are nested in units: one-way analysis of
    variance, 1 - mean square within units / mean square between. For equally many repeats that is
    ICC(1,k) of Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428; for unequal numbers the
    ANOVA estimate of ICC(1,1) raised by Spearman and Brown to n0 repeats, n0 the mean number that
    the method takes (Donner 1986, International Statistical Review 54, 67-82). Not clipped at 0.
    The interval leaves units out: :mod:`measurand.stats.jackknife`.

    Args:
        values: (n,) scores, finite.
        units: (n,) unit of each.
        resamples: bootstrap resamples.
        seed_words: words that the seed is made of.
        names: what units, repeats and scored things are called in method and reason.
    """
    unit, repeat, thing = names
    method = f"ICC(1,k) of {unit}s over {repeat}s"
    x = numbers(values, 1, "values")
    at, count = codes(units, len(x), "units")

    def without(reason: str) -> Estimate:
        return undefined(reason, method=method, n=len(x), n_clusters=count)

    if count < 2:
        return without(f"fewer than two {unit}s")
    if len(x) == count:
        return without(f"one {repeat} a {unit}: nothing is repeated")
    if np.ptp(x) == 0:
        return without(f"every {thing} scores alike")
    apart = x - x.mean()
    each = np.bincount(at, minlength=count).astype(float)
    sums = np.bincount(at, apart, minlength=count)
    squares = np.bincount(at, apart**2, minlength=count)
    features = np.stack([np.ones(count), each, sums, squares, sums**2 / each])
    value = float(_one_way(features.sum(axis=1)[None])[0])
    if not np.isfinite(value):
        return without(f"no {unit}'s mean differs from another's")
    drawn = leaving_out(plan(count, np.arange(count), resamples, seed_words))
    replicates = np.full(drawn.resamples, np.nan)
    if drawn.drawable:
        replicates = _one_way(drawn.resampled_sums(features))
    return student_t(value, replicates, drawn, method=method, scale=REST, n=len(x))


def nested_correlation(table: AnyArray, *, confidence: float = 0.95) -> Estimate:
    """Would one other repeat of each unit come out alike? ICC(1,1), of scores of any distribution.

    The figure is that of :func:`measurand.stats.icc.intraclass`, whose F interval supposes normal
    scores: of 92 units with two scores of 0 and 1 it holds the truth in 51 to 92 of 100. Of two
    such scores this one inverts a test (:mod:`measurand.stats.intraclass_kappa`), of others it
    leaves units out, on Fisher's z (:mod:`measurand.stats.jackknife`). Of more than two scores of 0
    and 1 of which fewer than a quarter are one of the two, that would hold in 88 to 95 of 100, and
    there is no interval.

    Source: Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428.

    Args:
        table: (units, repeats) scores without gaps; a repeat is another one in every unit.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; undefined with fewer than two units or repeats and where no score varies.

    Raises:
        InputError: wrong shape, or values that are not finite.
    """
    x = numbers(table, 2, "table")
    (n, k), method = x.shape, "ICC(1,1)"
    if min(n, k) < 2:
        return undefined(f"{n} units by {k} repeats, two of each needed", method=method, n=n)
    if np.ptp(x) == 0:
        return undefined("no score varies", method=method, n=n)
    apart = x - x.mean()
    means, squares = apart.mean(axis=1), (apart**2).sum(axis=1)
    features = np.stack([np.ones(n), means, means**2, squares])
    drawn = leaving_out(plan(n, None, max(n, MIN_RESAMPLES), ()))
    value = float(_single(features.sum(axis=1)[None], k)[0])
    if np.isin(x, (0.0, 1.0)).all() and n >= MIN_CLUSTERS:
        if k == 2:
            return _of_two(value, x, confidence)
        if min(x.mean(), 1 - x.mean()) < RARE:
            why = "no interval: one of two scores is rare, of more than two repeats none holds"
            return Estimate(value, method=method, n=n, confidence=confidence, reason=why)
    without = _single(drawn.resampled_sums(features), k)
    return student_t(value, without, drawn, method=method, scale=FISHER, n=n, confidence=confidence)


def _of_two(value: float, x: FloatArray, confidence: float) -> Estimate:
    """With the interval of intraclass kappa: x holds two scores of 0 and 1 of each unit."""
    none, one, both = np.bincount(x.sum(axis=1).astype(np.int64), minlength=3).tolist()
    ends, outer = (kappa_ends(none, one, both, level) for level in (confidence, 0.9))
    return Estimate(
        value,
        ci_lo=ends.low,
        ci_hi=ends.high,
        lower=outer.low,
        upper=outer.high,
        confidence=confidence,
        method=f"ICC(1,1); {METHOD}",
        n=len(x),
    )


def _single(sums: FloatArray, k: int) -> FloatArray:
    """ICC(1,1) from (B, 4) sums over units: units, means, means squared, squares of scores."""
    units, means, squared, squares = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        between = k * (squared - means**2 / units) / (units - 1)
        within = (squares - k * squared) / (units * (k - 1))
        found: FloatArray = (between - within) / (between + (k - 1) * within)
    return found


def _one_way(sums: FloatArray) -> FloatArray:
    """From (B, 5) sums over units: units, repeats, scores, squares, squares of sums by repeats."""
    units, n, total, squares, means = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (means - total**2 / n) / (units - 1)
        within = (squares - means) / (n - units)
        found: FloatArray = np.where(between > 1e-12, 1 - within / between, np.nan)
    return found
