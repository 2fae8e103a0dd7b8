"""A prompt's text taken apart again: its shots and its question; inverse of the layout.

Questions and answers come back as they were written, line breaks included. A question that holds a
blank line followed by the question field itself cannot be told from two questions.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.many_shot.params import Layout


class Undefined(ValueError):
    """A prompt does not hold what its reader needs."""


class Shot(NamedTuple):
    """A question of the prompt with the answer that it shows."""

    question: str
    answer: str


def split_question(prompt: str, layout: Layout) -> tuple[str, str]:
    """(everything before the last question, the last question).

    Raises:
        Undefined: the prompt does not end with a question that waits for its answer.
    """
    cue = f"\n{layout.answer}:"
    starts = [found.start("field") for found in _fields(layout).finditer(prompt)]
    if not starts or not prompt.endswith(cue):
        raise Undefined(f"the prompt does not end with {layout.question!r} and {layout.answer!r}")
    question = prompt[starts[-1] : -len(cue)].removeprefix(f"{layout.question}: ")
    return prompt[: starts[-1]], question


def shots(prefix: str, layout: Layout, with_rationale: bool) -> tuple[Shot, ...]:
    """The solved examples of a prompt; questions that are shown without an answer are left out.

    Args:
        prefix: first part of :func:`split_question`.
        layout: the text around examples.
        with_rationale: answers stand after the answer cue.
    """
    _, *blocks = _fields(layout).split(prefix)
    found = []
    # The field is the one group of the pattern, so that split returns it between the blocks.
    for block in blocks[1::2]:
        question, shown, answer = block.partition(f"\n{layout.answer}: ")
        if shown:
            if with_rationale:
                answer = answer.rpartition(layout.answer_cue)[2]
            found.append(Shot(question, answer.strip()))
    return tuple(found)


def _fields(layout: Layout) -> re.Pattern[str]:
    return re.compile(rf"(?:\A|\n\n)(?P<field>{re.escape(layout.question)}: )")
