from __future__ import annotations

import numpy as np
import pingouin
import pytest
from statsmodels.stats.weightstats import ttost_paired

from measurand.errors import InputError
from measurand.stats.equivalence import equivalence, non_inferiority
from measurand.stats.means import paired_difference

RNG = np.random.default_rng(2)
A = RNG.normal(size=60)
B = A + 0.05 + 0.4 * RNG.normal(size=60)


@pytest.mark.parametrize("margin", [0.05, 0.2, 0.5])
def test_tost_is_statsmodels_and_pingouins(margin: float) -> None:
    found = equivalence(paired_difference(A, B), margin)
    assert found == pytest.approx(ttost_paired(A, B, -margin, margin)[0], abs=1e-14)
    theirs = float(pingouin.tost(A, B, bound=margin, paired=True)["pval"].iloc[0])
    assert found == pytest.approx(theirs, abs=1e-12)
    assert equivalence(paired_difference(B, A), margin) == pytest.approx(found, abs=1e-14)


def test_non_inferiority_is_one_half_of_it() -> None:
    lower = ttost_paired(A, B, -0.1, 0.1)[1][1]
    assert non_inferiority(paired_difference(A, B), 0.1) == pytest.approx(lower, abs=1e-14)


@pytest.mark.parametrize("margin", np.linspace(0.01, 0.4, 25))
def test_p_and_bound_decide_alike(margin: float) -> None:
    difference = paired_difference(A, B, np.arange(60) // 3)
    p = non_inferiority(difference, float(margin))
    assert p is not None
    assert difference.lower is not None
    assert (p < 0.05) == (difference.lower > -margin)


def test_no_error_no_p() -> None:
    assert non_inferiority(paired_difference(A, A), 0.1) is None
    assert equivalence(paired_difference(A[:1], B[:1]), 0.1) is None
    for margin in (0.0, -1.0, float("inf")):
        with pytest.raises(InputError):
            equivalence(paired_difference(A, B), margin)
