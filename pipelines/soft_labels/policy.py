"""A policy: log-probabilities of responses, with gradients for the weights that move.

Texts are packed without padding, prompts that they share are computed once, only the positions of
responses go through the output head, and layers below the first one that moves are computed once
per text: without dropout their output never changes. All of it leaves every log-probability what it
is, and makes the difference in speed that ``benchmarks/preference_training.py`` measures.

Log-probabilities are float32 log-softmax values, summed over the response with its end token; the
prompt is never counted.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand import models
from measurand.errors import InputError
from measurand.models.prompts import Prompts
from measurand.models.protocol import Request
from measurand.training.device import autocast
from pipelines.soft_labels.packing import Encoded, Packed, pack

if TYPE_CHECKING:
    from torch import Tensor

# Tokens of a row: attention costs their square, rows that are not full cost padding.
_ROW = 512

EncodedPair = tuple[Encoded, Encoded]


class Policy:
    """A causal language model whose upper layers may move.

    Args:
        model: a transformers causal language model.
        prompts: its tokenizer and template.
        fingerprint: of the model before training.
        micro_tokens: most tokens of one pass.
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
        self._micro, self._dtype = micro_tokens, dtype
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
        with torch.no_grad(), autocast(self.model.device.type, self._dtype):
            for batch in self._batches([len(text.tokens) for text in texts]):
                packed = self._packed([texts[at] for at in batch])
                hidden = self._lower(
                    input_ids=packed.tokens, **_around(packed), use_cache=False
                ).last_hidden_state
                for at, place in zip(batch, packed.places, strict=True):
                    found[at] = hidden[place.row, place.indices(texts[at])]
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
        packed = self._packed(texts)
        places = list(zip(texts, packed.places, strict=True))
        row = [at for at, text in enumerate(texts) for _ in range(text.n_response)]
        # A response's first token follows the prompt, every other one the token before it.
        position = [at for text, place in places for at in place.indices(text)[text.start - 1 : -1]]
        targets = [token for text in texts for token in text.tokens[text.start :]]
        with autocast(self.model.device.type, self._dtype):
            inputs: dict[str, Any] = {"input_ids": packed.tokens}
            if features is not None:
                width = features[0].shape[-1]
                hidden = features[0].new_zeros((*packed.tokens.shape, width))
                for (text, place), known in zip(places, features, strict=True):
                    hidden[place.row, place.indices(text)] = known
                inputs = {"inputs_embeds": hidden}
            out = self._upper(**inputs, **_around(packed), use_cache=False).last_hidden_state
            where = [packed.places[at].row for at in row]
            logits = self._head(out[where, position])
        losses = torch.nn.functional.cross_entropy(
            logits.float(), torch.tensor(targets, device=device), reduction="none"
        )
        sums = torch.zeros(len(texts), device=device)
        return sums.index_add(0, torch.tensor(row, device=device), -losses)

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
        """Indices of pairs that fit one pass together."""
        yield from self._batches([sum(len(text.tokens) for text in pair) for pair in pairs])

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        batch: list[int] = []
        total = 0
        for at, length in enumerate(lengths):
            if batch and total + length > self._micro:
                yield batch
                batch, total = [], 0
            batch.append(at)
            total += length
        if batch:
            yield batch

    def _packed(self, texts: Sequence[Encoded]) -> Packed:
        packed = pack(texts, _ROW)
        device = self.model.device
        return Packed(
            packed.tokens.to(device),
            packed.positions.to(device),
            packed.mask.to(device),
            packed.places,
        )


def load_policy(
    spec: str, cache: Path, *, micro_tokens: int, dtype: str = "float32", device: str = "auto"
) -> Policy:
    """Load a policy in float32; nothing of it moves yet.

    Args:
        spec: model string, ``smollm2`` or ``hf:<folder>``.
        cache: folder for converted weights.
        micro_tokens: most tokens of one pass.
        dtype: ``bfloat16`` computes in mixed precision over float32 weights.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        InputError: code ``bad_model``: not a model whose weights are at hand.
    """
    from measurand.models.hf import HfModel
    from measurand.models.strings import ModelSpec

    where = spec if device == "auto" else ModelSpec.parse(spec).having(device=device)
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


def _around(packed: Packed) -> dict[str, Any]:
    return {"attention_mask": packed.mask, "position_ids": packed.positions}


def _like(module: Any, **parts: Any) -> Any:
    """The same module with other parts; weights are shared."""
    found = copy.copy(module)
    found._modules = dict(module._modules)
    for name, part in parts.items():
        setattr(found, name, part)
    return found
