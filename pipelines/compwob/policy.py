"""A small model that acts: it points at an element and at the words to type.

A transformer reads sentence and elements together; an action is decoded in three steps: which
element and whether to click or to type, and, given the element, the first and the last word to
type. A model that writes actions letter by letter needs far more demonstrations than a processor
can learn from in minutes, since the strings are new in every episode; pointing is what generalises
at this size. Attention is biased by where sentence and element hold the same word, with learned
strength.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from measurand.errors import InputError
from measurand.training import tensors
from measurand.web.observation import Observation
from pipelines.compwob.actions import NOOP, Action
from pipelines.compwob.agents import Decision
from pipelines.compwob.environment import Part
from pipelines.compwob.features import (
    MOST_WORDS,
    NUMBERS,
    Encoder,
    Features,
    Target,
    action_of,
)

WEIGHTS = "model.safetensors"
VERY_LOW = -1e4


class Layer(nn.Module):  # type: ignore[misc]
    """Self-attention with a bias for equal words, then a feed-forward part; both residual."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.strength = nn.Parameter(torch.ones(heads, 2))
        self.inner = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor, same: Tensor, mask: Tensor) -> Tensor:
        """(B, N, width) -> the same; ``same`` is (B, 2, N, N), ``mask`` (B, 1, 1, N) additive."""
        b, n, width = x.shape
        q, k, v = (
            part.view(b, n, self.heads, -1).transpose(1, 2)
            for part in self.qkv(self.before(x)).chunk(3, dim=-1)
        )
        bias = torch.einsum("hc,bcij->bhij", self.strength, same) + mask
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        x = x + self.out(mixed.transpose(1, 2).reshape(b, n, width))
        mended: Tensor = x + self.inner(self.after(x))
        return mended


