from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import InputError, ParamsError
from pipelines.many_shot import labels

OPTIONS = st.lists(st.text("bcdefgh", min_size=2, max_size=4), min_size=2, max_size=8, unique=True)


def test_two_words_are_swapped_and_three_are_rotated() -> None:
    assert labels.words(["no", "yes"], "flipped") == ("yes", "no")
    assert labels.words(["neg", "neu", "pos"], "flipped") == ("neu", "pos", "neg")
    assert labels.words(["neg", "neu", "pos"], "abstract") == ("A", "B", "C")


@given(OPTIONS)
def test_no_class_keeps_its_word_and_no_word_is_lost(options: list[str]) -> None:
    flipped = labels.words(options, "flipped")
    assert sorted(flipped) == sorted(options)
    assert all(a != b for a, b in zip(flipped, options, strict=True))
    assert labels.words(options, "default") == tuple(options)
    abstract = labels.words(options, "abstract")
    assert len(set(abstract)) == len(options)
    assert not set(abstract) & set(options)


@pytest.mark.parametrize("options", [["A", "x"], [f"w{i}" for i in range(27)]])
def test_letters_that_mean_something_already_are_refused(options: list[str]) -> None:
    with pytest.raises(ParamsError, match="cannot be renamed"):
        labels.words(options, "abstract")


def test_twenty_six_classes_have_letters() -> None:
    words = labels.words([f"w{i}" for i in range(26)], "abstract")
    assert words == tuple(string.ascii_uppercase)


def test_an_unknown_map_is_refused() -> None:
    with pytest.raises(InputError, match="unknown label map 'upside'"):
        labels.words(["a", "b"], "upside")
