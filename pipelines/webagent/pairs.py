"""What planners read and write, as tokens.

Read are instruction, sub-instructions so far and page, as clean HTML: the language that the
pre-training taught. Written are the next sub-instruction and, each behind the token `data-ref="`,
the numbers of the elements that it needs, in the tokens that they have in the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from measurand import shards
from measurand.errors import InputError
from pipelines.webagent import renumbering, tokenizer
from pipelines.webagent.fitting import Pairs
from pipelines.webagent.html import PageError, parse
from pipelines.webagent.renumbering import Lesson, Page
from pipelines.webagent.tokenizer import END, Ids
from schemas.webagent.training import Finetuning

REF = 'data-ref="'
COLUMNS = ("instruction", "history", "html", "sub_instruction", "refs")
"""Of ``webagent.experience``, what pairs are made of."""


@dataclass(frozen=True)
class Coder:
    """Turns what planners read and write into tokens, and back.

    Attributes:
        made: the tokenizer of the corpus.
    """

    made: Any

    @classmethod
    def of(cls, dataset: Path) -> Coder:
        """The coder of a data set with ``tokenizer``."""
        return cls(tokenizer.load(shards.read_table(dataset / "tokenizer")["json"][0].as_py()))

    @cached_property
    def ref(self) -> int:
        """The token before a number."""
        found: int = self.made.token_to_id(REF)
        return found

    def read(self, instruction: str, history: Sequence[str], html: str) -> Ids:
        """Tokens of an input, not cut: what is cut off is the end of the page.

        Args:
            instruction: the sentence.
            history: sub-instructions so far.
            html: the page.
        """
        done = "".join(f"<li>{said}</li>" for said in history)
        text = f"<p>{instruction}</p><ol>{done}</ol>{_clean(html)}"
        page = self.parted(tokenizer.encode(self.made, text).ids)
        return page.read(self.number, {ref: ref for ref in page.every})

    def parted(self, ids: Ids) -> Page:
        """An input with its numbers apart, in whatever tokens they are."""
        words: list[Ids] = []
        places: list[int] = []
        refs: list[int] = []
        done = stand = 0
        for at in np.flatnonzero(ids == self.ref).tolist():
            start = end = at + 1
            while end < len(ids) and int(ids[end]) in self._digits:
                end += 1
            if end > start:
                words.append(ids[done:start])
                stand += start - done
                places.append(stand)
                refs.append(int(tokenizer.decode(self.made, ids[start:end])))
                done = end
        return Page(np.concatenate([*words, ids[done:]]), places, refs, sorted(set(refs)))

    @cached_property
    def _digits(self) -> frozenset[int]:
        vocabulary: dict[str, int] = self.made.get_vocab()
        return frozenset(i for word, i in vocabulary.items() if re.fullmatch("[0-9]+", word))

    def number(self, ref: int) -> tuple[int, ...]:
        """Tokens of a number, as they are in a page: one a digit, so that all numbers share ten.

        Pieces that pages happen to have in common are hundreds of tokens, and what a token of a
        page says has to be learned of each.
        """
        return tuple(self.made.token_to_id(digit) for digit in str(ref))

    def answer(self, said: str, refs: Iterable[int]) -> list[int]:
        """Tokens of a target, the end among them.

        Args:
            said: the sub-instruction.
            refs: numbers of elements.
        """
        found = list(self.made.encode(said, add_special_tokens=False).ids)
        for ref in refs:
            found += [self.ref, *self.number(ref)]
        return [*found, END]

    def understood(self, ids: Sequence[int], *, ended: bool = True) -> tuple[str, tuple[int, ...]]:
        """Sub-instruction and numbers of an answer.

        Args:
            ids: tokens without the end, with numbers alone behind the token before one.
            ended: whether the end was written; without it the last number may be a part of one.
        """
        first, *others = _split(ids, self.ref)
        numbers = others if ended else others[:-1]
        refs = tuple(int(tokenizer.decode(self.made, one)) for one in numbers)
        return tokenizer.decode(self.made, first).strip(), refs


def _split(ids: Sequence[int], at: int) -> list[list[int]]:
    found: list[list[int]] = [[]]
    for one in ids:
        if one == at:
            found.append([])
        else:
            found[-1].append(one)
    return found


def _clean(html: str) -> str:
    try:
        return parse(html).html()
    except PageError:
        return ""


def read(dataset: Path, given: Finetuning) -> Pairs:
    """Every step of the experience, in the order of its table.

    Args:
        dataset: folder with ``experience`` and ``tokenizer``.
        given: parameters: most tokens of inputs and targets; whether elements have other numbers
            at every visit, see :func:`pipelines.webagent.renumbering.pairs`.

    Raises:
        InputError: there is no step.
    """
    coder = Coder.of(dataset)
    inputs: list[Ids] = []
    targets: list[list[int]] = []
    lessons: list[Lesson] = []
    for _, table in shards.iter_shards(dataset / "experience"):
        for row in _rows(table.select(list(COLUMNS))):
            ids = coder.read(row["instruction"], row["history"], row["html"])
            said, refs = row["sub_instruction"], row["refs"]
            if given.renumber:
                page = coder.parted(ids).cut(given.input)
                lessons.append(Lesson(page, partial(coder.answer, said), refs))
            else:
                inputs.append(ids[: given.input])
                targets.append(coder.answer(said, refs))
    if lessons:
        return renumbering.pairs(lambda at, _: lessons[at], len(lessons), coder.number, given)
    if not inputs:
        raise InputError(f"{dataset} has no experience", hint="build more episodes")
    return Pairs.of(_lists(inputs), targets, given)


def pages(dataset: Path) -> list[Page]:
    """Every page of the experience, whole, without what was asked for and done there."""
    coder = Coder.of(dataset)
    return [
        coder.parted(tokenizer.encode(coder.made, _clean(row["html"])).ids)
        for _, table in shards.iter_shards(dataset / "experience")
        for row in _rows(table.select(["html"]))
    ]


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows, few of them as Python objects at a time: pages are long."""
    for batch in table.to_batches(max_chunksize=64):
        yield from batch.to_pylist()


def _lists(some: Sequence[npt.NDArray[np.int32]]) -> pa.ChunkedArray:
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in some])])
    made = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), np.concatenate(some))
    return pa.chunked_array([made])
