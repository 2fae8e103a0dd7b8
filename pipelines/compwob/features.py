"""What the small model reads: the sentence, the elements, and where they say the same.

Most of a web task is to find the element that the sentence speaks of, and to copy words of the
sentence into a field. Strings such as passwords are new in every episode, so that what must be
learned is *where* two texts are equal, not what they say: this is given to the model as a matrix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.web.observation import Node, Observation
from pipelines.compwob.actions import Action, click, write
from pipelines.compwob.agents import can_be_acted_on, is_field

MOST_WORDS, MOST_ELEMENTS, ELEMENT_TOKENS = 320, 160, 14
LARGEST = 14
"""Elements inside an element beyond which it is a container and no target."""
NUMBERS = 10
"""Numeric features of an element."""
PAD, UNKNOWN = "<pad>", "<unk>"
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """One page and sentence as numbers.

    Attributes:
        words: (T,) tokens of the sentence.
        spans: their places in the sentence, (start, end).
        own: (E, K) tokens of each element, 0 where there are fewer.
        around: (E, K) tokens of the texts around it.
        numbers: (E, NUMBERS) what else is known of it.
        same: (2, E, T) whether a word of the sentence is in the element, or around it.
        refs: numbers of the elements.
        fields: (E,) whether it can be typed into.
    """

    words: IntArray
    spans: list[tuple[int, int]]
    own: IntArray
    around: IntArray
    numbers: FloatArray
    same: FloatArray
    refs: list[int]
    fields: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Target:
    """What was done, in the same numbers.

    Attributes:
        element: index of the element.
        types: whether it was typed into.
        start: first token of the text, -1 without.
        end: last token of it.
    """

    element: int
    types: bool
    start: int = -1
    end: int = -1


def train_tokenizer(texts: Iterable[str], size: int) -> Any:
    """A byte-pair tokenizer of the library ``tokenizers``, learned from texts."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE(unk_token=UNKNOWN))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=[PAD, UNKNOWN], show_progress=False
    )
    made.train_from_iterator(texts, trainer)
    return made


class Encoder:
    """From a page to numbers, by a tokenizer.

    Args:
        tokenizer: of the library ``tokenizers``.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}

    def encode(
        self, utterance: str, observation: Observation, history: Sequence[Action]
    ) -> Features:
        """Numbers of a page; very long sentences and pages are cut at their end."""
        found = self.tokenizer.encode(utterance)
        spans = [(int(a), int(b)) for a, b in found.offsets[:MOST_WORDS]]
        said = [_whole(utterance, start, end) for start, end in spans]
        nodes = _candidates(observation)[:MOST_ELEMENTS]
        around = _around(observation)
        own_texts = [_own(node) for node in nodes]
        near_texts = [around.get(node.ref, "") for node in nodes]
        same = np.zeros((2, len(nodes), len(said)), np.float32)
        for kind, texts in enumerate((own_texts, near_texts)):
            for e, text in enumerate(texts):
                there = set(_words(text))
                same[kind, e] = [word in there for word in said]
        return Features(
            np.array(found.ids[:MOST_WORDS], np.int64),
            spans,
            self._tokens([_described(node) for node in nodes]),
            self._tokens(near_texts),
            np.array([_numbers(n, i, len(nodes), history) for i, n in enumerate(nodes)], np.float32)
            .reshape(-1, NUMBERS),
            same,
            [node.ref for node in nodes],
            np.array([is_field(node) for node in nodes], np.bool_),
        )  # fmt: skip

    def target(self, action: Action, features: Features, utterance: str) -> Target | None:
        """A demonstrated action in the numbers of its page, None where they cannot say it."""
        if action.kind not in ("click", "type") or action.ref not in features.refs:
            return None
        element = features.refs.index(action.ref)
        if action.kind == "click":
            return Target(element, False)
        place = _place(as_said(action.text or ""), utterance)
        if place is None:
            return None
        inside = [
            i for i, (a, b) in enumerate(features.spans) if b > place[0] and a < place[1] and b > a
        ]
        return Target(element, True, inside[0], inside[-1]) if inside else None

    def _tokens(self, texts: Sequence[str]) -> IntArray:
        table = np.zeros((len(texts), ELEMENT_TOKENS), np.int64)
        for i, text in enumerate(texts):
            if text not in self._known:
                self._known[text] = self.tokenizer.encode(text).ids[:ELEMENT_TOKENS]
            ids = self._known[text]
            table[i, : len(ids)] = ids
        return table


def action_of(features: Features, target: Target, utterance: str, node: Node | None) -> Action:
    """The action that a target stands for."""
    ref = features.refs[target.element]
    if not target.types:
        return click(ref)
    text = utterance[features.spans[target.start][0] : features.spans[target.end][1]]
    dated = node is not None and node.get("type") == "date"
    return write(ref, as_wanted(text) if dated else text)


def as_wanted(text: str) -> str:
    """``01/31/2012`` in the form that a date field takes; other texts as they are."""
    found = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text)
    return f"{found[3]}-{found[1]}-{found[2]}" if found else text


def as_said(text: str) -> str:
    """Inverse of :func:`as_wanted`."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text)
    return f"{found[2]}/{found[3]}/{found[1]}" if found else text


def _candidates(observation: Observation) -> list[Node]:
    return [n for n in observation.nodes() if can_be_acted_on(n) or n.size <= LARGEST]


def _described(node: Node) -> str:
    names = " ".join(node.get(k) for k in ("type", "id", "class"))
    state = " ".join(k for k in ("checked", "disabled") if k in node.attributes)
    return f"{node.tag} {names} {state} {node.get('value')} {node.text}"[:200]


def _own(node: Node) -> str:
    return f"{node.text} {node.get('value')}"


def _around(observation: Observation) -> dict[int, str]:
    """Text of the smallest element around each element that has any of its own."""
    found: dict[int, str] = {}

    def walk(node: Node, above: str) -> None:
        found[node.ref] = above
        here = node.text if node.text and node.size <= LARGEST else above
        for child in node.children:
            walk(child, here)

    for root in observation.roots:
        walk(root, "")
    return found


def _numbers(node: Node, place: int, total: int, history: Sequence[Action]) -> list[float]:
    mine = [action.kind for action in history if action.ref == node.ref]
    last = bool(history) and history[-1].ref == node.ref
    return [
        float("checked" in node.attributes),
        float("disabled" in node.attributes),
        float(is_field(node)),
        float(is_field(node) and not node.get("value")),
        min(mine.count("click"), 3) / 3,
        min(mine.count("type"), 3) / 3,
        float(last),
        place / max(total, 1),
        min(node.size, LARGEST) / LARGEST,
        float(not history),
    ]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _whole(utterance: str, start: int, end: int) -> str:
    """The word that a token is a piece of; of a sign, nothing that an element could hold."""
    if start >= len(utterance) or not re.match(r"\w", utterance[start]):
        return "\0"
    while start > 0 and re.match(r"\w", utterance[start - 1]):
        start -= 1
    while end < len(utterance) and re.match(r"\w", utterance[end]):
        end += 1
    return utterance[start:end]


def _place(text: str, utterance: str) -> tuple[int, int] | None:
    """Where a text stands in the sentence: in quotes first, then as a whole word, then at all."""
    escaped = re.escape(text)
    for form in (f'(?<="){escaped}(?=")', rf"\b{escaped}\b", escaped):
        found = re.search(form, utterance) if text else None
        if found:
            return found.span()
    return None
