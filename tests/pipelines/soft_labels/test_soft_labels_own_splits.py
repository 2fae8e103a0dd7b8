from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from measurand.texts import normalise
from pipelines.soft_labels import own_splits
from pipelines.soft_labels.labels import Label
from pipelines.soft_labels.own_splits import Given
from pipelines.soft_labels.pairs import Item, oriented

ASKED = {"train": 40, "dev": 4, "test": 12}


def _given(rows: Sequence[tuple[str, str, str]], splits: Sequence[str] = ()) -> list[Given]:
    return [
        Given(
            f"row-{at}",
            splits[at] if splits else "",
            prompt,
            oriented(Item(first, first), Item(second, second), Label(9, 10)),
        )
        for at, (prompt, first, second) in enumerate(rows)
    ]


REFUSED = [(f"prompt {i}", f"answer {i}", "Sorry, no.") for i in range(100)]
YES_NO = [(f"prompt {i}", "Yes", "No") for i in range(100)]
TWICE = [(f"prompt {i // 4}", f"answer {i}", "Sorry, no.") for i in range(100)]


@pytest.mark.parametrize("rows", [REFUSED, YES_NO, TWICE], ids=["refusal", "yes-no", "several"])
def test_prompts_are_kept_apart_where_responses_repeat(rows: list[tuple[str, str, str]]) -> None:
    found = own_splits.drawn(_given(rows), ASKED, 7)
    counts = Counter(one.split for one in found.kept)
    assert all(counts[name] >= n for name, n in ASKED.items())
    where: dict[str, set[str]] = {}
    for one in found.kept:
        where.setdefault(normalise(one.prompt), set()).add(one.split)
    assert all(len(splits) == 1 for splits in where.values())
    [note] = found.notes
    assert "responses repeat over prompts" in note


def test_responses_are_kept_apart_where_that_can_be() -> None:
    rows = [(f"prompt {i}", f"answer {i // 2}", f"other {i}") for i in range(200)]
    found = own_splits.drawn(_given(rows), ASKED, 7)
    where: dict[str, set[str]] = {}
    for one in found.kept:
        for text in one.texts:
            where.setdefault(text, set()).add(one.split)
    assert all(len(splits) == 1 for splits in where.values())
    assert found.notes == ()


def test_splits_of_the_file_are_kept_where_responses_repeat() -> None:
    splits = ["train"] * 60 + ["dev"] * 10 + ["test"] * 30
    found = own_splits.own(_given(REFUSED, splits), ASKED, 7)
    assert [one.split for one in found.kept] == splits
    assert found.shared == []


def test_a_pair_that_is_tested_on_is_not_trained_on() -> None:
    rows = [*REFUSED, REFUSED[99], (REFUSED[98][0], "another answer", "Sorry, no.")]
    splits = ["train"] * 60 + ["dev"] * 10 + ["test"] * 30 + ["train", "dev"]
    found = own_splits.own(_given(rows, splits), ASKED, 7)
    assert found.shared == [("row-101", "dev"), ("row-100", "train")]


@pytest.mark.parametrize(
    ("stated", "notes"),
    [
        (["train", "test"], 1),
        (["train", "dev"], 2),
        (["train"], 1),
        (["test"], 1),
        (["train", "dev", "test"], 0),
    ],
)
def test_splits_that_the_file_lacks_are_made_and_said(stated: list[str], notes: int) -> None:
    rows = [(f"prompt {i}", f"answer {i}", f"other {i}") for i in range(120)]
    splits = [stated[i % len(stated)] for i in range(120)]
    found = own_splits.own(_given(rows, splits), ASKED, 7)
    assert {one.split for one in found.kept} == {"train", "dev", "test"}
    assert len(found.notes) == notes
    if "test" in stated and len(stated) > 1:
        tested = {one.key for one in found.kept if one.split == "test"}
        assert tested == {f"row-{i}" for i in range(120) if splits[i] == "test"}


def test_one_prompt_leaves_no_way_round_shared_responses() -> None:
    rows = [("prompt", f"answer {i}", "Sorry, no.") for i in range(20)]
    assert len({one.split for one in own_splits.drawn(_given(rows), ASKED, 7).kept}) == 1
