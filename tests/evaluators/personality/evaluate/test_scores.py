from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from evaluators.personality.evaluate.scores import matrix, read_responses, scale_scores, wide_scores


def answers() -> pl.DataFrame:
    rows = [
        # participant, bio, item, keyed, value
        ("p2", 2, "b", -1, 1),
        ("p1", 1, "a", 1, 5),
        ("p1", 1, "b", -1, 2),
        ("p2", 2, "a", 1, None),
    ]
    names = ["participant_id", "bio_id", "item_id", "keyed", "value"]
    frame = pl.DataFrame(rows, names, orient="row")
    keyed = pl.when(pl.col("keyed") < 0).then(6 - pl.col("value")).otherwise(pl.col("value"))
    return frame.with_columns(keyed.cast(pl.Float64).alias("keyed_value"))


def test_a_matrix_is_keyed_and_keeps_missing_answers() -> None:
    found = matrix(answers())
    assert found.participants == ("p1", "p2")
    assert found.items == ("a", "b")
    np.testing.assert_array_equal(found.x, [[5, 4], [np.nan, 5]])
    np.testing.assert_array_equal(found.raw, [[5, 2], [np.nan, 1]])
    np.testing.assert_array_equal(found.clusters, [1, 2])
    np.testing.assert_array_equal(found.keyed, [1, -1])


def test_scores_equal_the_means_of_the_matrix(administer: Callable[[str], Path]) -> None:
    [(model, responses)] = read_responses(administer("synthetic:factor")).items()
    scores = pl.DataFrame(pl.from_arrow(scale_scores(model, responses)))
    own = responses.filter(
        (pl.col("experiment") == "validity") & (pl.col("scale_id") == "ipip_50.AGR")
    )
    wide, bios = wide_scores(
        scores.filter(pl.col("experiment") == "validity"), ["ipip_50.AGR", "mini_ipip.AGR"]
    )
    np.testing.assert_allclose(wide[:, 0], matrix(own).x.mean(axis=1))
    np.testing.assert_array_equal(bios, matrix(own).clusters)
    assert len(wide) == 20


def test_forms_are_joined_on_the_participant(administer: Callable[[str], Path]) -> None:
    [(model, responses)] = read_responses(administer("synthetic:factor")).items()
    scores = pl.DataFrame(pl.from_arrow(scale_scores(model, responses)))
    wide, _ = wide_scores(scores, ["ipip_50.EXT", "not_asked.EXT"])
    assert wide.shape == (0, 2)


def test_a_score_counts_the_answers_that_there_are(administer: Callable[[str], Path]) -> None:
    [(model, responses)] = read_responses(administer("synthetic:factor")).items()
    own = responses.filter(experiment="validity", scale_id="mini_ipip.AGR").sort("participant_id")
    first = own["participant_id"][0]
    gone = (pl.col("participant_id") == first) & (pl.col("item_id") == own["item_id"][0])
    rest = own.filter(participant_id=first).filter(~gone)
    some = own.with_columns(
        pl.when(~gone).then(pl.col(name)).alias(name)
        for name in ("value", "keyed_value", "keyed_expected")
    )
    scores = pl.DataFrame(pl.from_arrow(scale_scores(model, some)))
    mine = scores.row(by_predicate=pl.col("participant_id") == first, named=True)
    assert (mine["n_items"], mine["n_missing"]) == (len(rest), 1)
    np.testing.assert_allclose(mine["score"], rest["keyed_value"].mean())
    assert set(scores.filter(pl.col("participant_id") != first)["n_missing"]) == {0}
