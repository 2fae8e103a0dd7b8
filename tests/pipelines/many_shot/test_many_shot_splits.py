from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import ParamsError
from measurand.texts import normalise
from pipelines.many_shot.example import Drawn, Example
from pipelines.many_shot.leakage import jaccard, shingles
from pipelines.many_shot.splits import Split, split_examples
from schemas.many_shot.params import NearDuplicates, Task

NEAR = NearDuplicates()


def task(train: int, dev: int, test: int, name: str = "t") -> Task:
    source = {"kind": "parity", "bits": 8}
    curves = [{"shots": [0], "seeds": 1}]
    sizes = {"train": train, "dev": dev, "test": test}
    return Task.model_validate({"id": name, "source": source, **sizes, "curves": curves})


def drawn(
    inputs: Sequence[str], groups: Sequence[str] | None = None, split: Sequence[str] | None = None
) -> Drawn:
    names = inputs if groups is None else groups
    examples = [
        Example(text, "yes", f"k{i}", group)
        for i, (text, group) in enumerate(zip(inputs, names, strict=True))
    ]
    decided = None if split is None else {f"k{i}": name for i, name in enumerate(split)}
    return Drawn(examples, "p", "1", split=decided)


def keys(some: Sequence[Example]) -> list[str]:
    return [e.key for e in some]


def parts(split: Split) -> dict[str, list[Example]]:
    return {"train": split.train, "dev": split.dev, "test": split.test}


WORDS = st.lists(st.sampled_from(["a", "b", "B", "c,", "d"]), min_size=1, max_size=9).map(" ".join)


@pytest.mark.integration
@given(
    st.lists(st.tuples(WORDS, st.sampled_from("pqrstuvwxyz")), min_size=15, max_size=40),
    st.booleans(),
    st.data(),
)
def test_splits_share_nothing_and_no_row_is_lost(
    rows: list[tuple[str, str]], decided: bool, data: st.DataObject
) -> None:
    inputs, groups = zip(*rows, strict=True)
    names = st.lists(
        st.sampled_from(["train", "dev", "test"]), min_size=len(rows), max_size=len(rows)
    )
    source = drawn(inputs, groups, data.draw(names) if decided else None)
    near = NearDuplicates(words=2, jaccard=0.7)
    try:
        split = split_examples(task(2, 1, 2), source, 0, near)
    except ParamsError:
        return
    used = [e for some in parts(split).values() for e in some]
    assert {name: len(some) for name, some in parts(split).items()} == {
        "train": 2,
        "dev": 1,
        "test": 2,
    }
    assert Counter(keys(used) + [r.key for r in split.rejected]) == Counter(keys(source.examples))
    assert len({e.input for e in used}) == len(used)
    sides = {name: {normalise(e.input) for e in some} for name, some in parts(split).items()}
    assert sum(map(len, sides.values())) == len(set().union(*sides.values()))
    for name, some in parts(split).items():
        others = [e for other, more in parts(split).items() if other != name for e in more]
        assert not {e.group for e in some} & {e.group for e in others}
        if source.split:
            made = name == "dev" and "dev" not in source.split.values()
            assert {source.split[e.key] for e in some} == {"train" if made else name}
    for asked in split.test:
        for e in split.train + split.dev:
            assert jaccard(shingles(asked.input, 2), shingles(e.input, 2)) < 0.7


def test_groups_that_share_a_question_never_straddle() -> None:
    # Group x and group y meet in "one twin"; y and z in "two twin".
    inputs = ["first of x", "one twin", "One twin!", "two twin", "two twin", "last of z"]
    source = drawn([*inputs, "alone", "apart"], ["x", "x", "y", "y", "z", "z", "v", "w"])
    sides = set()
    for seed in range(40):
        split = split_examples(task(1, 0, 1), source, seed, NEAR)
        assert {r.key for r in split.rejected if r.reason == "duplicate_question"} == {"k4"}
        both = [{e.group for e in some} & {"x", "y", "z"} for some in (split.train, split.test)]
        assert not all(both)
        sides.add(tuple(map(bool, both)))
    assert sides == {(False, False), (True, False), (False, True)}


