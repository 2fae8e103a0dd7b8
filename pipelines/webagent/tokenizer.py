"""Tokens of clean HTML: byte-level BPE, in which common tags and ``data-ref`` are one token each.

Sennrich, Haddow & Birch 2016 (arXiv 1508.07909) over bytes, as in GPT-2, by the package
`tokenizers`. Every text has tokens, and they give exactly it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError

PAD, END = 0, 1
"""Ids of the filling and of the end of a sequence, as T5 has them."""
FIRST = 2
"""Id of the first sentinel; the others follow."""
TEXT, TAG, ATTRIBUTE, VALUE, SENTINEL = range(5)
"""Kinds of tokens, in the order of :data:`schemas.webagent.corpus.KINDS`."""
_TAGS = (
    "a", "article", "aside", "b", "body", "button", "code", "div", "em", "fieldset", "footer",
    "form", "h1", "h2", "h3", "h4", "html", "head", "header", "i", "label", "li", "main", "nav",
    "ol", "option", "p", "pre", "section", "select", "small", "span", "strong", "table", "tbody",
    "td", "textarea", "th", "thead", "title", "tr", "ul",
)  # fmt: skip
_VOID_TAGS = ("br", "hr", "img", "input")
WHOLE = (
    *(part for tag in _TAGS for part in (f"<{tag}>", f"<{tag} ", f"</{tag}>")),
    *(part for tag in _VOID_TAGS for part in (f"<{tag}>", f"<{tag} ")),
    'data-ref="',
)
"""What is one token wherever it stands."""
_SPLIT = re.compile("|".join(map(re.escape, sorted(WHOLE, key=len, reverse=True))))
_MARKUP = re.compile(r"<[^>]*>")
_NAMED = re.compile(r' ([^\s=<>"]+)(?:="([^"]*)")?')

Tokenizer = Any
Ids = npt.NDArray[np.int32]
Kinds = npt.NDArray[np.int8]


class Coded(NamedTuple):
    """Tokens of a text, what each is part of, and the character at which it begins."""

    ids: Ids
    kinds: Kinds
    starts: npt.NDArray[np.int64]


def train(texts: Iterable[str], vocabulary: int, sentinels: int) -> str:
    """The tokenizer of some texts, as the JSON that the package reads.

    Args:
        texts: clean HTML, in an order that does not change.
        vocabulary: tokens in all; fewer where the texts give no more.
        sentinels: tokens that stand for masked spans.

    Raises:
        InputError: no room for bytes, tags and sentinels.
    """
    from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Made

    special = ["<pad>", "</s>", *(f"<extra_id_{i}>" for i in range(sentinels))]
    room = vocabulary - len(WHOLE)
    if room < len(special) + 256:
        raise InputError(
            f"a vocabulary of {vocabulary} has no room for {sentinels} sentinels and 256 bytes",
            hint=f"make it {len(special) + 256 + len(WHOLE)} or more",
        )
    made = Made(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=room,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    made.train_from_iterator(_between(texts), trainer)
    made.add_tokens([AddedToken(word, normalized=False) for word in WHOLE])
    text: str = made.to_str()
    return text


def _between(texts: Iterable[str]) -> Iterator[str]:
    """What merges are learned from: all but what is one token anyway."""
    for text in texts:
        yield from (piece for piece in _SPLIT.split(text) if piece)


@cache
def load(text: str) -> Tokenizer:
    """The tokenizer of a JSON; a sentinel's name in a page is text."""
    from tokenizers import Tokenizer as Made

    made = Made.from_str(text)
    made.encode_special_tokens = True
    return made


def encode(tokenizer: Tokenizer, html: str) -> Coded:
    """Tokens of clean HTML."""
    found = tokenizer.encode(html, add_special_tokens=False)
    ids = np.array(found.ids, np.int32)
    if not len(ids):
        return Coded(ids, np.zeros(0, np.int8), np.zeros(0, np.int64))
    spans = np.array(found.offsets, np.int64)
    # The middle: a token may begin with the blank or the quote before what it is.
    middle = np.clip((spans[:, 0] + spans[:, 1]) // 2, 0, len(html) - 1)
    return Coded(ids, kinds(html)[middle], spans[:, 0])


def decode(tokenizer: Tokenizer, ids: Sequence[int] | Ids) -> str:
    """The text of tokens, sentinels by their names."""
    text: str = tokenizer.decode([int(i) for i in ids], skip_special_tokens=False)
    return text


def kinds(html: str) -> Kinds:
    """What each character of clean HTML is part of: ``TEXT``, ``TAG``, ``ATTRIBUTE``, ``VALUE``.

    Signs and blanks of a tag count as the tag.
    """
    found = np.zeros(len(html), np.int8)
    for tag in _MARKUP.finditer(html):
        start, end = tag.span()
        found[start:end] = TAG
        for named in _NAMED.finditer(html, start, end):
            found[slice(*named.span(1))] = ATTRIBUTE
            if named[2] is not None:
                found[slice(*named.span(2))] = VALUE
    return found
