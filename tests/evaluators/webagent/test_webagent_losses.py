from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import webagent_small as small
from scipy import stats

from evaluators.webagent.evaluate.context import Found
from evaluators.webagent.losses import loss, loss_rows


def test_losses_are_those_that_were_made(found: Found) -> None:
    rows = {(row["model"], row["slice"]): row for row in loss_rows(found)}
    assert rows[small.MODEL, "kind=text,mu=3"]["estimate"] == pytest.approx(2)
    assert rows[small.MODEL, "kind=tag,mu=64"]["estimate"] == pytest.approx(2)
    # Of all spans: 2 and 3 nats of text, 1 and 2 of tags.
    assert rows[small.MODEL, "kind=text"]["estimate"] == pytest.approx(2.5)
    assert rows[small.MODEL, "kind=tag"]["estimate"] == pytest.approx(1.5)
    assert rows[small.MODEL, "mu=64"]["estimate"] == pytest.approx(2.5)
    assert rows[small.SCRATCH, ""]["estimate"] == pytest.approx(1.5 * 2)
    assert not list(loss_rows(replace(found, probes=found.probes.clear())))


def test_models_come_in_the_order_of_their_names(found: Found) -> None:
    some = found.probes.filter(model=small.MODEL, mu=3, kind="text")
    names = [f"model{i}" for i in range(9)]
    every = pl.concat([some.with_columns(model=pl.lit(name)) for name in reversed(names)])
    rows = [row["model"] for row in loss_rows(replace(found, probes=every)) if not row["slice"]]
    assert rows == names


def test_pages_are_left_out_whole_and_sums_together() -> None:
    rng = np.random.default_rng(5)
    tokens, rates = rng.integers(5, 60, 400), rng.gamma(4, 0.5, 400)
    pages = pl.DataFrame({"doc_id": [f"d{i:03}" for i in range(400)], "tokens": tokens,
                          "nll": rates * tokens})  # fmt: skip
    # Two rows a page, which tell nothing that one does not.
    got = loss(pl.concat([pages, pages]))

    def ratio(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.asarray(a.sum(axis) / b.sum(axis))

    known = stats.bootstrap(
        (pages["nll"].to_numpy(), tokens), ratio, paired=True, method="percentile",
        n_resamples=4000, random_state=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    assert got.value == pytest.approx(float(ratio(rates * tokens, tokens)))
    width = known.high - known.low
    assert (got.ci_lo, got.ci_hi) == pytest.approx((known.low, known.high), abs=0.1 * width)
    assert (got.n, got.n_clusters) == (2 * tokens.sum(), 400)
