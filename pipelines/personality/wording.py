"""Our own sentences: what stands before and after an item.

The structure is that of arXiv 2307.00184: an order to answer as described, the description in
quotes, an item instruction with an open quote | the item | a closing quote, a request for a number
with all anchors, and the cue. What follows the item is shared by no two prompts, so it is short.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from measurand.errors import ParamsError
from schemas.personality.params import DOMAINS

HERE = Path(__file__).parent

CUE = "RATING: "

INSTRUCTION = {
    "rg6": "Regarding the statement",
    "cs6": "Considering the statement",
    "th2": "Thinking about the statement",
    "rf2": "Reflecting on the statement",
    "ev2": "Evaluating the statement",
}

ANCHORS = {
    "accuracy": (
        "very inaccurate",
        "moderately inaccurate",
        "neither inaccurate nor accurate",
        "moderately accurate",
        "very accurate",
    ),
    "agreement": (
        "disagree strongly",
        "disagree a little",
        "neither agree nor disagree",
        "agree a little",
        "agree strongly",
    ),
    "extent": (
        "very slightly or not at all",
        "a little",
        "moderately",
        "quite a bit",
        "extremely",
    ),
    "characteristic": (
        "extremely uncharacteristic of me",
        "somewhat uncharacteristic of me",
        "neither uncharacteristic nor characteristic of me",
        "somewhat characteristic of me",
        "extremely characteristic of me",
    ),
    "likeness": (
        "not like me at all",
        "not like me",
        "a little like me",
        "moderately like me",
        "like me",
        "very much like me",
    ),
}

REQUEST = {
    0: "rate from 1 to {k} {it}",
    3: "choose from 1 to {k} the level at which {it}",
    103: "choose from 1 to {k} the level at which {it}",
    9: "say from 1 to {k} how {it}",
    109: "say from 1 to {k} how {it}",
}

IT = {
    "accuracy": {
        0: "how well it describes you",
        3: "it is accurate about you",
        103: "it is accurate or inaccurate about you",
        9: "accurate it is about you",
        109: "accurate or inaccurate it is about you",
    },
    "agreement": {
        0: "how far you agree with it",
        3: "you agree with it",
        103: "you agree or disagree with it",
        9: "much you agree with it",
        109: "much you agree or disagree with it",
    },
    "extent": {
        0: "the extent to which it fits you",
        3: "you feel it",
        103: "you feel it or do not feel it",
        9: "much you feel it",
        109: "much or little you feel it",
    },
    "characteristic": {
        0: "how well it fits you",
        3: "it is characteristic of you",
        103: "it is characteristic or uncharacteristic of you",
        9: "characteristic it is of you",
        109: "characteristic or uncharacteristic it is of you",
    },
    "likeness": {
        0: "how like you this person is",
        3: "this person is like you",
        103: "this person is like or unlike you",
        9: "much this person is like you",
        109: "much this person is like or unlike you",
    },
}

QUALIFIER = {1: "extremely ", 2: "very ", 3: "", 4: "a bit ", 6: "a bit ", 7: "", 8: "very "}
QUALIFIER[9] = QUALIFIER[1]


@cache
def biographies() -> dict[int, str]:
    """The descriptions, by number."""
    with (HERE / "biographies.csv").open(encoding="utf-8", newline="") as file:
        return {int(row["bio_id"]): row["text"] for row in csv.DictReader(file)}


@cache
def adjectives(variant: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """Antonym pairs (low, high) by domain.

    Args:
        variant: ``verbatim`` with the misspelling of the released list, or ``corrected``.
    """
    column = {"verbatim": "high_verbatim", "corrected": "high"}[variant]
    with (HERE / "trait_adjectives.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {d: tuple((r["low"], r[column]) for r in rows if r["domain"] == d) for d in DOMAINS}


def trait_sentence(domain: str, level: int, variant: str) -> str:
    """The sentence that claims a trait at a level of 1 (extremely low) to 9 (extremely high)."""
    pairs = adjectives(variant)[domain]
    if level == 5:
        words = [f"neither {low} nor {high}" for low, high in pairs]
    else:
        words = [QUALIFIER[level] + pair[level > 5] for pair in pairs]
    return f"I'm {', '.join(words[:-1])}, and {words[-1]}."


def preamble(bio_id: int, instruction_id: str, levels: Sequence[int], variant: str) -> str:
    """Everything before the item.

    Args:
        bio_id: number of a biography.
        instruction_id: item instruction.
        levels: level of each domain in the order of DOMAINS, 0 for a trait that is not mentioned.
        variant: of the adjectives.

    Raises:
        ParamsError: there is no such biography.
    """
    if bio_id not in biographies():
        raise ParamsError(f"no biography {bio_id}", hint=f"there are {len(biographies())}")
    traits = [
        trait_sentence(domain, level, variant)
        for domain, level in zip(DOMAINS, levels, strict=True)
        if level
    ]
    description = " ".join([*traits, biographies()[bio_id]])
    return f'Answer as the person who writes: "{description}" {INSTRUCTION[instruction_id]}, "'


def postamble(kind: str, number: int, order: str = "ascending") -> str:
    """Everything after the item.

    Args:
        kind: answer-scale wording, a key of ANCHORS.
        number: number of the wording: 0 nearest to a plain rating, 3 and 103 a level without and
            with the opposite pole, 9 and 109 "how ..." likewise.
        order: ``ascending`` lists the anchors from 1 up, ``descending`` from k down. The digits
            keep their meaning.
    """
    anchors = [f"{i} = {name}" for i, name in enumerate(ANCHORS[kind], 1)]
    if order == "descending":
        anchors.reverse()
    request = REQUEST[number].format(k=len(anchors), it=IT[kind][number])
    return f'", {request} ({", ".join(anchors)}).\n{CUE}'
