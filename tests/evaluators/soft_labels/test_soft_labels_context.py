from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluators.soft_labels.context import Material, items_of, material, numbers_of, share_of
from measurand.stats.dyads import dyadic_mean
from schemas.soft_labels.params import Params


def test_items_are_those_of_the_pair(everything: Material) -> None:
    pairs = everything.pairs
    items = items_of(pairs)
    names = pairs.select("item_1", "item_2").to_numpy()
    for a in range(0, len(names), 7):
        same = (names == names[a, 0]).ravel()
        assert (items.ravel()[same] == items[a, 0]).all()
        assert (items.ravel()[~same] != items[a, 0]).all()


def test_only_test_pairs_are_scored_and_runs_keep_their_order(everything: Material) -> None:
    assert everything.scores["split"].unique().to_list() == ["test"]
    assert [run.id for run, _ in everything.runs()] == [
        "film_dpo",
        "film_gdpo",
        "film_shuffled",
        "known_cdpo",
    ]
    assert set(everything.comparisons["a"]) == {
        "film_dpo",
        "film_gdpo",
        "film_shuffled",
        "reference",
    }


def test_what_was_not_written_is_empty(
    written: tuple[Path, Path], tmp_path: Path, params: Params
) -> None:
    found = material(written[0], tmp_path, params)
    assert found.pairs.height > 0
    for part in (found.scores, found.samples, found.comparisons, found.training, found.bandit):
        assert part.is_empty()
    assert list(found.runs()) == []


def test_shares_stay_between_0_and_1() -> None:
    items = np.array([(i % 7, 7 + i % 5) for i in range(30)])
    hits = (np.arange(30) < 28).astype(float)
    found, plain = share_of(hits, items), dyadic_mean(hits, items)
    assert found.value == plain.value
    assert found.ci_hi is not None
    assert plain.ci_hi is not None
    assert found.ci_hi < 1 < plain.ci_hi
    assert found.method.endswith("on the logit scale")
    whole = share_of(np.ones(30), items)
    assert (whole.value, whole.ci_hi, whole.n, whole.n_clusters) == (1, 1, 30, 12)
    assert whole.ci_lo == pytest.approx(0.025 ** (1 / 12))
    assert share_of(np.array([])).reason == "no rows"


def test_a_null_is_nan(everything: Material) -> None:
    p = numbers_of(everything.judgements, "p_1")
    assert np.isnan(p).sum() == everything.judgements["p_1"].null_count() == 2
