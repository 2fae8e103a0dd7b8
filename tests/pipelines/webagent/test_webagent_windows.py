from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.webagent import pairs, tokenizer, windows
from pipelines.webagent.pairs import Coder
from pipelines.webagent.renumbering import Page
from pipelines.webagent.tokenizer import END
from schemas.webagent.params import Params
from schemas.webagent.pretraining import Steps

GIVEN = Steps(input=90, target=40, steps=1, batch=1, lr=1e-3, seed=3)


@pytest.fixture(scope="module")
def dataset(planners: tuple[Path, Params]) -> Path:
    return planners[0] / "dataset"


@pytest.fixture(scope="module")
def coder(dataset: Path) -> Coder:
    return Coder.of(dataset)


@pytest.fixture(scope="module")
def experience(dataset: Path) -> list[Page]:
    return pairs.pages(dataset)


def said(coder: Coder, target: list[int]) -> list[tuple[str, int]]:
    """Words and number of each element of an answer."""
    found = []
    for one in tokenizer.decode(coder.made, target).split('Open "')[1:]:
        words, number = one.split('".data-ref="')
        found.append((words, int(number)))
    return found


def test_answers_point_at_the_elements_that_hold_their_words(
    coder: Coder, experience: list[Page]
) -> None:
    found = windows.pairs(experience, coder, GIVEN)
    pointed: list[Any] = []
    for visit in range(40):
        at = np.array([visit * len(experience) + visit % len(experience)])
        ids, lengths, target = (part[0].tolist() for part in found.batch(at, "cpu", None))
        assert lengths <= GIVEN.input
        assert len(target) <= GIVEN.target
        assert target[-1] == END
        text = tokenizer.decode(coder.made, ids[:lengths])
        answers = said(coder, target[:-1])
        assert len(dict(answers)) == len(answers)
        for words, ref in answers:
            assert text.count(f'data-ref="{ref}">{words}<') == 1
            assert text.count(f">{words}<") == 1
        pointed += answers
    # Elements, numbers and orders are others from visit to visit.
    assert len(pointed) > 40
    assert len(set(pointed)) > len({words for words, _ in pointed})
    at = np.array([7, 1000])
    again = windows.pairs(experience, coder, GIVEN).batch(at, "cpu", None)
    assert [part.tolist() for part in again] == [
        part.tolist() for part in found.batch(at, "cpu", None)
    ]


def test_a_window_fits_whatever_its_numbers_are(coder: Coder, experience: list[Page]) -> None:
    page = experience[0]
    widest = len(str(max(page.every)))
    for first in range(len(page.refs)):
        for most in (4, 16, 90):
            part = windows.window(page, first, most)
            assert len(part.words) + len(part.refs) * widest <= most
            assert list(part.refs) == list(page.refs[first : first + len(part.refs)])
            # Every number that is begun is there.
            assert part.words.tolist().count(coder.ref) == len(part.refs)
    whole = windows.window(page, 0, 10_000)
    assert (whole.words.tolist(), list(whole.places)) == (page.words.tolist(), list(page.places))


def test_words_of_two_elements_name_neither(coder: Coder) -> None:
    html = (
        '<p data-ref="4">Buy</p><p data-ref="9">Sell</p><p data-ref="2">Buy</p>'
        '<p data-ref="5">one two three four five six</p><p data-ref="7"><b data-ref="8">On</b></p>'
        '<p data-ref="6"> </p><p data-ref="1">Q &amp; A</p>'
    )
    page = coder.parted(tokenizer.encode(coder.made, html).ids)
    assert windows.named(page, coder) == [("Sell", 9), ("On", 8)]
