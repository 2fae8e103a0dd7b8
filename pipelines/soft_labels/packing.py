"""Many short texts in few long rows, without padding between them and with shared prompts once.

A row holds groups; a group is a prompt and the responses that follow it. A response sees its prompt
and itself, never another response, and its positions go on from the prompt's: every token sees what
it would see alone, so log-probabilities and gradients are those of separate passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from measurand.models.tokens import Tokens

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Encoded:
    """A prompt with a response.

    Attributes:
        tokens: prompt, response, end.
        start: index of the response's first token.
    """

    tokens: Tokens
    start: int

    @property
    def prompt(self) -> Tokens:
        """Tokens before the response."""
        return self.tokens[: self.start]

    @property
    def n_response(self) -> int:
        """Tokens of the response with its end."""
        return len(self.tokens) - self.start


@dataclass(frozen=True)
class Place:
    """Where a text lies.

    Attributes:
        row: index of the row.
        prompt: index of the prompt's first token.
        response: index of the response's first token.
    """

    row: int
    prompt: int
    response: int

    def indices(self, text: Encoded) -> list[int]:
        """Index of every token of the text in its row."""
        return [
            *range(self.prompt, self.prompt + text.start),
            *range(self.response, self.response + text.n_response),
        ]


@dataclass
class _Row:
    tokens: list[int]
    positions: list[int]
    groups: list[int]
    parts: list[int]
    prompts: dict[Tokens, tuple[int, int]]

    def cost(self, text: Encoded) -> int:
        return text.n_response + (0 if text.prompt in self.prompts else text.start)

    def add(self, text: Encoded) -> tuple[int, int]:
        """Append a text; returns where its prompt and its response begin."""
        if text.prompt not in self.prompts:
            self.prompts[text.prompt] = (len(self.tokens), len(self.prompts))
            self._append(text.prompt, 0, self.prompts[text.prompt][1], 0)
        at, group = self.prompts[text.prompt]
        begin = len(self.tokens)
        self._append(text.tokens[text.start :], text.start, group, begin)
        return at, begin

    def _append(self, tokens: Tokens, position: int, group: int, part: int) -> None:
        self.tokens += tokens
        self.positions += range(position, position + len(tokens))
        self.groups += [group] * len(tokens)
        self.parts += [part if part else -1] * len(tokens)


@dataclass(frozen=True)
class Packed:
    """Texts in rows.

    Attributes:
        tokens: (rows, width) token ids, 0 where nothing is.
        positions: (rows, width) position of each token in its text.
        mask: (rows, 1, width, width) whether the token of the second last axis sees that of the
            last.
        places: where each text lies.
    """

    tokens: Tensor
    positions: Tensor
    mask: Tensor
    places: tuple[Place, ...]


def pack(texts: Sequence[Encoded], width: int) -> Packed:
    """Lay texts into rows: each into the first row that has room for it.

    Args:
        texts: the texts.
        width: most tokens of a row; a longer text gets a row of its length.
    """
    import torch

    rows: list[_Row] = []
    places = []
    for text in texts:
        at = next(
            (i for i, row in enumerate(rows) if len(row.tokens) + row.cost(text) <= width),
            len(rows),
        )
        if at == len(rows):
            rows.append(_Row([], [], [], [], {}))
        places.append(Place(at, *rows[at].add(text)))
    longest = max(len(row.tokens) for row in rows)

    def padded(values: Sequence[Sequence[int]], filler: int) -> Tensor:
        return torch.tensor([[*row, *[filler] * (longest - len(row))] for row in values])

    groups = padded([row.groups for row in rows], -1)
    parts = padded([row.parts for row in rows], -2)
    same_group = groups[:, :, None] == groups[:, None, :]
    prompt_or_own = (parts[:, None, :] == -1) | (parts[:, :, None] == parts[:, None, :])
    before = torch.ones(longest, longest, dtype=torch.bool).tril()
    # What lies behind the last text sees itself alone: a row of no sight would be NaN.
    empty = (groups == -1)[:, None, :]
    mask = same_group & prompt_or_own & before & ~empty | torch.eye(longest, dtype=torch.bool)
    return Packed(
        padded([row.tokens for row in rows], 0),
        padded([row.positions for row in rows], 0),
        mask[:, None],
        tuple(places),
    )
