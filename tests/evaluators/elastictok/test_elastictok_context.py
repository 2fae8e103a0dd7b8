from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evaluators.elastictok.context import Findings, findings, mean, paired, ratio, share
from measurand import runs, shards
from measurand.manifest import read_manifest
from schemas.elastictok.params import Params
from schemas.elastictok.tables import NEAR

CLIPS = np.repeat([f"c{i}" for i in range(10)], 4)


def test_models_come_in_the_order_of_the_parameters(found: Findings) -> None:
    assert found.models == ["elastic", "fixed4", "fixed16", "blind", "untrained"]
    assert found.fixed == {"fixed4": 4, "fixed16": 16}
    assert found.codecs == ["jpeg", "h264"]
    assert found.splits == ["test_clip", "test_time"]
    assert (found.model, found.slots) == ("elastic", 16)
    assert found.budgets("elastic") == [2, 4, 8, 12, 16]


def test_shares_of_all_or_none_count_clips(found: Findings) -> None:
    frame = pl.DataFrame({"clip_id": CLIPS, "x": [True] * 40})
    every = share(frame, "x")
    assert (every.value, every.n, every.n_clusters) == (1.0, 40, 10)
    # Clopper-Pearson of 10 in 10: (0.05 / 2) ** (1 / 10).
    assert every.ci_lo == pytest.approx(0.025**0.1)
    some = share(frame.with_columns(pl.Series("x", [True, False] * 20)), "x")
    assert some.value == 0.5


def test_means_leave_out_what_is_missing() -> None:
    frame = pl.DataFrame({"clip_id": ["a", "b", "c"], "x": [1.0, None, 3.0]})
    assert mean(frame, "x").value == 2.0
    assert mean(frame, "x").n == 2


def test_an_interval_of_few_clips_names_no_impossible_tokens(found: Findings) -> None:
    two = pl.DataFrame({"clip_id": ["a", "a", "b", "b"], "n_tokens": [3, 5, 12, 14]})
    whole = mean(two, "n_tokens")
    # t(1) = 12.7: the interval of two clips reaches far below 0 and above K = 16.
    assert whole.ci_lo < 0
    assert whole.ci_hi > 16
    cut = found.mean_tokens(two)
    assert (cut.value, cut.n_clusters) == (8.5, 2)
    assert (cut.ci_lo, cut.ci_hi, cut.lower, cut.upper, cut.se) == (2.0, 16.0, 2.0, 16.0, None)
    assert cut.reason == "2 clusters: the interval reached beyond the possible 2 to 16"
    alike = pl.DataFrame({"clip_id": ["a", "b", "c"], "n_tokens": [8.0, 8.1, 7.9]})
    known = replace(mean(alike, "n_tokens"), least=2.0, most=16.0)
    assert found.mean_tokens(alike) == known


def test_differences_of_tokens_reach_as_far_below_as_above(found: Findings) -> None:
    two = pl.DataFrame({"clip_id": ["a", "b"], "d": [-9.0, 9.0]})
    assert "-14 to 14" in str(found.mean_change(two, "d").reason)


def test_a_ratio_and_its_interval() -> None:
    rng = np.random.default_rng(0)
    bottom = rng.uniform(1, 2, 40)
    exact = ratio(3 * bottom, bottom, CLIPS, "m")
    assert exact.value == pytest.approx(3.0)
    assert exact.reason == "no interval: the same without any of the units"
    noisy = ratio(3 * bottom + rng.normal(0, 1, 40), bottom, CLIPS, "m")
    assert noisy.ci_lo is not None
    assert noisy.ci_lo < noisy.value < noisy.ci_hi
    assert (noisy.n, noisy.n_clusters, noisy.least) == (40, 10, 0.0)
    assert noisy.method.startswith("m; t(")
    none = ratio(bottom, 0 * bottom, CLIPS, "m")
    assert (none.value, none.reason, none.n) == (None, "the denominator is 0", 40)
    none = ratio(bottom[:0], bottom[:0], CLIPS[:0], "m")
    assert (none.value, none.reason, none.n) == (None, "no blocks", 0)


def test_the_interval_of_a_ratio_is_the_jackknifes_over_clips() -> None:
    """Three clips of two blocks, by scipy: log ratios without each, t of what clips are worth."""
    from scipy.stats import t

    top, bottom = np.array([1.0, 3, 2, 6, 5, 1]), np.array([1.0, 1, 3, 1, 2, 2])
    clips = np.repeat(["a", "b", "c"], 2)
    above, below = (x.reshape(3, 2).sum(axis=1) for x in (top, bottom))
    left = np.log((18 - above) / (10 - below))
    error = np.sqrt(2 / 3 * ((left - left.mean()) ** 2).sum())
    worth = 1 / (((above / 18 + below / 10) / 2) ** 2).sum() - 1
    wanted = np.exp(t.interval(0.95, worth, np.log(1.8), error))
    found = ratio(top, bottom, clips, "m")
    assert found.value == pytest.approx(1.8)
    assert (found.ci_lo, found.ci_hi) == pytest.approx(tuple(wanted))
    assert found.se == pytest.approx(1.8 * error)


def test_blocks_are_joined_by_sequence_and_number() -> None:
    a = pl.DataFrame({"sample_id": ["y", "x"], "block": [0, 1], "clip_id": ["c", "d"], "v": [1, 2]})
    b = pl.DataFrame({"sample_id": ["x", "x"], "block": [0, 1], "clip_id": ["d", "d"], "v": [7, 9]})
    both = paired(a, b, ["v"])
    assert both.rows() == [("x", 1, "d", 2, 9)]


def test_near_copies_leave_the_headline_unless_nothing_would_be_left(
    small: Params, results: Path, tmp_path: Path
) -> None:
    shutil.copytree(results, tmp_path / "results")
    known = read_manifest(results / "near")
    rows = shards.read_table(results / "near").to_pylist()
    first = next(row["clip_id"] for row in rows if row["split"] == "test_clip")

    def reread(near: Callable[[str], bool]) -> Findings:
        own = [{**row, "near": near(row["clip_id"])} for row in rows]
        shutil.rmtree(tmp_path / "results/near")
        table = runs.table(NEAR, own)
        shards.write_dataset(
            tmp_path / "results/near", NEAR, table, parents=known.parents, params=known.params
        )
        return findings(tmp_path / "results", small)

    some = reread(lambda clip: clip == first)
    for name in ("budgets", "coded", "rates"):
        splits = {
            str(split): set(own["clip_id"])
            for (split,), own in some.tables[name]
            .filter(model=pl.col("model").first())
            .group_by("split")
        }
        assert splits["test_near"] == {first}
        assert first not in splits["test_clip"]
    assert some.splits[0] == "test_clip"
    whole = reread(lambda clip: True)
    assert whole.splits == ["test_clip", "test_time"]
