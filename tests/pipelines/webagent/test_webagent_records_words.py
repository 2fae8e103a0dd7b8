from __future__ import annotations

import pytest

from pipelines.webagent import records, words
from schemas.webagent.params import EVAL_RECORDS, TRAIN_RECORDS

TRAIN, EVAL = TRAIN_RECORDS[3], EVAL_RECORDS[3]


@pytest.mark.parametrize("made", [records.homes, records.posts, records.places])
def test_a_set_is_its_number_alone(made: object) -> None:
    first = made(TRAIN)  # type: ignore[operator]
    made.cache_clear()  # type: ignore[attr-defined]
    assert made(TRAIN) == first  # type: ignore[operator]
    assert made(TRAIN + 1) != first  # type: ignore[operator]


@pytest.mark.parametrize("number", [TRAIN, EVAL])
def test_titles_and_ids_name_one_record_each(number: int) -> None:
    for some in (records.homes(number), records.posts(number), records.places(number)):
        assert len({one.title for one in some}) == len({one.id for one in some}) == len(some)


def test_what_lists_are_sorted_by_has_no_ties() -> None:
    for city in words.CITIES["train"]:
        there = [home for home in records.homes(TRAIN) if home.city == city]
        for key in ("price", "area", "day"):
            assert len({getattr(home, key) for home in there}) == len(there)
    for community in words.COMMUNITIES["eval"]:
        there_too = [post for post in records.posts(EVAL) if post.community == community]
        assert len({len(post.comments) for post in there_too}) == len(there_too)


def test_no_name_of_one_split_is_in_the_other() -> None:
    pools = [value for value in vars(words).values() if isinstance(value, dict)]
    split = [pool for pool in pools if set(pool) == {"train", "eval"}]
    assert len(split) >= 15
    for pool in split:
        assert not set(pool["train"]) & set(pool["eval"])
    titles = [{home.title for home in records.homes(number)} for number in (TRAIN, EVAL)]
    assert not titles[0] & titles[1]
