from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import measurand
from measurand.analysis import pictures
from measurand.results import RESULTS
from measurand.shards import write_dataset


def scores(rates: dict[str, float], n: int = 300) -> dict[str, list[Any]]:
    rng = np.random.default_rng(0)
    u, ability = rng.random(n), rng.random(n) * 0.2
    return {
        "item_id": [f"i{k}" for k in range(n)] * len(rates),
        "model": [m for m in rates for _ in range(n)],
        "metric": ["acc"] * n * len(rates),
        "value": [float(x) for rate in rates.values() for x in (u * 0.9 + ability * 0.5) < rate],
    }


def of(data: Any) -> dict[str, Any]:
    found: dict[str, Any] = measurand.analyse(data).record["scores"][0]
    return found


def test_places_are_those_that_no_pair_excludes() -> None:
    [figure] = pictures.ranks(of(scores({"a": 0.8, "b": 0.79, "c": 0.3})))
    rows = {r["label"]: (r["estimate"], r["lower"], r["upper"]) for r in figure.data["rows"]}  # type: ignore[union-attr]
    assert rows["c"] == (3, 3, 3)
    assert rows["a"] == (1, 1, 2)
    assert rows["b"] == (2, 1, 2)


def test_two_models_have_no_ranking() -> None:
    assert not list(pictures.ranks(of(scores({"a": 0.8, "b": 0.3}))))


def test_where_less_is_better_the_lowest_is_first() -> None:
    score = of(scores({"a": 0.8, "b": 0.5, "c": 0.2})) | {"higher_is_better": False}
    [figure] = pictures.ranks(score)
    assert figure.data["rows"][0]["label"] == "c"  # type: ignore[union-attr]
    assert figure.data["rows"][0]["upper"] == 1  # type: ignore[union-attr]


def test_items_are_mapped_and_drawn() -> None:
    rates = {f"m{k}": 0.2 + 0.06 * k for k in range(10)}
    found = measurand.analyse(scores(rates, 60))
    points = found.record["scores"][0]["item_statistics"]["map"]
    assert [p["difficulty"] for p in points] == sorted(p["difficulty"] for p in points)
    titles = found.render("html")
    assert "map of the items" in titles
    assert "acc: places" in titles
    assert not list(pictures.item_map(of(scores({"a": 0.5}, 20))))


def ours(folder: Path) -> Path:
    """Results that tell their tokens: 100 a try of a, 300 of b; one answer of a is not read."""
    rows = []
    for model, tokens in (("a", 100), ("b", 300)):
        for i in range(20):
            unread = model == "a" and i == 0
            value = None if unread else float(i % 2)
            rows.append({"run_id": "r", "system": "s", "model": model, "metric": "acc",
                         "item_id": f"i{i}", "repeat": 0, "cluster_id": f"i{i}", "value": value,
                         "status": "model_error" if unread else "ok",
                         "reason": "no answer found" if unread else None, "slice": "", "seed": None,
                         "prompt_tokens": tokens, "prompt_sha256": "0" * 64})  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=RESULTS.schema())
    write_dataset(folder / "items", RESULTS, table, params={})
    return folder


def test_tokens_for_a_success_count_failed_tries(tmp_path: Path) -> None:
    found = measurand.analyse(ours(tmp_path))
    a, b = found.record["scores"][0]["models"]
    assert a["tokens"] == 100
    assert a["tokens_per_success"]["value"] == pytest.approx(2000 / 10)
    assert b["tokens_per_success"]["value"] == pytest.approx(6000 / 10)
    assert b["tokens_per_success"]["ci_lo"] < 600 < b["tokens_per_success"]["ci_hi"]
    assert "tokens for a success" in found.render("text")
    assert list(pictures.against_cost(found.record["scores"][0]))


def test_answers_that_were_not_read_are_a_share_of_their_own(tmp_path: Path) -> None:
    found = measurand.analyse(ours(tmp_path))
    a, b = found.record["scores"][0]["models"]
    assert a["unread"]["value"] == pytest.approx(1 / 20)
    assert a["unread"]["ci_hi"] > 0.05
    assert b["unread"] is None
    assert "Answers that no score could be read from" in found.render("text")


def test_rows_without_tokens_have_no_cost() -> None:
    score = of(scores({"a": 0.5, "b": 0.6}))
    assert score["models"][0]["tokens"] is None
    assert score["models"][0]["tokens_per_success"] is None
    assert not list(pictures.against_cost(score))