def test_seed_and_task_decide_the_order_and_nothing_else() -> None:
    source = drawn([f"question number {i}" for i in range(50)])
    first = split_examples(task(20, 5, 10), source, 0, NEAR)
    assert split_examples(task(20, 5, 10), source, 0, NEAR) == first
    backwards = Drawn(source.examples[::-1], "p", "1")
    assert parts(split_examples(task(20, 5, 10), backwards, 0, NEAR)) == parts(first)
    # More training examples are asked for: the test and dev questions stay, and so do the old ones.
    more = split_examples(task(30, 5, 10), source, 0, NEAR)
    assert (more.test, more.dev, more.train[:20]) == (first.test, first.dev, first.train)
    assert keys(split_examples(task(20, 5, 10), source, 1, NEAR).test) != keys(first.test)
    assert keys(split_examples(task(20, 5, 10, "u"), source, 0, NEAR).test) != keys(first.test)


def test_near_duplicates_of_test_questions_are_replaced_by_others() -> None:
    long = [" ".join(f"{i}w{j}" for j in range(30)) for i in range(30)]
    source = drawn([*long, *(f"{text} again" for text in long)])
    split = split_examples(task(25, 5, 10), source, 0, NEAR)
    near = [r for r in split.rejected if r.reason == "near_duplicate_of_test"]
    other = {f"k{i}": f"k{(i + 30) % 60}" for i in range(60)}
    inside = {k for k in keys(split.test) if other[k] in keys(split.test)}
    assert {r.key for r in near} == {other[k] for k in keys(split.test) if k not in inside}
    assert len(near) > 5
    assert all(r.detail == f"Jaccard 0.963 with {other[r.key]}" for r in near)
    assert (len(split.train), len(split.dev), len(split.test)) == (25, 5, 10)


def test_a_source_that_decides_is_obeyed_but_not_where_it_leaks() -> None:
    inputs = ["a b", "A b.", "c d", "e f", "g h", "i j"]
    source = drawn(inputs, list("123345"), ["train", "test", "train", "test", "train", "train"])
    split = split_examples(task(2, 0, 2), source, 0, NEAR)
    assert set(keys(split.test)) == {"k1", "k3"}
    assert set(keys(split.train)) == {"k4", "k5"}
    assert [(r.key, r.reason) for r in split.rejected] == [
        ("k0", "group_elsewhere"),
        ("k2", "group_elsewhere"),
    ]


def test_a_source_that_decides_is_not_obeyed_for_near_duplicates() -> None:
    words = " ".join(f"w{j}" for j in range(30))
    source = drawn(
        [words, f"{words} again", f"again {words}", "a", "b"],
        split=["test", "train", "dev", "train", "dev"],
    )
    split = split_examples(task(1, 1, 1), source, 0, NEAR)
    assert [keys(some) for some in parts(split).values()] == [["k3"], ["k4"], ["k0"]]
    assert {(r.key, r.reason) for r in split.rejected} == {
        ("k1", "near_duplicate_of_test"),
        ("k2", "near_duplicate_of_test"),
    }


def test_too_few_examples_are_an_error_that_counts_them() -> None:
    source = drawn(["a", "b", "c", "c", "d"])
    with pytest.raises(ParamsError) as error:
        split_examples(task(3, 0, 2), source, 0, NEAR)
    said = "t: 2 examples for train, 3 asked; the source gave 5; left out: 1 duplicate_question"
    assert said in str(error.value)


def test_questions_that_differ_in_form_alone_are_two_on_one_side() -> None:
    inputs = [f"{word} {i}" for i in range(30) for word in ("us", "US", "US!")]
    for seed in range(5):
        split = split_examples(task(30, 6, 12), drawn(inputs), seed, NEAR)
        sides = [{normalise(e.input) for e in some} for some in parts(split).values()]
        assert not sides[0] & sides[1]
        assert not sides[0] & sides[2]
        assert not sides[1] & sides[2]
        assert not [r for r in split.rejected if r.reason == "duplicate_question"]


def test_a_source_without_dev_questions_gives_them_of_its_training() -> None:
    inputs = [f"question number {i}" for i in range(40)]
    where = ["test" if i % 4 == 0 else "train" for i in range(40)]
    split = split_examples(task(20, 5, 10), drawn(inputs, split=where), 0, NEAR)
    assert {len(split.train), len(split.dev), len(split.test)} == {20, 5, 10}
    assert all(int(k[1:]) % 4 for k in keys(split.dev + split.train))
