from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from evaluators.elastictok.context import Findings
from evaluators.elastictok.rates import against, rate_rows

N = 12


def tokens(bits: float, mse: float) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "sample_id": [f"{i:02d}" for i in range(N)],
            "block": [0] * N,
            "clip_id": [f"c{i % 6}" for i in range(N)],
            "bits": [bits] * N,
            "mse": [mse] * N,
        }
    )


def codec(*points: tuple[float, float]) -> pl.DataFrame:
    return pl.concat(
        [
            tokens(bits, mse).with_columns(pl.lit(q).alias("quality"))
            for q, (bits, mse) in enumerate(points)
        ]
    )


def test_the_codec_is_read_off_at_equal_bits(found: Findings) -> None:
    line = codec((100.0, 0.4), (400.0, 0.1))
    at_point = against(found, tokens(400.0, 0.2), line)
    assert (at_point.value, at_point.ci_lo, at_point.ci_hi) == pytest.approx((2.0, 2.0, 2.0))
    # Halfway between, in logarithms of both.
    between = against(found, tokens(200.0, 0.2), line)
    assert between.value == pytest.approx(1.0)


def test_bits_that_the_codec_has_not_are_told(found: Findings) -> None:
    row = against(found, tokens(50.0, 0.2), codec((100.0, 0.4), (400.0, 0.1)))
    assert row.value is None
    assert row.reason == "50 bits, where the codec has 100 to 400"


def test_floats_have_no_bits(found: Findings) -> None:
    none = tokens(1.0, 0.2).with_columns(pl.lit(None).cast(pl.Float64).alias("bits"))
    assert "no number of bits" in str(against(found, none, codec((1.0, 0.1))).reason)


def test_rows_of_every_codec_and_budget(found: Findings) -> None:
    rows = list(rate_rows(found))
    bits = {r["slice"]: r["estimate"] for r in rows if (r["model"], r["metric"]) ==
            ("jpeg", "codec_bits")}  # fmt: skip
    own = found.tables["rates"].filter(model="jpeg", split="test_clip", quality=40)
    assert bits["quality=40"] == pytest.approx(own["bits"].mean())
    ratios = [r for r in rows if r["metric"] == "against_codec" and r["model"] == "elastic"]
    assert len(ratios) == 2 * 5
    assert all(r["estimate"] is None or np.isfinite(r["estimate"]) for r in ratios)


def test_settings_may_come_in_any_order_and_clips_are_the_clusters(found: Findings) -> None:
    turned = codec((400.0, 0.1), (100.0, 0.4), (200.0, 0.2))
    between = against(found, tokens(200.0, 0.3), turned)
    assert between.value == pytest.approx(1.5)
    assert (between.n, between.n_clusters) == (N, 6)
    apart = turned.with_columns(("x" + pl.col("sample_id")).alias("sample_id"))
    assert against(found, tokens(200.0, 0.3), apart).reason == "no blocks in common"
    # The ends themselves are known.
    assert against(found, tokens(100.0, 0.4), turned).value == pytest.approx(1.0)


def test_each_budget_is_held_against_the_codec_by_itself(found: Findings) -> None:
    rows = {(r["metric"], r["slice"]): r for r in rate_rows(found) if r["model"] == "elastic"}
    own = found.tables["rates"].filter(model="jpeg", split="test_clip")
    for n in found.budgets("elastic"):
        at = found.budget("elastic", "test_clip").filter(n_tokens=n)
        wanted = against(found, at, own)
        row = rows["against_codec", f"codec=jpeg,n={n}"]
        assert (row["estimate"], row["reason"]) == (wanted.value, wanted.reason)


def test_the_interval_of_a_ratio_is_that_of_resampled_clips_and_not_below_zero(
    found: Findings,
) -> None:
    uneven = tokens(200.0, 0.2).with_columns(mse=pl.Series(np.linspace(0.1, 0.3, N)))
    made = against(found, uneven, codec((100.0, 0.4), (400.0, 0.1)))
    assert made.value == pytest.approx(1.0)
    assert made.ci_lo is not None
    assert made.ci_hi is not None
    # Clip i holds blocks i and i + 6: mean errors of six clips, .155 to .245, over .2.
    clips = (np.linspace(0.1, 0.3, N)[:6] + np.linspace(0.1, 0.3, N)[6:]) / 2 / 0.2
    assert clips.min() < made.ci_lo < 1 < made.ci_hi < clips.max()
    assert made.least == 0.0
