from __future__ import annotations

import itertools
import re

import pytest

from measurand.errors import ParamsError
from pipelines.personality.wording import (
    ANCHORS,
    CUE,
    adjectives,
    biographies,
    postamble,
    preamble,
    trait_sentence,
)
from schemas.personality.params import DOMAINS, INSTRUCTIONS, POSTAMBLES


def test_fifty_biographies_of_four_or_five_short_sentences() -> None:
    texts = biographies()
    assert list(texts) == list(range(1, 51))
    assert len(set(texts.values())) == 50
    for text in texts.values():
        sentences = [s for s in text.split(".") if s.strip()]
        assert len(sentences) in (4, 5)
        assert any(re.search(r"\b(I|My|We|my|our)\b", s) for s in sentences)
        assert all(len(s.split()) <= 10 for s in sentences), text
        assert '"' not in text


def test_biographies_name_no_trait_adjective() -> None:
    words = {
        word
        for pairs in adjectives("corrected").values()
        for pair in pairs
        for adjective in pair
        for word in [adjective.lower()]
    }
    for text in biographies().values():
        lowered = f" {re.sub('[^a-z -]', ' ', text.lower())} "
        assert not [w for w in words if f" {w} " in lowered], text


def test_the_104_adjectives() -> None:
    pairs = adjectives("corrected")
    assert [len(pairs[d]) for d in DOMAINS] == [9, 11, 10, 10, 12]
    assert pairs["CON"][-1] == ("undisciplined", "self-disciplined")
    assert adjectives("verbatim")["CON"][-1] == ("undisciplined", "self-discplined")
    differing = [
        d
        for d in DOMAINS
        for a, b in zip(pairs[d], adjectives("verbatim")[d], strict=True)
        if a != b
    ]
    assert differing == ["CON"]


def test_levels_follow_the_rule() -> None:
    first = {n: trait_sentence("EXT", n, "corrected").split(",")[0] for n in range(1, 10)}
    assert first == {
        1: "I'm extremely introverted",
        2: "I'm very introverted",
        3: "I'm introverted",
        4: "I'm a bit introverted",
        5: "I'm neither introverted nor extraverted",
        6: "I'm a bit extraverted",
        7: "I'm extraverted",
        8: "I'm very extraverted",
        9: "I'm extremely extraverted",
    }


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("level", [1, 2, 4, 6, 8, 9])
def test_every_adjective_takes_the_qualifier(domain: str, level: int) -> None:
    sentence = trait_sentence(domain, level, "corrected")
    qualifier = {1: "extremely", 2: "very", 4: "a bit", 6: "a bit", 8: "very", 9: "extremely"}
    n = len(adjectives("corrected")[domain])
    assert len(re.findall(rf"\b{qualifier[level]} ", sentence)) == n
    assert re.search(r", and [^,]*\.$", sentence)


def test_a_preamble_names_traits_in_order_and_then_the_biography() -> None:
    text = preamble(7, "ev2", (9, 1, 0, 5, 9), "corrected")
    places = [
        text.index(w) for w in ("extraverted", "unkind", "neither relaxed", biographies()[7])
        if w in text
    ]  # fmt: skip
    assert places == sorted(places)
    assert "organized" not in text
    assert text.endswith('Evaluating the statement, "')
    assert text.count('"') == 3


def test_preambles_differ() -> None:
    texts = {
        preamble(bio, instruction, (0, 0, 0, 0, 0), "corrected")
        for bio, instruction in itertools.product(range(1, 51), INSTRUCTIONS)
    }
    assert len(texts) == 250


def test_a_biography_that_is_not_there_is_named() -> None:
    with pytest.raises(ParamsError, match="no biography 51"):
        preamble(51, "ev2", (0, 0, 0, 0, 0), "corrected")


@pytest.mark.parametrize("kind", ANCHORS)
@pytest.mark.parametrize("number", POSTAMBLES)
def test_a_postamble_closes_the_quote_names_all_anchors_and_ends_with_the_cue(
    kind: str, number: int
) -> None:
    text = postamble(kind, number)
    assert text.startswith('", ')
    assert text.endswith(f".\n{CUE}")
    assert text.count('"') == 1
    assert f"from 1 to {len(ANCHORS[kind])}" in text
    assert "{" not in text
    listed = re.findall(r"(\d) = ([^,)]+)", text)
    assert listed == [(str(i), a) for i, a in enumerate(ANCHORS[kind], 1)]


@pytest.mark.parametrize("kind", ANCHORS)
def test_reversing_changes_the_order_and_nothing_else(kind: str) -> None:
    up, down = postamble(kind, 0), postamble(kind, 0, "descending")
    assert up != down
    assert sorted(re.findall(r"\d = [^,)]+", up)) == sorted(re.findall(r"\d = [^,)]+", down))
    assert re.sub(r"\(.*\)", "", up) == re.sub(r"\(.*\)", "", down)


@pytest.mark.parametrize("kind", ANCHORS)
def test_five_wordings_differ_and_two_of_them_name_the_opposite_pole(kind: str) -> None:
    head = {n: postamble(kind, n).split("(")[0] for n in POSTAMBLES}
    assert len(set(head.values())) == 5
    for without, with_pole in ((3, 103), (9, 109)):
        assert not re.search(r"\bor\b", head[without])
        assert re.search(r"\bor\b", head[with_pole])
