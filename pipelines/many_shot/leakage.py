"""Test questions must not be among the shots: not by identity, not by text, not nearly.

Near-duplicates are pairs whose sets of word n-grams have a Jaccard similarity above a threshold.
Candidates come from MinHash signatures in bands (Broder 1997; Leskovec, Rajaraman & Ullman, "Mining
of Massive Datasets", section 3.4) and are then compared exactly, so that bands decide recall only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from measurand.errors import ParamsError
from measurand.stats.resample import rng_for
from measurand.texts import normalise
from schemas.many_shot.params import NearDuplicates

MISS = 1e-4
"""Largest probability that a pair exactly at the threshold is no candidate."""


def shingles(text: str, words: int) -> frozenset[str]:
    """Word n-grams of the normalised text; a text of fewer words is one shingle."""
    parts = normalise(text).split()
    if len(parts) <= words:
        return frozenset([" ".join(parts)])
    return frozenset(" ".join(parts[i : i + words]) for i in range(len(parts) - words + 1))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Size of the intersection by size of the union; 1 for two empty sets."""
    both = len(a & b)
    union = len(a) + len(b) - both
    return both / union if union else 1.0


def bands(near: NearDuplicates) -> tuple[int, int]:
    """Bands b and rows r of the index: the most selective that miss less than :data:`MISS`.

    A pair of similarity s is a candidate with probability 1 - (1 - s^r)^b.

    Raises:
        ParamsError: the signatures are too short to find pairs of so low a similarity.
    """
    for rows in range(near.permutations, 0, -1):
        count = near.permutations // rows
        if (1 - near.jaccard**rows) ** count <= MISS:
            return count, rows
    raise ParamsError(
        f"{near.permutations} permutations miss too many pairs of similarity {near.jaccard}",
        hint="raise near_duplicates.permutations, or near_duplicates.jaccard",
    )


def near_duplicates(
    test: Sequence[str],
    others: Sequence[str],
    near: NearDuplicates,
    *,
    at_least: float | None = None,
) -> list[tuple[int, int, float]]:
    """Pairs of a test text and another text that say nearly the same.

    Args:
        test: texts to protect.
        others: texts to search.
        near: n-grams, threshold and size of the signatures.
        at_least: keep candidates from this similarity on instead of the threshold; below the
            threshold not all pairs are candidates.

    Returns:
        (index in ``test``, index in ``others``, exact Jaccard similarity), sorted.
    """
    from datasketch import MinHash, MinHashLSH

    least = near.jaccard if at_least is None else at_least
    b, r = bands(near)
    left = [shingles(text, near.words) for text in test]
    right = [shingles(text, near.words) for text in others]
    index = MinHashLSH(num_perm=near.permutations, params=(b, r))
    signature = {"num_perm": near.permutations, "seed": 1}
    for at, hashed in enumerate(MinHash.generator(map(_bytes, right), **signature)):
        index.insert(at, hashed)
    found = []
    for at, hashed in enumerate(MinHash.generator(map(_bytes, left), **signature)):
        for other in index.query(hashed):
            similarity = jaccard(left[at], right[other])
            if similarity >= least:
                found.append((at, other, similarity))
    return sorted(found)


def search(
    task: str,
    pool: pl.DataFrame,
    shown: set[str],
    near: NearDuplicates,
    *,
    plant: int,
    removed: int,
    seed: int,
) -> dict[str, Any]:
    """Look for test questions among the examples that prompts really show.

    The search is itself tried: ``plant`` test questions, copied, recased or lightly edited, are
    added to the shown texts and must all be found.

    Args:
        task: the task.
        pool: rows of ``POOL`` of the task.
        shown: ``example_id`` of every shot and demonstration of the written prompts.
        near: what counts as nearly the same.
        plant: leaks to plant.
        removed: training examples that were removed for being too close.
        seed: of the planting.

    Returns:
        One row of ``LEAKAGE``.
    """
    test = pool.filter(pl.col("split") == "test")
    seen = pool.filter(pl.col("example_id").is_in(sorted(shown)))
    asked, texts = test["input"].to_list(), seen["input"].to_list()
    planted = plant_leaks(asked, min(plant, len(asked)), near, seed, task)
    found = near_duplicates(asked, [*texts, *planted], near, at_least=0.0)
    pairs = [similarity for _, at, similarity in found if at < len(texts)]
    leaks = {at for _, at, similarity in found if at >= len(texts) and similarity >= near.jaccard}
    return {
        "task": task,
        "n_test": len(asked),
        "n_shown": len(texts),
        "shared_ids": len(set(test["example_id"]) & shown),
        "shared_groups": len(set(test["group_id"]) & set(seen["group_id"])),
        "shared_texts": len(set(map(normalise, asked)) & set(map(normalise, texts))),
        "near_duplicates": sum(similarity >= near.jaccard for similarity in pairs),
        "max_jaccard": max(pairs, default=None),
        "removed": removed,
        "planted": len(planted),
        "found": len(leaks),
    }


def plant_leaks(
    texts: Sequence[str], count: int, near: NearDuplicates, seed: int, task: str
) -> list[str]:
    """Leaks in three disguises: copied; other case, spaces and punctuation; one word added."""
    rng = rng_for("many_shot", "planted", task, seed)
    chosen = [texts[i] for i in rng.choice(len(texts), count, replace=False)] if count else []
    return [_disguise(text, at % 3, near) for at, text in enumerate(chosen)]


def _disguise(text: str, kind: int, near: NearDuplicates) -> str:
    """The text itself where a disguise would make it another one, as upper case does to "ı"."""
    disguised = (text, f"  {text.upper().replace(' ', '   ')} !", f"{text} indeed")[kind]
    same = jaccard(shingles(text, near.words), shingles(disguised, near.words))
    return disguised if same >= near.jaccard else text


def _bytes(parts: frozenset[str]) -> list[bytes]:
    return [part.encode() for part in sorted(parts)]
