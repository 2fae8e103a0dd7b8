from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from evaluators.elastictok.context import Findings, mean, paired, ratio, share

CLIPS = np.repeat([f"c{i}" for i in range(10)], 4)


def test_models_come_in_the_order_of_the_parameters(found: Findings) -> None:
    assert found.models == ["elastic", "fixed4", "fixed16", "blind", "untrained"]
    assert found.fixed == {"fixed4": 4, "fixed16": 16}
    assert found.codecs == ["jpeg", "h264"]
    assert found.splits == ["test_clip", "test_time"]
    assert (found.elastic, found.slots) == ("elastic", 16)
    assert found.budgets("elastic") == [2, 4, 8, 12, 16]


def test_shares_of_all_or_none_count_clips(found: Findings) -> None:
    frame = pl.DataFrame({"clip_id": CLIPS, "x": [True] * 40})
    every = share(frame, "x")
    assert (every.value, every.n) == (1.0, 10)
    # Clopper-Pearson of 10 in 10: (0.05 / 2) ** (1 / 10).
    assert every.ci_lo == pytest.approx(0.025**0.1)
    some = share(frame.with_columns(pl.Series("x", [True, False] * 20)), "x")
    assert some.value == 0.5


def test_means_leave_out_what_is_missing() -> None:
    frame = pl.DataFrame({"clip_id": ["a", "b", "c"], "x": [1.0, None, 3.0]})
    assert mean(frame, "x").value == 2.0
    assert mean(frame, "x").n == 2


def test_a_ratio_and_its_interval(found: Findings) -> None:
    rng = np.random.default_rng(0)
    bottom = rng.uniform(1, 2, 40)
    exact = ratio(3 * bottom, bottom, CLIPS, found, "m")
    assert (exact.value, exact.ci_lo, exact.ci_hi) == pytest.approx((3.0, 3.0, 3.0))
    noisy = ratio(3 * bottom + rng.normal(0, 1, 40), bottom, CLIPS, found, "m")
    assert noisy.ci_lo < noisy.value < noisy.ci_hi
    assert ratio(bottom, 0 * bottom, CLIPS, found, "m").reason == "the denominator is 0"
    assert ratio(bottom[:0], bottom[:0], CLIPS[:0], found, "m").reason == "no blocks"


def test_blocks_are_joined_by_sequence_and_number() -> None:
    a = pl.DataFrame({"sample_id": ["y", "x"], "block": [0, 1], "clip_id": ["c", "d"], "v": [1, 2]})
    b = pl.DataFrame({"sample_id": ["x", "x"], "block": [0, 1], "clip_id": ["d", "d"], "v": [7, 9]})
    both = paired(a, b, ["v"])
    assert both.rows() == [("x", 1, "d", 2, 9)]
