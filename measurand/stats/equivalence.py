"""Is a difference small enough: non-inferiority and equivalence from an estimate with its error."""

from __future__ import annotations

import math

from measurand.errors import InputError
from measurand.stats.estimate import Estimate


def non_inferiority(difference: Estimate, margin: float) -> float | None:
    """One-sided p that a difference is no loss beyond the margin: H0 is difference <= -margin.

    Equal to the lower half of :func:`equivalence`; p <= alpha exactly where the one-sided lower
    bound at alpha lies above -margin.

    Args:
        difference: candidate minus baseline, high is good, with a standard error.
        margin: largest loss that counts as none, above 0.

    Returns:
        p; None without a standard error above 0.

    Raises:
        InputError: a margin that is not positive and finite.
    """
    return _tail(difference, margin, 1)


def equivalence(difference: Estimate, margin: float) -> float | None:
    """P of two one-sided tests that a difference lies within -margin..margin (TOST).

    Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680; equal
    to statsmodels ``ttost_paired`` and pingouin ``tost`` for independent pairs, and valid for
    clusters where the estimate's error is.

    Args:
        difference: with a standard error and its degrees of freedom.
        margin: largest difference that counts as none, above 0.

    Returns:
        The larger of the two p values; None without a standard error above 0.

    Raises:
        InputError: a margin that is not positive and finite.
    """
    below, above = _tail(difference, margin, 1), _tail(difference, margin, -1)
    return None if below is None or above is None else max(below, above)


def _tail(difference: Estimate, margin: float, sign: int) -> float | None:
    from scipy.special import stdtr

    if not (math.isfinite(margin) and margin > 0):
        raise InputError(f"margin {margin}", hint="give a margin above 0")
    units = difference.n if difference.n_clusters is None else difference.n_clusters
    if difference.value is None or not difference.se or units is None or units < 2:
        return None
    t = (sign * difference.value + margin) / difference.se
    return float(stdtr(units - 1, -t))
