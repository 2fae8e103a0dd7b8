from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evaluators.elastictok.context import Findings, paired
from evaluators.elastictok.searching import code_rows, learned_rows, search_rows, unseen_loss_rows


def rows(found: Findings, metric: str) -> dict[str, dict[str, object]]:
    return {r["slice"]: r for r in search_rows(found) if r["metric"] == metric}


def test_nothing_is_called_feasible_that_is_not(found: Findings) -> None:
    every = rows(found, "dishonest")
    assert len(every) == 4 * 3
    assert {r["estimate"] for r in every.values()} == {0.0}


def test_evaluations_are_what_each_search_may_spend(found: Findings) -> None:
    spent = {s: r["estimate"] for s, r in rows(found, "evaluations").items()}
    for threshold in found.limits:
        assert spent[f"search=full,threshold={threshold}"] == 15
        assert spent[f"search=regression,threshold={threshold}"] == 1
        assert spent[f"search=binned,threshold={threshold}"] == 5
        assert spent[f"search=binary,threshold={threshold}"] <= 5


def test_excess_is_over_the_full_search_where_both_are_feasible(found: Findings) -> None:
    excess = rows(found, "excess_tokens")
    full, own = (found.coded("elastic", "loose", s) for s in ("full", "binned"))
    both = paired(own, full, ["n_tokens", "feasible"]).filter("feasible", "feasible_b")
    expected = (both["n_tokens"] - both["n_tokens_b"]).mean()
    assert excess["search=binned,threshold=loose"]["estimate"] == pytest.approx(expected)
    # Full search against itself is no sample of anything.
    assert not any("search=full" in slice_ for slice_ in excess)


def test_what_a_search_misses_is_a_share_of_what_full_search_finds(found: Findings) -> None:
    missed = rows(found, "missed")
    assert not any("search=full" in slice_ for slice_ in missed)
    assert 0 <= missed["search=regression,threshold=loose"]["estimate"] <= 1


def test_perplexity_is_that_of_the_tokens(found: Findings) -> None:
    row = next(
        r for r in code_rows(found)
        if r["metric"] == "code_perplexity" and r["model"] == "elastic"
        and r["slice"] == "threshold=loose"
    )  # fmt: skip
    own = found.tables["coded"].filter(
        pl.col("codes").is_not_null(), model="elastic", threshold="loose"
    )
    numbers = own["codes"].explode()
    p = numbers.value_counts()["count"].to_numpy() / len(numbers)
    assert row["estimate"] == pytest.approx(np.exp(-(p * np.log(p)).sum()))
    assert row["n"] == own["n_tokens"].sum()


def test_what_the_regression_learned_is_the_share_of_a_constants_loss(found: Findings) -> None:
    own = found.tables["regression"].filter(model="elastic")
    rows = [r for r in learned_rows(found) if r["model"] == "elastic"]
    saved = 1 - own["loss"].sum() / own["constant_loss"].sum()
    assert rows[0]["slice"] == ""
    assert rows[0]["estimate"] == pytest.approx(saved)
    assert [r["slice"] for r in rows[1:]] == [f"level={q}" for q in (25, 50, 75, 90)]


def test_on_unseen_blocks_a_constant_has_the_loss_of_a_constant_and_the_truth_none(
    found: Findings,
) -> None:
    coded = found.tables["coded"]
    full = coded.filter(search="full")

    def ratio(tokens: pl.Expr) -> dict[str, float | None]:
        guessed = full.with_columns(
            pl.lit("regression").alias("search").cast(coded["search"].dtype),
            tokens.cast(pl.Int32).alias("n_tokens"),
        )
        given = replace(found, tables={**found.tables, "coded": pl.concat([full, guessed])})
        return {r["slice"]: r["estimate"] for r in unseen_loss_rows(given)}

    same = ratio(pl.col("n_tokens"))
    assert same["threshold=loose"] == 0.0
    # None where every block asks for the same number, so that no constant can be wrong.
    assert set(same.values()) <= {0.0, None}
    best = {
        t: full.filter(model="elastic", threshold=t, variant="plain", split="test_clip")
        .filter("feasible")["n_tokens"].quantile(0.5, "lower") for t in found.limits
    }  # fmt: skip
    assert best["loose"] is not None
    assert ratio(pl.lit(best["loose"]))["threshold=loose"] == pytest.approx(1.0)
    assert (ratio(pl.lit(16))["threshold=loose"] or 0) > 1


def test_missed_blocks_are_those_that_full_search_alone_brings_under(found: Findings) -> None:
    missed = rows(found, "missed")
    for search in ("binary", "binned", "regression"):
        full, own = (found.coded("elastic", "loose", s) for s in ("full", search))
        both = paired(own, full, ["n_tokens", "feasible"]).filter("feasible_b")
        row = missed[f"search={search},threshold=loose"]
        assert row["estimate"] == pytest.approx(1 - both["feasible"].mean())  # type: ignore[operator]
        assert row["n"] == both.height


def test_codes_are_counted_once_each(found: Findings) -> None:
    own = found.tables["coded"].filter(
        pl.col("codes").is_not_null(), model="elastic", threshold="loose"
    )
    row = next(
        r for r in code_rows(found)
        if (r["metric"], r["model"], r["slice"]) == ("codes_used", "elastic", "threshold=loose")
    )  # fmt: skip
    assert row["estimate"] == own["codes"].explode().n_unique()


def test_a_regression_of_equal_blocks_has_nothing_to_learn(found: Findings) -> None:
    own = found.tables["regression"].with_columns(constant_loss=pl.lit(0.0))
    made = replace(found, tables={**found.tables, "regression": own})
    learned = list(learned_rows(made))
    assert learned
    for row in learned:
        assert row["estimate"] is None
        assert row["reason"] == "every block asks for the same number of tokens"
    half = found.tables["regression"].with_columns(
        constant_loss=pl.lit(4.0), loss=pl.col("level").cast(pl.Float64) / 25
    )
    made = replace(found, tables={**found.tables, "regression": half})
    saved = {r["slice"]: r["estimate"] for r in learned_rows(made) if r["model"] == "elastic"}
    # Losses are 1, 2, 3 and 3.6 of 4 each.
    assert saved["level=25"] == pytest.approx(0.75)
    assert saved["level=75"] == pytest.approx(0.25)
    assert saved[""] == pytest.approx(1 - 9.6 / 16)


def test_evaluations_may_be_as_few_as_none(found: Findings) -> None:
    assert {r["least"] for r in rows(found, "evaluations").values()} == {0.0}