class Pointer(nn.Module):  # type: ignore[misc]
    """The model.

    Args:
        vocabulary: entries of the tokenizer.
        width: size of the hidden states.
        layers: number of layers.
        heads: attention heads.
    """

    def __init__(self, vocabulary: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width, padding_idx=0)
        self.places = nn.Embedding(MOST_WORDS, width)
        self.near = nn.Linear(width, width)
        self.numbers = nn.Linear(NUMBERS, width)
        self.matched = nn.Linear(2, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.last = nn.LayerNorm(width)
        self.does = nn.Linear(width, 2)
        self.first, self.final = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of what to do, (B, E, 2), and states of words, (B, T, W), and elements."""
        words, same = batch["words"], batch["same"]
        t, e = words.shape[1], batch["own"].shape[1]
        said = self.tokens(words) + self.places(torch.arange(t, device=words.device))
        elements = (
            self._mean(batch["own"])
            + self.near(self._mean(batch["around"]))
            + self.numbers(batch["numbers"])
            + self.matched(same.amax(dim=3).transpose(1, 2))
        )
        x = torch.cat([said, elements], dim=1)
        equal = x.new_zeros(len(x), 2, t + e, t + e)
        equal[:, :, t:, :t] = same
        equal[:, :, :t, t:] = same.transpose(2, 3)
        there = torch.cat([batch["has_word"], batch["has_element"]], dim=1)
        mask = torch.where(there, 0.0, VERY_LOW)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, equal, mask)
        x = self.last(x)
        scores = self.does(x[:, t:])
        possible = torch.stack([batch["has_element"], batch["fields"]], dim=-1)
        return scores.masked_fill(~possible, VERY_LOW), x[:, :t], x[:, t:]

    def _mean(self, ids: Tensor) -> Tensor:
        known = (ids > 0).unsqueeze(-1)
        total: Tensor = (self.tokens(ids) * known).sum(dim=2) / known.sum(dim=2).clamp(min=1)
        return total

    def text(self, words: Tensor, element: Tensor, has_word: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of the first and last word to type, (B, T) each, given the element (B, W)."""
        scale = words.shape[-1] ** -0.5
        found = [
            torch.einsum("bw,btw->bt", head(element), words) * scale
            for head in (self.first, self.final)
        ]
        start, end = (scores.masked_fill(~has_word, VERY_LOW) for scores in found)
        return start, end


def collate(many: Sequence[Features], device: str = "cpu") -> dict[str, Tensor]:
    """Features of several pages as one batch, filled up to the longest."""
    t = max(len(one.words) for one in many)
    e = max(len(one.refs) for one in many)
    k = many[0].own.shape[1]
    n = len(many)
    batch: dict[str, Any] = {
        "words": np.zeros((n, t), np.int64),
        "own": np.zeros((n, e, k), np.int64),
        "around": np.zeros((n, e, k), np.int64),
        "numbers": np.zeros((n, e, NUMBERS), np.float32),
        "same": np.zeros((n, 2, e, t), np.float32),
        "has_word": np.zeros((n, t), np.bool_),
        "has_element": np.zeros((n, e), np.bool_),
        "fields": np.zeros((n, e), np.bool_),
    }
    for i, one in enumerate(many):
        a, b = len(one.words), len(one.refs)
        batch["words"][i, :a] = one.words
        batch["own"][i, :b], batch["around"][i, :b] = one.own, one.around
        batch["numbers"][i, :b] = one.numbers
        batch["same"][i, :, :b, :a] = one.same
        batch["has_word"][i, :a], batch["has_element"][i, :b] = True, True
        batch["fields"][i, :b] = one.fields
    return {name: torch.from_numpy(value).to(device) for name, value in batch.items()}


def loss_of(model: Pointer, batch: dict[str, Tensor], targets: Sequence[Target]) -> Tensor:
    """Mean negative log-probability of the demonstrated actions, in nats."""
    scores, words, elements = model(batch)
    device = scores.device
    index = torch.tensor([t.element for t in targets], device=device)
    done = torch.tensor([2 * t.element + t.types for t in targets], device=device)
    loss = functional.cross_entropy(scores.flatten(1), done)
    typed = [i for i, t in enumerate(targets) if t.types]
    if typed:
        chosen = elements[typed, index[typed]]
        start, end = model.text(words[typed], chosen, batch["has_word"][typed])
        starts = torch.tensor([targets[i].start for i in typed], device=device)
        ends = torch.tensor([targets[i].end for i in typed], device=device)
        share = len(typed) / len(targets)
        loss = loss + share * functional.cross_entropy(start, starts)
        loss = loss + share * functional.cross_entropy(end, ends)
    return loss


class Trained:
    """The model as an agent.

    It takes the likeliest action that it has not tried on the very same page: a page that does not
    show what was done would otherwise make it do the same for ever.

    Args:
        name: as in the parameters.
        model: the model.
        encoder: its tokenizer with the features.
        sha256: hash of its weights.
    """

    privileged = False

    def __init__(self, name: str, model: Pointer, encoder: Encoder, sha256: str) -> None:
        self.name, self.model, self.encoder, self.sha256 = name, model.eval(), encoder, sha256
        self._utterance = ""
        self._tried: set[tuple[str, bool, int]] = set()

    def start(self, episode_id: str, utterance: str, parts: Sequence[Part]) -> None:
        """See :class:`pipelines.compwob.agents.Agent`."""
        self._utterance = utterance
        self._tried = set()

    def act(self, observation: Observation, history: Sequence[Action]) -> Decision:
        """See :class:`pipelines.compwob.agents.Agent`."""
        features = self.encoder.encode(self._utterance, observation, history)
        if not features.refs:
            return Decision(NOOP)
        with torch.no_grad():
            target = self._target(features, observation.sha256)
        if target is None:
            return Decision(NOOP)
        node = observation.node(features.refs[target.element])
        return Decision(action_of(features, target, self._utterance, node))

    def _target(self, features: Features, page: str) -> Target | None:
        batch = collate([features])
        scores, words, elements = self.model(batch)
        target = self._best(scores[0], features, page)
        if target is None or not target.types:
            return target
        chosen = elements[:, target.element]
        first, last = self.model.text(words, chosen, batch["has_word"])
        start = int(first[0].argmax())
        return Target(target.element, True, start, start + int(last[0, start:].argmax()))

    def _best(self, scores: Tensor, features: Features, page: str) -> Target | None:
        for at in scores.flatten().argsort(descending=True, stable=True).tolist():
            element, types = divmod(at, 2)
            key = (page, bool(types), features.refs[element])
            if float(scores[element, types]) > VERY_LOW / 2 and key not in self._tried:
                self._tried.add(key)
                return Target(element, bool(types))
        return None


def save(folder: Path, model: Pointer, config: dict[str, Any], tokenizer: Any) -> None:
    """Write the model with its configuration and tokenizer into one file."""
    tensors.save(
        folder / WEIGHTS, model.state_dict(), {"config": config, "tokenizer": tokenizer.to_str()}
    )


def open_trained(name: str, checkpoint: Path) -> Trained:
    """A trained agent.

    Args:
        name: ``trained:<mixture>:<seed>``.
        checkpoint: folder that ``train`` wrote.

    Raises:
        InputError: code ``not_trained``: no such model is there, or not the whole of it.
    """
    from tokenizers import Tokenizer

    path = checkpoint / name.partition(":")[2].replace(":", "-") / WEIGHTS
    if not path.is_file():
        raise InputError(
            f"{name}: no trained model lies in {checkpoint}",
            hint="run `measurand train compwob` with this mixture and seed",
            code="not_trained",
        )
    weights, words = tensors.load(path)
    try:
        model = Pointer(**words["config"])
        model.load_state_dict(weights)
        tokenizer = Tokenizer.from_str(words["tokenizer"])
    # The tokenizer's library raises nothing narrower.
    except Exception as error:
        raise InputError(
            f"{path} is no trained agent: {' '.join(str(error).split())[:300]}",
            hint="run `measurand train compwob` again",
            code="not_trained",
        ) from error
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Trained(name, model, Encoder(tokenizer), digest)
