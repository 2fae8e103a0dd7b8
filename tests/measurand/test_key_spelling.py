from __future__ import annotations

import io

import pytest

from measurand import keying, responses


def key(text: str) -> tuple[keying.KeyedItem, ...]:
    return keying.parse_key(responses.read(io.BytesIO(text.encode()), "k.csv"))


PLAIN = key("item,scale,keyed,minimum,maximum\na,S,1,1,5\nb,S,-1,1,5\n")


@pytest.mark.parametrize(
    "text",
    [
        "Item,Scale,Keyed,Minimum,Maximum\na,S,1,1,5\nb,S,-1,1,5\n",
        "item,scale,keyed,minimum,maximum\na,S,+,1,5\nb,S,-,1,5\n",
        "ITEM;SCALE;KEYED;MINIMUM;MAXIMUM\na;S;+1;1;5\nb;S;\u2212;1;5\n",
        "item,scale,keyed,minimum,maximum\na,S,+1,1,5\nb,S,\u2013,1,5\n",
    ],
)
def test_other_spellings_are_the_same_key(text: str) -> None:
    assert key(text) == PLAIN


def test_two_columns_that_differ_in_capitals_are_left_alone() -> None:
    text = "item,Item,scale,keyed,minimum,maximum\na,x,S,1,1,5\nb,y,S,-1,1,5\n"
    assert key(text) == PLAIN
