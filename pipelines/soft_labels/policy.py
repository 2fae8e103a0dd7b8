"""A policy: log-probabilities of responses, with gradients for the weights that move.

Only the positions of responses go through the output head, and layers below the first one that
moves are computed once per text: without dropout their output never changes. Both leave every
log-probability what it is, and make the difference in speed that ``benchmarks/
preference_training.py`` measures. Log-probabilities are float32 log-softmax values, summed over the
response with its end token; the prompt is never counted.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand import models
from measurand.errors import InputError
from measurand.models.prompts import Prompts
from measurand.models.protocol import Request
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
    def n_response(self) -> int:
        """Tokens of the response with its end."""
        return len(self.tokens) - self.start


EncodedPair = tuple[Encoded, Encoded]


class Policy:
    """A causal language model whose upper layers may move.

    Args:
        model: a transformers causal language model.
        prompts: its tokenizer and template.
        fingerprint: of the model before training.
        micro_tokens: most tokens of one pass, padding included.
        dtype: ``bfloat16`` computes in mixed precision.

    Attributes:
        model: as given.
        prompts: as given.
        fingerprint: as given.
        frozen: layers below which nothing moves; see :meth:`freeze_below`.
    """

    def __init__(
        self, model: Any, prompts: Prompts, fingerprint: str, *, micro_tokens: int, dtype: str
    ) -> None:
        self.model, self.prompts, self.fingerprint = model, prompts, fingerprint
        self._micro, self._mixed = micro_tokens, dtype == "bfloat16"
        self._base, self._head = model.base_model, model.get_output_embeddings()
        self._lower: Any = None
        self._upper: Any = self._base
        self.frozen = 0
        for weight in model.parameters():
            weight.requires_grad_(False)

    @property
    def layers(self) -> Any:
        """The model's layers, lowest first.

        Raises:
            InputError: it keeps them elsewhere than transformers' decoders do.
        """
        try:
            return self._base.layers
        except AttributeError:
            raise InputError(
                f"{type(self.model).__name__} has no list of layers",
                hint="use a decoder like Llama, Qwen, Mistral or Gemma",
            ) from None

    def freeze_below(self, layer: int) -> None:
        """Compute what lies below a layer apart from what lies above, where the model allows it.

        A model that does more to its input than to add layers (some scale it) is left whole; its
        lower layers are then computed at every pass, with the same result.
        """
        import torch

        layers = self.layers
        if not layer:
            return
        lower = _like(
            self._base, layers=torch.nn.ModuleList(layers[:layer]), norm=torch.nn.Identity()
        )
        upper = _like(self._base, layers=torch.nn.ModuleList(layers[layer:]))
        with torch.inference_mode():
            ids = torch.arange(4, device=self.model.device)[None]
            whole = self._base(input_ids=ids, use_cache=False).last_hidden_state
            below = lower(input_ids=ids, use_cache=False).last_hidden_state
            parts = upper(inputs_embeds=below, use_cache=False).last_hidden_state
        if torch.allclose(whole, parts, rtol=1e-4, atol=1e-4):
            self._lower, self._upper, self.frozen = lower, upper, layer

    def compile(self) -> None:
        """Compile what is computed at every step."""
        import torch

        self._upper = torch.compile(self._upper, dynamic=True)

    def encode(self, pairs: Iterable[tuple[str, str, str]]) -> list[EncodedPair]:
        """Tokens of pairs.

        Prompt and response are tokenised together; the response begins where the two responses of a
        pair, or a response and the bare prompt, first differ.

        Args:
            pairs: (prompt, first response, second response).
        """
        requests = [
            Request(prompt, choices=(self._joined(prompt, first), self._joined(prompt, second)))
            for prompt, first, second in pairs
        ]
        end = self.prompts.tokenizer.eos_token_id
        return [
            (
                Encoded((*prompt, *first, end), len(prompt)),
                Encoded((*prompt, *second, end), len(prompt)),
            )
            for prompt, (first, second) in self.prompts.split_all(requests, ())
        ]

    def _joined(self, prompt: str, response: str) -> str:
        apart = self.prompts.chat or prompt[-1:].isspace()
        return response if apart else f" {response}"

    def features(self, texts: Sequence[Encoded]) -> list[Tensor] | None:
        """Per text what the frozen layers make of it: (tokens, width); None where none are."""
        import torch

        if self._lower is None:
            return None
        found: list[Tensor] = [torch.empty(0)] * len(texts)
        with torch.no_grad(), self._precision():
            for batch in self._batches([len(text.tokens) for text in texts]):
                some = [texts[at] for at in batch]
                hidden = self._lower(**self._padded(some), use_cache=False).last_hidden_state
                for at, row, text in zip(batch, hidden, some, strict=True):
                    found[at] = row[: len(text.tokens)].clone()
        return found

    def logps(self, texts: Sequence[Encoded], features: Sequence[Tensor] | None = None) -> Tensor:
        """Log-probabilities of responses in one pass, with gradients where weights move.

        Args:
            texts: n prompts with responses.
            features: of :meth:`features`; without them the lower layers are computed here.

        Returns:
            (n,) sums over the tokens of each response, float32, in nats.
        """
        import torch

        if features is None and self._lower is not None:
            features = self.features(texts)
        device = self.model.device
        with self._precision():
            inputs = self._padded(texts, features)
            hidden = self._upper(**inputs, use_cache=False).last_hidden_state
            row = torch.tensor(
                [at for at, text in enumerate(texts) for _ in range(text.n_response)], device=device
            )
            position = torch.tensor(
                [at - 1 for text in texts for at in range(text.start, len(text.tokens))],
                device=device,
            )
            targets = torch.tensor(
                [token for text in texts for token in text.tokens[text.start :]], device=device
            )
            logits = self._head(hidden[row, position])
        losses = torch.nn.functional.cross_entropy(logits.float(), targets, reduction="none")
        sums = torch.zeros(len(texts), device=device)
        return sums.index_add(0, row, -losses)

    def measure(
        self, pairs: Sequence[EncodedPair], features: Sequence[Tensor] | None = None
    ) -> Tensor:
        """Log-probabilities of both responses of every pair: (n, 2) on the processor, no gradient.

        Args:
            pairs: n pairs.
            features: of the responses, two a pair, first responses at even places.
        """
        import torch

        texts = [text for pair in pairs for text in pair]
        out = torch.zeros(len(texts))
        with torch.no_grad():
            for batch in self._batches([len(text.tokens) for text in texts]):
                known = None if features is None else [features[at] for at in batch]
                out[batch] = self.logps([texts[at] for at in batch], known).cpu()
        return out.view(-1, 2)

    def micro_batches(self, pairs: Sequence[EncodedPair]) -> Iterator[list[int]]:
        """Indices of pairs that fit one pass together, alike in length."""
        yield from self._batches([2 * max(len(text.tokens) for text in pair) for pair in pairs])

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        order = sorted(range(len(lengths)), key=lambda at: (lengths[at], at))
        batch: list[int] = []
        for at in order:
            if batch and lengths[at] * (len(batch) + 1) > self._micro:
                yield batch
                batch = []
            batch.append(at)
        if batch:
            yield batch

    def _padded(
        self, texts: Sequence[Encoded], features: Sequence[Tensor] | None = None
    ) -> dict[str, Any]:
        import torch

        device = self.model.device
        longest = max(len(text.tokens) for text in texts)
        lengths = torch.tensor([len(text.tokens) for text in texts], device=device)
        here = torch.arange(longest, device=device)
        inputs = {
            "attention_mask": (here[None] < lengths[:, None]).long(),
            "position_ids": here[None].expand(len(texts), -1),
        }
        if features is not None:
            padded = torch.nn.utils.rnn.pad_sequence(list(features), batch_first=True)
            return {**inputs, "inputs_embeds": padded}
        ids = [[*text.tokens, *[0] * (longest - len(text.tokens))] for text in texts]
        return {**inputs, "input_ids": torch.tensor(ids, device=device)}

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        import torch

        if not self._mixed:
            return contextlib.nullcontext()
        mixed: contextlib.AbstractContextManager[Any] = torch.autocast(
            self.model.device.type, dtype=torch.bfloat16
        )
        return mixed


def load_policy(
    spec: str, cache: Path, *, micro_tokens: int, dtype: str = "float32", device: str = "auto"
) -> Policy:
    """Load a policy in float32; nothing of it moves yet.

    Args:
        spec: model string, ``smollm2`` or ``hf:<folder>``.
        cache: folder for converted weights.
        micro_tokens: most tokens of one pass, padding included.
        dtype: ``bfloat16`` computes in mixed precision over float32 weights.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        InputError: code ``bad_model``: not a model whose weights are at hand.
    """
    from measurand.models.hf import HfModel

    where = spec if device == "auto" else f"{spec}{'&' if '?' in spec else '?'}device={device}"
    model = models.load(where, cache=cache)
    if not isinstance(model, HfModel):
        model.close()
        raise InputError(
            f"{spec} cannot be trained: its weights are elsewhere",
            hint="write smollm2 or hf:<folder>",
            code="bad_model",
        )
    return Policy(
        model.forward.model,
        model.prompts,
        model.fingerprint,
        micro_tokens=micro_tokens,
        dtype=dtype,
    )


def _like(module: Any, **parts: Any) -> Any:
    """The same module with other parts; weights are shared."""
    found = copy.copy(module)
    found._modules = dict(module._modules)
    for name, part in parts.items():
        setattr(found, name, part)
    return found
