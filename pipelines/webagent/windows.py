"""First lessons in pointing: elements of short windows of pages, by the words that stand in them.

To point is to find an element by its words and to copy its number. Neither is worth anything
without the other, and among the elements of a whole page a small model finds neither. Among the
few of a window it finds both; windows then grow (easier examples first: Bengio et al. 2009,
Curriculum learning). A lesson needs no instruction: it says words of elements and points at each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from itertools import chain

import numpy as np

from pipelines.webagent import renumbering, tokenizer
from pipelines.webagent.fitting import Pairs
from pipelines.webagent.pairs import Coder
from pipelines.webagent.renumbering import Lesson, Page
from pipelines.webagent.tokenizer import END
from schemas.webagent.pretraining import Steps

WORDS, SIGNS = 5, 40
"""Most words of an element that is pointed at, and most signs of them."""
TRIES = 20
"""Windows that are looked at for elements with words."""
_TEXT = re.compile(r'"?>([^<>&]+)<')


def pairs(pages: Sequence[Page], coder: Coder, given: Steps) -> Pairs:
    """Windows with numbers of their own at every visit, and answers that point at elements there.

    Args:
        pages: whole pages.
        coder: tokens.
        given: parameters: tokens of a window and of an answer, seed.
    """

    def draw(at: int, rng: np.random.Generator) -> Lesson:
        for _ in range(TRIES):
            page = window(pages[at], int(rng.integers(len(pages[at].refs))), given.input)
            if found := named(page, coder):
                break
        said, refs, room = [], [], given.target - 1
        for one in rng.permutation(len(found)).tolist():
            words, ref = found[one]
            tokens = coder.answer(f'Open "{words}".', ())[:-1]
            room -= len(tokens) + 1 + len(str(max(page.every)))
            if room < 0:
                break
            said.append(tokens)
            refs.append(ref)
        return Lesson(page, partial(_answer, coder, said), refs)

    some = [at for at, page in enumerate(pages) if page.refs]
    return renumbering.pairs(lambda at, rng: draw(some[at], rng), len(some), coder.number, given)


def window(page: Page, first: int, most: int) -> Page:
    """A part of a page that stands within so many tokens, whatever the numbers of the page are.

    Args:
        page: the page.
        first: which of its numbers is the first.
        most: tokens.
    """
    widest = len(str(max(page.every)))
    start = page.places[first - 1] if first else 0
    places = [place - start for place in page.places[first:]]
    count = sum(place + (n + 1) * widest <= most for n, place in enumerate(places))
    # Not so far that the next element begins, whose number would be missing.
    room = min(most - count * widest, places[count] - 1 if count < len(places) else most)
    words = page.words[start : start + room]
    return Page(words, places[:count], page.refs[first : first + count], page.every)


def named(page: Page, coder: Coder) -> list[tuple[str, int]]:
    """Words and numbers of the elements that hold few words and nothing else before them.

    Words that stand in two elements name neither.

    Args:
        page: a page or a part of one.
        coder: tokens.
    """
    _, *after = np.split(page.words, page.places)
    texts = (_TEXT.match(tokenizer.decode(coder.made, ids)) for ids in after)
    found = [(text[1], ref) for text, ref in zip(texts, page.refs, strict=True) if text]
    every = [words for words, _ in found]
    return [
        (words, ref)
        for words, ref in found
        if every.count(words) == 1 and len(words) <= SIGNS and 0 < len(words.split()) <= WORDS
    ]


def _answer(coder: Coder, said: Sequence[Sequence[int]], refs: Sequence[int]) -> list[int]:
    each = ([*words, coder.ref, *coder.number(ref)] for words, ref in zip(said, refs, strict=True))
    return [*chain.from_iterable(each), END]
