from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import ParamsError
from measurand.texts import normalise
from pipelines.many_shot import leakage
from pipelines.many_shot.leakage import (
    bands,
    jaccard,
    near_duplicates,
    plant_leaks,
    search,
    shingles,
)
from schemas.many_shot.params import NearDuplicates
from schemas.many_shot.tables import LEAKAGE

NEAR = NearDuplicates()
WORDS = [f"w{i}" for i in range(2000)]


def sentence(rng: np.random.Generator, n: int = 30) -> list[str]:
    return [str(word) for word in rng.choice(WORDS, n, replace=False)]


def edited(rng: np.random.Generator, words: list[str], edits: int) -> list[str]:
    """Other words at random places."""
    changed = list(words)
    for at in rng.choice(len(words), edits, replace=False):
        changed[at] = f"new{rng.integers(10**9)}"
    return changed


@given(st.lists(st.sampled_from("abc"), max_size=12), st.integers(1, 6))
def test_shingles_are_all_runs_of_n_words(words: list[str], n: int) -> None:
    found = shingles(" ".join(words), n)
    if len(words) <= n:
        assert found == {" ".join(words)}
    else:
        assert found == {" ".join(run) for run in zip(*(words[i:] for i in range(n)), strict=False)}


@given(st.frozensets(st.text(max_size=2)), st.frozensets(st.text(max_size=2)))
def test_jaccard_is_intersection_by_union(a: frozenset[str], b: frozenset[str]) -> None:
    assert jaccard(a, b) == (len(a & b) / len(a | b) if a | b else 1.0)


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("permutations", [64, 128, 256])
def test_bands_miss_less_than_promised_and_one_more_row_would_not(
    threshold: float, permutations: int
) -> None:
    near = NearDuplicates(jaccard=threshold, permutations=permutations)
    b, r = bands(near)
    assert b * r <= permutations
    assert (1 - threshold**r) ** b <= leakage.MISS
    if r < permutations:
        assert (1 - threshold ** (r + 1)) ** (permutations // (r + 1)) > leakage.MISS


def test_too_short_signatures_are_refused() -> None:
    with pytest.raises(ParamsError, match="16 permutations miss too many"):
        bands(NearDuplicates(jaccard=0.3, permutations=16))


def test_default_bands_find_more_than_999_of_1000_pairs_at_the_threshold() -> None:
    b, r = bands(NEAR)
    assert (b, r) == (25, 5)
    assert 1 - (1 - NEAR.jaccard**r) ** b > 0.9999


def test_pairs_planted_at_the_threshold_are_all_found() -> None:
    rng = np.random.default_rng(0)
    # 45 words have 41 shingles; one word amid them changes five: 36 / 46. The second word from an
    # end changes two: 39 / 43. Two such edits at both ends: 37 / 45, just above .8.
    left, right = [], []
    for _ in range(1500):
        words = sentence(rng, 45)
        left.append(" ".join(words))
        words[1], words[-2] = "other", "others"
        right.append(" ".join(words))
    similarity = jaccard(shingles(left[0], 5), shingles(right[0], 5))
    assert similarity == 37 / 45
    found = near_duplicates(left, right, NEAR)
    assert found == [(i, i, similarity) for i in range(1500)]


@pytest.mark.parametrize("words", [1, 3, 5])
def test_the_pairs_found_are_those_of_comparing_all(words: int) -> None:
    near = NearDuplicates(words=words, jaccard=0.6)
    rng = np.random.default_rng(words)
    sources = [sentence(rng) for _ in range(60)]
    test = [" ".join(s) for s in sources[:40]]
    others = [" ".join(edited(rng, s, int(rng.integers(5)))) for s in sources for _ in range(4)]
    sets = [[shingles(text, words) for text in some] for some in (test, others)]
    every = [
        (i, j, jaccard(a, b))
        for i, a in enumerate(sets[0])
        for j, b in enumerate(sets[1])
        if jaccard(a, b) >= 0.6
    ]
    assert len(every) > 20
    assert near_duplicates(test, others, near) == every


def test_texts_too_short_for_a_shingle_are_near_only_when_equal() -> None:
    found = near_duplicates(["What is 1 + 2?"], ["what is 1 + 2", "What is 1 + 3?", "2 + 1"], NEAR)
    assert found == [(0, 0, 1.0)]
    assert near_duplicates([], ["a"], NEAR) == near_duplicates(["a"], [], NEAR) == []


@pytest.mark.integration
def test_pairs_do_not_depend_on_the_process() -> None:
    code = (
        "from pipelines.many_shot.leakage import near_duplicates, plant_leaks\n"
        "from schemas.many_shot.params import NearDuplicates\n"
        "near = NearDuplicates(words=2, jaccard=0.3)\n"
        "texts = [f'{i} {i % 7} {i % 5} {i % 3} and so on' for i in range(60)]\n"
        "print(near_duplicates(texts[:20], texts[20:], near, at_least=0.0))\n"
        "print(plant_leaks(texts, 9, near, 0, 't'))\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert len(said[0]) > 1000


def pool(n_train: int = 40, n_test: int = 12) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    texts = [" ".join(sentence(rng)) for _ in range(n_train + n_test)]
    return pl.DataFrame(
        {
            "example_id": [f"id{i}" for i in range(len(texts))],
            "group_id": [f"group{i}" for i in range(len(texts))],
            "split": ["train"] * n_train + ["test"] * n_test,
            "input": texts,
        }
    )


def searched(rows: pl.DataFrame, shown: set[str]) -> dict[str, Any]:
    return search("t", rows, shown, NEAR, plant=9, removed=2, seed=0)


TRAIN = {f"id{i}" for i in range(40)}
LEAKS = ("shared_ids", "shared_groups", "shared_texts", "near_duplicates")


def test_clean_prompts_show_no_leak_and_every_planted_one_is_found() -> None:
    row = searched(pool(), TRAIN)
    LEAKAGE.from_columns({name: [value] for name, value in row.items()})
    assert [row[name] for name in LEAKS] == [0, 0, 0, 0]
    assert row["planted"] == row["found"] == 9
    assert (row["n_test"], row["n_shown"], row["removed"]) == (12, 40, 2)


@pytest.mark.parametrize("seen", [0, 1, 40])
def test_only_shown_examples_count(seen: int) -> None:
    rows = pool().with_columns(
        input=pl.when(pl.col("example_id") == "id39")
        .then(pl.col("input").last())
        .otherwise("input")
    )
    row = searched(rows, {f"id{i}" for i in range(seen)})
    assert row["n_shown"] == seen
    assert row["shared_texts"] == row["near_duplicates"] == int(seen == 40)
    assert row["found"] == 9


def test_a_shown_test_question_is_found_in_every_way() -> None:
    row = searched(pool(), TRAIN | {"id45"})
    assert [row[name] for name in LEAKS] == [1, 1, 1, 1]
    assert row["max_jaccard"] == 1.0


def test_a_shared_group_a_recased_text_and_a_lightly_edited_one_are_found_apart() -> None:
    rows = pool()
    test = rows.filter(split="test")["input"].to_list()
    changes = {
        "group": rows.with_columns(group_id=pl.col("group_id").replace("group3", "group41")),
        "text": rows.with_columns(input=pl.col("input").replace(rows["input"][3], test[0].upper())),
        "near": rows.with_columns(
            input=pl.col("input").replace(rows["input"][3], test[0] + " now")
        ),
    }
    found = {k: [searched(v, TRAIN)[name] for name in LEAKS] for k, v in changes.items()}
    assert found == {"group": [0, 1, 0, 0], "text": [0, 0, 1, 1], "near": [0, 0, 0, 1]}


def test_a_search_that_finds_nothing_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leakage, "near_duplicates", lambda *args, **kwargs: [])
    assert searched(pool(), TRAIN)["found"] == 0


@given(st.lists(st.text(), min_size=1, max_size=8), st.integers(0, 10))
def test_whatever_the_texts_planted_leaks_are_found(texts: list[str], plant: int) -> None:
    rows = pl.DataFrame(
        {
            "example_id": [f"i{i}" for i in range(len(texts))],
            "group_id": [f"g{i}" for i in range(len(texts))],
            "split": ["test"] * len(texts),
            "input": texts,
        }
    )
    row = search("t", rows, set(), NEAR, plant=plant, removed=0, seed=1)
    assert row["found"] == row["planted"] == min(plant, len(texts))
    assert (row["near_duplicates"], row["max_jaccard"]) == (0, None)


def test_leaks_are_planted_in_three_disguises_of_different_questions() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(sentence(rng)) for _ in range(12)]
    leaks = plant_leaks(texts, 9, NEAR, 0, "t")
    assert len({normalise(leak).removesuffix(" indeed") for leak in leaks}) == 9
    assert sum(leak in texts for leak in leaks) == 3
    assert sum(leak not in texts and normalise(leak) in texts for leak in leaks) == 3
    assert sum(leak.removesuffix(" indeed") in texts for leak in leaks) == 6
    assert plant_leaks(texts, 9, NEAR, 1, "t") != leaks
