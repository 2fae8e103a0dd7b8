from __future__ import annotations

import numpy as np
import pingouin
import pytest

from measurand.errors import InputError
from measurand.stats import icc
from measurand.stats.estimate import Estimate
from measurand.stats.icc import Icc, intraclass
from measurand.stats.reliability import cronbach_alpha

# Shrout & Fleiss (1979), table 2: six targets, four judges.
JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)
FORMS = ("icc1", "icc2", "icc3", "icc1k", "icc2k", "icc3k")


def forms(found: Icc) -> list[Estimate]:
    return [getattr(found, name) for name in FORMS]


def test_the_published_table() -> None:
    """Table 4 of the paper."""
    values = [form.value for form in forms(intraclass(JUDGES))]
    assert values == pytest.approx([0.17, 0.29, 0.71, 0.44, 0.62, 0.91], abs=0.005)


@pytest.mark.parametrize(("n", "k", "noise"), [(6, 4, 0.5), (30, 3, 1.0), (12, 2, 8.0)])
def test_values_and_intervals_are_those_of_pingouin(
    n: int, k: int, noise: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pandas

    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, 1)) + rng.normal(size=k) + noise * rng.normal(size=(n, k))
    target, rater = np.indices((n, k))
    frame = pandas.DataFrame({"t": target.ravel(), "r": rater.ravel(), "y": x.ravel()})
    monkeypatch.setitem(pingouin.options, "round.column.CI95", None)
    theirs = pingouin.intraclass_corr(frame, "t", "r", "y").set_index("Type")
    names = ["ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)"]
    for name, found in zip(names, forms(intraclass(x)), strict=True):
        assert found.value == pytest.approx(theirs.loc[name, "ICC"])
        low, high = theirs.loc[name, "CI95"]
        if found.ci_lo is not None:
            assert found.ci_lo == pytest.approx(low)
        assert found.ci_hi == pytest.approx(high)


def test_the_third_form_of_the_mean_is_cronbach_alpha() -> None:
    alpha = cronbach_alpha(JUDGES, resamples=0)
    assert intraclass(JUDGES).icc3k.value == pytest.approx(alpha.value)


def test_neither_order_nor_unit_matters() -> None:
    rng = np.random.default_rng(0)
    other = JUDGES[rng.permutation(6)][:, rng.permutation(4)] * 1e-9 + 5
    for a, b in zip(forms(intraclass(JUDGES)), forms(intraclass(other)), strict=True):
        assert b.value == pytest.approx(a.value, rel=1e-5)
        assert b.ci_lo == pytest.approx(a.ci_lo, rel=1e-5)


def test_raters_at_a_constant_distance() -> None:
    x = np.arange(5.0)[:, None] + np.array([0.0, 2.0])
    found = intraclass(x)
    assert found.icc3.value == pytest.approx(1)
    assert found.icc3.reason == "no interval: the raters leave no error to measure by"
    assert found.icc2.value == pytest.approx(2.5 / (2.5 + 2))  # variances of targets, raters
    assert found.icc1.value is not None
    assert found.icc1.ci_lo is not None


def test_what_is_undefined_or_refused() -> None:
    for x, why in (
        (np.ones((1, 4)), "1 targets by 4 raters, two of each needed"),
        (np.ones((4, 1)), "4 targets by 1 raters, two of each needed"),
        (np.ones((4, 4)), "no score varies"),
    ):
        for form in forms(intraclass(x)):
            assert (form.value, form.reason) == (None, why)
    flat = intraclass(np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]))
    assert flat.icc3.value is None
    with pytest.raises(InputError, match="NaN"):
        intraclass(np.array([[1.0, np.nan], [2.0, 3.0]]))


def test_without_degrees_of_freedom_the_agreement_may_be_whole() -> None:
    """5 (1 + 2 s) - 3 s + 3 s is 0 at s = -1/2, and with it Satterthwaite's degrees."""
    even = icc._Squares(between=0.1, within=1.0, raters=1.0, error=1.0)
    assert icc._agreement_bounds(even, -0.5, 5, 3, 0.025, within=False)[1] == 1.0
