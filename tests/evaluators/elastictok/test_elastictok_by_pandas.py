"""Every figure of invented tables, made again with pandas, scipy and numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pytest
from elastictok_small import params_of
from scipy.stats import spearmanr

from evaluators.elastictok.allocation import allocation_rows
from evaluators.elastictok.context import BLOCK, SYSTEM, Findings, _apart, ratio
from evaluators.elastictok.curves import curve_rows
from evaluators.elastictok.rates import against, rate_rows
from evaluators.elastictok.savings import figure_points, saving, saving_rows
from evaluators.elastictok.searching import code_rows, learned_rows, search_rows, unseen_loss_rows
from measurand.results import StatisticRow

LIMITS = {"strict": 0.3, "loose": 0.6}
SEARCHES = ("full", "binary", "binned", "regression")
SPLITS = {"test_clip": range(8), "test_time": range(8, 11)}
"""Clips of each split: one sequence each, of three blocks."""
Rows = dict[tuple[str, str, str], StatisticRow]


def _places(split: str) -> list[dict[str, Any]]:
    return [
        {"split": split, "clip_id": f"c{c:02d}", "sample_id": f"s{c:02d}", "block": block,
         "source": "pictures" if c % 3 == 0 else "moving"}
        for c in SPLITS[split]
        for block in range(3)
    ]  # fmt: skip


def _coded(rng: np.random.Generator) -> pl.DataFrame:
    rows = []
    kinds = [(search, "plain") for search in SEARCHES]
    kinds += [("binary", variant) for variant in ("no_past", "still", "noise")]
    for model, limit, (search, variant), split in product(
        ("elastic", "fixed16"), LIMITS, kinds, SPLITS
    ):
        for place in _places(split):
            mse = float(rng.choice([0.2, 0.3, 0.5, 0.6, 0.9]))
            codes = rng.integers(0, 6, 3).tolist() if search == "binary" else None
            rows.append({
                **place, "model": model, "threshold": limit, "search": search, "variant": variant,
                "n_tokens": int(rng.integers(2, 17)), "mse": mse, "limit": LIMITS[limit],
                # A search may be wrong about what it reached, now and then.
                "feasible": bool(mse <= LIMITS[limit] or rng.random() < 0.1),
                "n_evals": int(rng.integers(1, 9)), "codes": codes,
                "is_cut": place["block"] == 2 and place["clip_id"] != "c01",
            })  # fmt: skip
    about = pl.DataFrame([
        {**{k: p[k] for k in BLOCK}, "motion": max(0.0, rng.normal(0.5)),
         "spatial_energy": rng.random(), "gt_speed": rng.random(),
         "gt_objects": rng.random() if p["source"] == "moving" else None}
        for split in SPLITS for p in _places(split)
    ], infer_schema_length=None)  # fmt: skip
    return pl.DataFrame(rows).join(about, on=BLOCK).sample(fraction=1.0, shuffle=True, seed=1)


def _budgets(rng: np.random.Generator) -> pl.DataFrame:
    rows = []
    for model, several in (("elastic", (4, 16, 2)), ("fixed16", (4, 16)), ("fixed4", (4,))):
        for n, split in product(several, SPLITS):
            for place in _places(split):
                mse = float(rng.choice([0.2, 0.3, 0.5, 0.6, 0.9]))
                psnr = None if rng.random() < 0.2 else float(rng.normal(30, 3))
                rows.append({**place, "model": model, "n_tokens": n, "mse": mse, "psnr": psnr,
                             "ssim": float(rng.uniform(-1, 1)), "bits": 10.0 * n})  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def _rates(rng: np.random.Generator) -> pl.DataFrame:
    rows = [
        {**place, "model": codec, "quality": quality, "bits": 12.0 * quality * rng.uniform(1, 3),
         "mse": rng.uniform(0.1, 2) / quality}
        for codec, quality, split in product(("jpeg", "h264"), (9, 1, 3), SPLITS)
        for place in _places(split)
    ]  # fmt: skip
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def made() -> Findings:
    rng = np.random.default_rng(1)
    models = [{"name": "elastic"}, {"name": "fixed16", "tokens": 16},
              {"name": "fixed4", "tokens": 4}]  # fmt: skip
    params = params_of(train={"models": models})
    tables = {"coded": _coded(rng), "budgets": _budgets(rng), "rates": _rates(rng)}
    return Findings(SYSTEM, "elastic", 0, 100, params, tables, LIMITS)


@pytest.fixture(scope="module")
def coded(made: Findings) -> Callable[..., pd.DataFrame]:
    """Rows of the invented table by its columns, in the order of blocks."""
    table = made.tables["coded"].to_pandas()

    def chosen(split: str | None = "test_clip", **of: str) -> pd.DataFrame:
        of = {
            "model": "elastic",
            "threshold": "strict",
            "search": "binary",
            "variant": "plain",
        } | of
        own = table[np.logical_and.reduce([table[k] == v for k, v in of.items()])]
        own = own if split is None else own[own["split"] == split]
        return own.sort_values(BLOCK).reset_index(drop=True)

    return chosen


def keyed(rows: Iterable[StatisticRow]) -> Rows:
    return {(r["model"], r["metric"], r["slice"]): r for r in rows}


def same(row: StatisticRow, value: float, n: int, clusters: int | None = 8) -> None:
    assert row["estimate"] == pytest.approx(value, abs=1e-12)
    assert (row["n"], row["n_clusters"]) == (n, clusters)


def test_what_was_measured_is_listed(made: Findings) -> None:
    assert made.models == ["elastic", "fixed16", "fixed4"]
    assert list(made.fixed.items()) == [("fixed4", 4), ("fixed16", 16)]
    assert made.codecs == ["jpeg", "h264"]
    assert made.splits == ["test_clip", "test_time"]
    assert made.budgets("elastic") == [2, 4, 16]
    assert (made.slots, made.table("history").height) == (16, 0)


@pytest.mark.parametrize("model", ["elastic", "fixed16"])
@pytest.mark.parametrize("limit", LIMITS)
def test_where_tokens_go(
    model: str, limit: str, made: Findings, coded: Callable[..., pd.DataFrame]
) -> None:
    rows, of = keyed(allocation_rows(made)), {"model": model, "threshold": limit}
    own, at = coded(**of), f"threshold={limit}"
    for name, column in (("motion", "motion"), ("energy", "spatial_energy"),
                         ("objects", "gt_objects"), ("speed", "gt_speed")):  # fmt: skip
        known = own.dropna(subset=[column])
        row = rows[model, "rho", f"{at},with={name}"]
        same(row, spearmanr(known["n_tokens"], known[column]).statistic, len(known),
             known["clip_id"].nunique())  # fmt: skip
    for source, some in own.groupby("source"):
        clips = some["clip_id"].nunique()
        row = rows[model, "tokens_by_source", f"source={source},{at}"]
        same(row, some["n_tokens"].mean(), len(some), clips)
        row = rows[model, "rho", f"source={source},{at},with=motion"]
        same(row, spearmanr(some["n_tokens"], some["motion"]).statistic, len(some), clips)
    moving = own[own["motion"] > 0]
    third = pd.qcut(moving["motion"], 3, labels=["low", "middle", "high"])
    for name, some in moving.groupby(third, observed=True):
        row = rows[model, "tokens_by_motion", f"motion={name},{at}"]
        same(row, some["n_tokens"].mean(), len(some), some["clip_id"].nunique())
        assert (row["least"], row["most"]) == (2.0, 16.0)
    still = own[own["motion"] == 0]
    same(rows[model, "tokens_by_motion", f"motion=none,{at}"], still["n_tokens"].mean(), len(still),
         still["clip_id"].nunique())  # fmt: skip
    others = own[~own["is_cut"]].groupby("source")["n_tokens"].mean()
    cut = own[own["is_cut"]]
    more = cut["n_tokens"] - cut["source"].map(others)
    same(rows[model, "cut_tokens", at], more.mean(), len(more), 7)
    assert rows[model, "cut_tokens", at]["least"] == -14.0
    gap = coded(variant="no_past", **of)["n_tokens"] - own["n_tokens"]
    same(rows[model, "conditioning_gain", at], gap.mean(), len(gap))
    saved = (own["n_tokens"] - coded(variant="still", **of)["n_tokens"])[own["motion"] > 0]
    clips = moving["clip_id"].nunique()
    same(rows[model, "frozen_saved", at], saved.mean(), len(saved), clips)
    same(rows[model, "frozen_fewer", at], (saved >= 0).mean(), len(saved), clips)
    noise = coded(split=None, variant="noise", **of)["n_tokens"]
    same(rows[model, "noise_at_k", at], (noise == 16).mean(), 33, None)


def test_two_moving_blocks_have_no_thirds(made: Findings) -> None:
    def thirds(moving: int) -> int:
        motion = (pl.col("sample_id") == "s00") & (pl.col("block") < moving)
        table = made.tables["coded"].with_columns(motion.cast(pl.Float64).alias("motion"))
        found = replace(made, tables={**made.tables, "coded": table})
        parts = {r["slice"] for r in allocation_rows(found) if r["metric"] == "tokens_by_motion"}
        assert "motion=none,threshold=strict" in parts
        return len({p for p in parts if "none" not in p})

    assert thirds(2) == 0
    assert thirds(3) > 0


@pytest.mark.parametrize("limit", LIMITS)
def test_what_searches_cost_and_miss(
    limit: str, made: Findings, coded: Callable[..., pd.DataFrame]
) -> None:
    rows = {k[1:]: r for k, r in keyed(search_rows(made)).items()}
    full = coded(threshold=limit, search="full")
    for search in SEARCHES:
        own, at = coded(threshold=limit, search=search), f"search={search},threshold={limit}"
        same(rows["evaluations", at], own["n_evals"].mean(), 24)
        assert rows["evaluations", at]["least"] == 0.0
        same(rows["search_tokens", at], own["n_tokens"].mean(), 24)
        wide = own.pivot(index="sample_id", columns="block", values="n_tokens")
        alpha, _ = pingouin.cronbach_alpha(wide)
        assert rows["search_tokens", at]["reliability"] == pytest.approx(alpha)
        wrong = (own["mse"] > LIMITS[limit]) & own["feasible"]
        same(rows["dishonest", at], wrong.sum(), 24, None)
        assert (("missed", at) in rows) == (search != "full")
        if search == "full":
            continue
        reached = full["feasible"]
        clips = full["clip_id"]
        same(rows["missed", at], (~own["feasible"])[reached].mean(), reached.sum(),
             clips[reached].nunique())  # fmt: skip
        both = reached & own["feasible"]
        more = (own["n_tokens"] - full["n_tokens"])[both]
        same(rows["excess_tokens", at], more.mean(), both.sum(), clips[both].nunique())
        assert (rows["excess_tokens", at]["least"], rows["excess_tokens", at]["most"]) == (-14, 14)


@pytest.mark.parametrize("limit", LIMITS)
def test_the_codes_of_every_split_are_counted(
    limit: str, made: Findings, coded: Callable[..., pd.DataFrame]
) -> None:
    rows = keyed(code_rows(made))
    for model in ("elastic", "fixed16"):
        lists = coded(split=None, model=model, threshold=limit)["codes"]
        shares = pd.Series(np.concatenate(lists.to_list())).value_counts(normalize=True)
        at = f"threshold={limit}"
        same(rows[model, "codes_used", at], len(shares), 99, None)
        entropy = -(shares * np.log(shares)).sum()
        same(rows[model, "code_perplexity", at], np.exp(entropy), 99, None)


@pytest.mark.parametrize("quantile", [0.5, 0.8])
def test_the_loss_of_the_regression_is_scikit_learns(
    quantile: float, made: Findings, coded: Callable[..., pd.DataFrame]
) -> None:
    from sklearn.metrics import mean_pinball_loss

    params = made.params.model_copy(deep=True)
    object.__setattr__(params.train.head, "quantile", quantile)
    rows = keyed(unseen_loss_rows(replace(made, params=params)))
    for limit in LIMITS:
        full = coded(threshold=limit, search="full")
        guess = coded(threshold=limit, search="regression")[full["feasible"]]["n_tokens"]
        truth = full[full["feasible"]]["n_tokens"]
        best = min(mean_pinball_loss(truth, np.full(len(truth), c), alpha=quantile)
                   for c in range(17))  # fmt: skip
        row = rows["elastic", "regression_loss_ratio", f"threshold={limit}"]
        value = mean_pinball_loss(truth, guess, alpha=quantile) / best
        same(row, value, len(truth), full[full["feasible"]]["clip_id"].nunique())
        assert row["method"].startswith("ratio of mean pinball losses; t(")


def test_what_a_regression_saved_is_summed_over_its_levels(made: Findings) -> None:
    table = pl.DataFrame({
        "model": ["elastic"] * 2 + ["other"] * 2, "level": [25, 75] * 2,
        "loss": [1.0, 2.0, 5.0, 0.0], "constant_loss": [4.0, 4.0, 4.0, 0.0], "blocks": [7] * 4,
    })  # fmt: skip
    rows = keyed(learned_rows(replace(made, tables={**made.tables, "regression": table})))
    wanted = {
        ("elastic", ""): 1 - 3 / 8,
        ("elastic", "level=25"): 0.75,
        ("elastic", "level=75"): 0.5,
        ("other", ""): -0.25,
        ("other", "level=25"): -0.25,
    }
    for (model, at), value in wanted.items():
        same(rows[model, "regression_learned", at], value, 7, None)
    assert rows["other", "regression_learned", "level=75"]["estimate"] is None
    assert rows["other", "regression_learned", "level=75"]["n"] == 7


@pytest.mark.parametrize("split", SPLITS)
def test_quality_at_every_budget(split: str, made: Findings) -> None:
    rows = keyed(curve_rows(replace(made, tables={**made.tables, "errors": _curves()})))
    table, clips = made.tables["budgets"].to_pandas(), len(SPLITS[split])
    mean = {}
    for (model, n), own in table[table["split"] == split].groupby(["model", "n_tokens"]):
        at = f"n={n},split={split}"
        for quality in ("mse", "psnr", "ssim"):
            row, known = rows[model, quality, at], own[quality].dropna()
            same(row, known.mean(), len(known), own.loc[known.index, "clip_id"].nunique())
        assert rows[model, "mse", at]["least"] == 0.0
        assert (rows[model, "ssim", at]["least"], rows[model, "ssim", at]["most"]) == (-1.0, 1.0)
        for limit, error in LIMITS.items():
            row = rows[model, "budget_feasible", f"{at},threshold={limit}"]
            same(row, (own["mse"] <= error).mean(), len(own), clips)
        mean[model, n] = own["mse"].mean()
    for model, few, many in (("elastic", 2, 16), ("fixed16", 4, 16), ("fixed4", 4, 4)):
        row = rows[model, "gain", f"split={split}"]
        same(row, mean[model, few] / mean[model, many], 3 * clips, clips)
    for fixed, n in (("fixed4", 4), ("fixed16", 16)):
        row = rows["elastic", "against_fixed", f"fixed={fixed},split={split}"]
        same(row, mean["elastic", n] / mean[fixed, n], 3 * clips, clips)
    for n in (4, 16):
        row = rows["fixed16", "cut_against_elastic", f"n={n},split={split}"]
        same(row, mean["fixed16", n] / mean["elastic", n], 3 * clips, clips)
    assert ("fixed16", "cut_against_elastic", f"n=2,split={split}") not in rows


def _curves() -> pl.DataFrame:
    """Errors of three blocks, of the last one at a single budget: 2, 1 and 2 steps fall."""
    place = {"model": "elastic", "sample_id": "s00", "clip_id": "c00", "n_tokens": [2, 3, 4, 5]}
    return pl.DataFrame([
        {**place, "block": 0, "mse": [4.0, 3.0, 3.0, 2.0]},
        {**place, "block": 1, "mse": [4.0, 5.0, 3.5, 3.5]},
        {**place, "block": 2, "n_tokens": [3, 4, 5], "mse": [3.0, 2.0, 1.0]},
    ])  # fmt: skip


def test_steps_that_fall_are_shares_of_the_steps(made: Findings) -> None:
    rows = keyed(curve_rows(replace(made, tables={**made.tables, "errors": _curves()})))
    same(rows["elastic", "monotone_share", ""], (2 / 3 + 1 / 3 + 1) / 3, 3, 1)
    # Of the budgets 2, 4 and 16 a curve has the first two: 4 to 3, and 4 to 3.5.
    same(rows["elastic", "monotone_share", "steps=budgets"], 1.0, 2, 1)


def test_codecs_are_read_off_at_equal_bits(made: Findings) -> None:
    rows = keyed(rate_rows(made))
    rates, budgets = (made.tables[name].to_pandas() for name in ("rates", "budgets"))
    rates, budgets = (one[one["split"] == "test_clip"] for one in (rates, budgets))
    found = 0
    for codec, own in rates.groupby("model"):
        means = own.groupby("quality")[["bits", "mse"]].mean()
        for quality, mean in means.iterrows():
            for name in ("bits", "mse"):
                same(rows[codec, f"codec_{name}", f"quality={quality}"], mean[name], 24)
                assert rows[codec, f"codec_{name}", f"quality={quality}"]["least"] == 0.0
        line = means.sort_values("bits")
        for (model, n), at in budgets.groupby(["model", "n_tokens"]):
            row = rows[model, "against_codec", f"codec={codec},n={n}"]
            if not line["bits"].min() <= at["bits"].mean() <= line["bits"].max():
                assert "where the codec has" in str(row["reason"])
                continue
            theirs = np.interp(np.log(at["bits"].mean()), np.log(line["bits"]), np.log(line["mse"]))
            same(row, at["mse"].mean() / np.exp(theirs), 24)
            found += 1
    assert found > 3


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("split", SPLITS)
def test_tokens_at_an_equal_share(
    limit: str, split: str, made: Findings, coded: Callable[..., pd.DataFrame]
) -> None:
    rows, clips = keyed(saving_rows(made)), len(SPLITS[split])
    budgets = made.tables["budgets"].to_pandas()
    budgets = budgets[budgets["split"] == split].sort_values(BLOCK)
    for model in ("elastic", "fixed16"):
        own, at = (
            coded(split=split, model=model, threshold=limit),
            f"split={split},threshold={limit}",
        )
        same(rows[model, "tokens", at], own["n_tokens"].mean(), 3 * clips, clips)
        same(rows[model, "token_share", at], own["n_tokens"].mean() / 16, 3 * clips, clips)
        assert rows[model, "token_share", at]["least"] == 2 / 16
        assert rows[model, "token_share", at]["most"] == 1.0
        same(rows[model, "feasible", at], own["feasible"].mean(), 3 * clips, clips)
        assert (rows[model, "feasible", at]["least"], rows[model, "feasible", at]["most"]) == (0, 1)
        used = [np.minimum(own["n_tokens"], cap).mean() for cap in range(1, 17)]
        met = [(own["feasible"] & (own["n_tokens"] <= cap)).mean() for cap in range(1, 17)]
        against = [(name, name, n) for name, n in (("fixed4", 4), ("fixed16", 16))]
        against += [("uniform", model, n) for n in made.budgets(model)]
        for name, whose, n in against:
            errors = budgets[(budgets["model"] == whose) & (budgets["n_tokens"] == n)]["mse"]
            wanted = (errors <= LIMITS[limit]).mean()
            row = rows[model, "token_saving", f"against={name},n={n},{at}"]
            if wanted > met[-1]:
                assert row["estimate"] is None
                continue
            first = next(i for i, share in enumerate(met) if share >= wanted - 1e-12)
            value = n / np.interp(wanted, met[first - 1 : first + 1], used[first - 1 : first + 1])
            same(row, value, 3 * clips, None if row["n_clusters"] is None else clips)
    points = figure_points(made, "elastic", limit)
    own = coded(threshold=limit)
    for point, cap in zip(points, range(2, 17), strict=True):
        assert point["x"] == pytest.approx(np.minimum(own["n_tokens"], cap).mean() / 16)
        met_at = own["feasible"] & (own["n_tokens"] <= cap)
        assert point["estimate"] == pytest.approx(met_at.mean())


def test_clips_that_are_alike_leave_no_doubt(made: Findings) -> None:
    """Any clips that are drawn make the same figure: both ends of its interval are the figure."""
    clips = [f"c{c}" for c in range(6)]
    places = pl.DataFrame({"sample_id": clips, "clip_id": clips}).join(
        pl.DataFrame({"block": range(3), "n_tokens": [4, 8, 12], "mse": [0.2, 0.4, 0.6]}),
        how="cross",
    )
    own = places.with_columns(pl.lit(value=True).alias("feasible"))
    saved = saving(made, own, own.with_columns(feasible=pl.col("n_tokens") < 12), 16)
    # A cap of 8 gets two thirds with 20 / 3 tokens a block.
    assert (saved.value, saved.ci_lo, saved.ci_hi) == pytest.approx((2.4, 2.4, 2.4))
    bits = places.with_columns(pl.lit(200.0).alias("bits"))
    line = [bits.with_columns(pl.lit(b).alias("bits"), pl.lit(m).alias("mse"), quality=q)
            for q, b, m in ((pl.lit(1), 100.0, 0.4), (pl.lit(2), 400.0, 0.1))]  # fmt: skip
    held = against(made, bits, pl.concat(line))
    assert (held.value, held.ci_lo, held.ci_hi) == pytest.approx((2.0, 2.0, 2.0))
    assert saved.least == held.least == 0.0
    nobody = own.with_columns(pl.lit("nobody").alias("sample_id"))
    assert saving(made, own, nobody, 16).n == 0


def test_near_copies_are_a_split_of_their_own() -> None:
    clips = {"clip_id": ["a", "b", "a", "c"], "split": ["test_clip", "test_clip", "test_time", "x"]}
    near = pl.DataFrame({"clip_id": ["a", "b", "c"], "near": [True, False, True],
                         "split": ["test_clip", "test_clip", "x"]})  # fmt: skip
    tables = {"coded": pl.DataFrame(clips), "errors": pl.DataFrame(clips), "near": near}
    found = _apart(tables)
    assert found["coded"]["split"].to_list() == ["test_near", "test_clip", "test_time", "x"]
    assert found["errors"].equals(tables["errors"])
    every = near.with_columns(pl.lit(value=True).alias("near"))
    assert _apart({**tables, "near": every})["coded"].equals(tables["coded"])
    assert _apart({"coded": tables["coded"]})["coded"].equals(tables["coded"])


def test_a_correlation_with_what_nobody_knows_is_of_no_block(made: Findings) -> None:
    unknown = made.tables["coded"].with_columns(pl.lit(None, pl.Float64).alias("gt_speed"))
    found = replace(made, tables={**made.tables, "coded": unknown})
    row = keyed(allocation_rows(found))["elastic", "rho", "threshold=loose,with=speed"]
    assert (row["estimate"], row["n"], row["reason"]) == (None, 0, "not known for any block")


def test_a_ratio_of_one_block_and_of_none() -> None:
    two, one, clips = np.array([2.0, 2.0]), np.array([1.0, 0.0]), np.array(["a", "b"])
    assert ratio(two[:1], one[:1], clips[:1], "m").value == 2.0
    assert ratio(two, one, clips, "m").value == 4.0
    for some, reason in ((slice(0), "no blocks"), (slice(1, 2), "the denominator is 0")):
        found = ratio(two[some], one[some], clips[some], "m")
        assert (found.value, found.reason, found.n) == (None, reason, len(two[some]))
