"""Models in the transformers format, computed in this process: ``hf:<folder>``.

Options: ``template=chat|none`` (default: chat where the tokenizer has a template),
``template_args=<JSON object>`` (passed to it), ``thought=<tokens>|none`` (room for a thought before
a written answer; ``none`` closes a thought that the template opens),
``dtype=float32|bfloat16|float16`` (default float32: lower precision changes answers between batch
shapes), ``device=auto|cpu|cuda``, ``prefix=shared|none``, ``adapter=<folder>`` (a LoRA adapter in
PEFT's format, merged into the weights), ``code=none|run`` (``run`` allows Python files of the
folder to be run).
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from measurand.errors import InputError
from measurand.models import adapters, folders, thoughts, trial
from measurand.models.prompts import NO_CHOICES, Prompts, load_prompts
from measurand.models.protocol import (
    Capabilities,
    Completion,
    Request,
    Sampling,
    Score,
    prompt_seed,
)
from measurand.models.sampling import constrained, draw
from measurand.models.strings import OPTIONS, ModelSpec
from measurand.models.tokens import Tokens

if TYPE_CHECKING:
    from measurand.models.forward import Forward, Read, Row

_DTYPES = ("float32", "bfloat16", "float16")
# Tokens of one forward pass, and tokens that a shared run must save to be worth a pass of its own.
_BUDGET = {"cpu": 512, "cuda": 32768}
_LEAST_GAIN = {"cpu": 8, "cuda": 512}


def load(spec: ModelSpec) -> HfModel:
    """Load a folder that holds a causal language model and its tokenizer.

    Raises:
        InputError: code ``bad_model``: no such folder, no model in it, or an unknown option.
    """
    _refuse_adapter(spec, spec.path(spec.target))
    folder = spec.need(spec.target, folders.CONFIG, what="model")
    files = folders.hashed(folder, code=folders.runs_code(spec))
    folders.inspect(spec, folder)
    return load_folder(spec, folder, {path.name: file_sha256(path) for path in files})


def _refuse_adapter(spec: ModelSpec, folder: Path) -> None:
    # os.path, since a name that is too long for a file system is no file rather than an error.
    adapter, model = (os.path.isfile(folder / n) for n in (adapters.CONFIG, folders.CONFIG))
    if adapter and not model:
        raise spec.refused(
            f"{spec.target} holds an adapter and no model",
            f"name the model that it belongs to: hf:<folder>?adapter={spec.target}",
        )


def load_folder(spec: ModelSpec, folder: Path, checksums: Mapping[str, str]) -> HfModel:
    """Load ``folder`` as the model that ``spec`` names; ``checksums`` are sha256 by file name.

    Raises:
        InputError: code ``bad_model``: the folder lacks something, or an option is impossible.
    """
    spec.allow(*OPTIONS[spec.backend])
    dtype = spec.option("dtype", "float32", _DTYPES)
    device = spec.option("device", "auto", ("auto", "cpu", "cuda"))
    prefix = spec.option("prefix", "shared", ("shared", "none"))
    room = spec.room()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    import transformers  # noqa: F401

    from measurand.models.forward import Forward

    if device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            f"{spec.text}: PyTorch sees no CUDA device",
            hint="leave out device=cuda",
            code="bad_model",
        )
    prompts = load_prompts(spec, folder)
    kind = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = folders.weights(spec, folder, dtype)
    identity: list[Any] = ["hf", dict(checksums), prompts.chat, dtype]
    if "adapter" in spec.options:
        adapter = spec.need(
            spec.options["adapter"], adapters.CONFIG, adapters.WEIGHTS, what="adapter"
        )
        model = adapters.merge(spec, model, adapter)
        identity += [file_sha256(adapter / name) for name in (adapters.CONFIG, adapters.WEIGHTS)]
    if more := asked_otherwise(spec, prompts):
        identity.append(more)
    with folders.reading(spec, "the model cannot be run", "give a causal language model"):
        model = model.to(kind).eval()
        size = int(model.get_input_embeddings().num_embeddings)
    trial.vocabulary(spec, prompts, size)
    trial.forward(spec, model, prompts)
    with folders.reading(spec, "the model cannot be run", "give a causal language model"):
        forward = Forward(
            model, budget=_BUDGET[kind], least_gain=_LEAST_GAIN[kind], share=prefix == "shared"
        )
    end = prompts.turn_end
    if end is not None and end not in forward.end_tokens:
        # Some folders name the end of a document alone: the model would go on with another turn.
        forward.end_tokens |= {end}
        identity.append({"turn_end": end})
    text = json.dumps(identity, sort_keys=True)
    return HfModel(spec.text, text, prompts, forward, dtype=dtype, size=size, room=room)


def asked_otherwise(spec: ModelSpec, prompts: Prompts) -> dict[str, Any]:
    """What else decides the answers; empty where all is as it comes.

    Under a template, choices lost the blank before them; ``turn`` parts these calls from earlier
    ones, and follows what a template writes by itself, such as a date. smollm2 goes without: its
    digits never had a blank, and its journals keep their worth.
    """
    more: dict[str, Any] = {
        name: spec.options[name] for name in ("template_args", "thought") if name in spec.options
    }
    if prompts.chat and spec.backend != "smollm2":
        more["turn"] = prompts.probe()
    if prompts.ends and not prompts.chat:
        more["ends"] = prompts.ends
    return more


class HfModel:
    """A causal language model in this process.

    Attributes:
        spec: model string as given.
        fingerprint: hash of weights, tokenizer, template, precision and this backend's name.
        prompts: the model's tokenizer, and whether its chat template is used.
        tokenizer: the tokenizer.
        forward: how the model is run.
    """

    def __init__(
        self,
        spec: str,
        identity: str,
        prompts: Prompts,
        forward: Forward,
        *,
        dtype: str,
        size: int,
        room: int = 0,
    ) -> None:
        self.spec = spec
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()
        self.tokenizer, self.forward, self._dtype = prompts.tokenizer, forward, dtype
        self.prompts = prompts
        self._context, self._size, self._room = forward.context, size, room

    def capabilities(self) -> Capabilities:
        """Everything, in the precision that was asked for."""
        return local_capabilities(self.prompts, self._context, self._dtype)

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """Log-probabilities of the choices; a prompt over the context length is ``skipped``.

        Where every choice is one token, one position serves them all; the log-probs of longer
        choices are sums over their tokens. ``cached_tokens`` counts tokens that an earlier prompt
        of the same call had computed.

        Raises:
            InputError: code ``bad_choices``: none, an empty one, or one twice.
        """
        from measurand.models.forward import Row

        parts = self.prompts.split_all(requests, choices)
        rows: list[Row] = []
        spans: list[tuple[int, int] | None] = []
        for prompt, continuations in parts:
            longest = max(map(len, continuations))
            if self._foreign(prompt, *continuations) or longest - 1 > self._left(prompt):
                spans.append(None)
                continue
            own = _choice_rows(prompt, continuations)
            spans.append((len(rows), len(rows) + len(own)))
            rows += [Row(prompt + tail, reads[0][0], reads) for tail, reads in own]
        reads = self.forward.logprobs(rows)
        return [
            Score.failed("skipped", self._reason(prompt), prompt_tokens=len(prompt))
            if span is None
            else _to_score(prompt, continuations, rows[slice(*span)], reads[slice(*span)])
            for (prompt, continuations), span in zip(parts, spans, strict=True)
        ]

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        """Completions; a draw depends on (prompt, seed, repeat), not on the batch.

        ``cached_tokens`` is counted as in :meth:`score`.
        """
        if sampling.choices is not None:
            scores = self.score(requests, sampling.choices)
            return constrained(requests, scores, sampling, repeat)
        prompts = self.prompts.encode_all(
            [self.prompts.text(request.prompt, request.begun) for request in requests]
        )
        writers = [
            _Writer(
                self.tokenizer,
                self.forward.end_tokens,
                request.prompt,
                sampling,
                repeat,
                most=min(sampling.max_tokens + self._room, self._left(prompt)),
                close=self.prompts.close,
            )
            for request, prompt in zip(requests, prompts, strict=True)
        ]
        able = [at for at, p in enumerate(prompts) if not self._foreign(p) and self._left(p) > 0]
        computed = self.forward.generate([prompts[at] for at in able], [writers[at] for at in able])
        out = [
            Completion.failed("skipped", self._reason(prompt), prompt_tokens=len(prompt))
            for prompt in prompts
        ]
        for at, n in zip(able, computed, strict=True):
            out[at] = writers[at].completion(len(prompts[at]), len(prompts[at]) - n)
        return out

    def close(self) -> None:
        """Nothing runs outside this process."""

    def text(self, prompt: str) -> str:
        """What the model is given for a prompt: inside the chat template, where one is used."""
        return self.prompts.text(prompt)

    def _left(self, prompt: Tokens) -> int:
        """Tokens that fit after the prompt."""
        return sys.maxsize if self._context is None else self._context - len(prompt)

    def _foreign(self, prompt: Tokens, *more: Tokens) -> bool:
        """Whether a prompt has no token, or one that the model does not know."""
        return not prompt or max(max(tokens) for tokens in (prompt, *more)) >= self._size

    def _reason(self, prompt: Tokens) -> str:
        if not prompt:
            return "the prompt has no token"
        if self._foreign(prompt):
            return f"the prompt holds token {max(prompt)}; the model knows {self._size}"
        return f"prompt of {len(prompt)} tokens and its answer exceed {self._context} tokens"


def local_capabilities(prompts: Prompts, context: int | None, dtype: str) -> Capabilities:
    """What a model can do whose weights are here.

    Choices cannot be scored where the template opens a thought: the next word is none of them.
    """
    thinks = bool(prompts.close)
    return Capabilities(
        logprobs=not thinks,
        generate=True,
        constrained=not thinks,
        chat_template=prompts.chat,
        begins=prompts.chat,
        max_model_tokens=context,
        dtype=dtype,
        reasons=dict.fromkeys(("logprobs", "constrained"), NO_CHOICES) if thinks else {},
    )


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _choice_rows(
    prompt: Tokens, continuations: Sequence[Tokens]
) -> list[tuple[Tokens, tuple[tuple[int, Tokens], ...]]]:
    """What to run after a prompt so that every token of every choice is predicted once.

    Returns:
        (tokens after the prompt, reads), one for choices of one token each.
    """
    followers: dict[Tokens, dict[int, None]] = {}
    for tokens in continuations:
        for at, token in enumerate(tokens):
            followers.setdefault(tokens[:at], {})[token] = None
    longest = [
        c for c in followers if not any(len(o) > len(c) and o[: len(c)] == c for o in followers)
    ]
    rows, seen = [], set()
    for tail in longest:
        reads = []
        for at in range(len(tail) + 1):
            if tail[:at] not in seen:
                seen.add(tail[:at])
                reads.append((len(prompt) - 1 + at, tuple(followers[tail[:at]])))
        rows.append((tail, tuple(reads)))
    return rows


def _to_score(
    prompt: Tokens, continuations: Sequence[Tokens], rows: Sequence[Row], reads: Sequence[Read]
) -> Score:
    table: dict[Tokens, float] = {}
    for row, read in zip(rows, reads, strict=True):
        for (position, ids), values in zip(row.reads, read.logprobs, strict=True):
            context = row.tokens[len(prompt) : position + 1]
            table.update({(*context, token): x for token, x in zip(ids, values, strict=True)})
    sums = [sum(table[tokens[: at + 1]] for at in range(len(tokens))) for tokens in continuations]
    return Score.of(
        [float(np.float32(x)) for x in sums],
        prompt_tokens=len(prompt),
        cached_tokens=max(len(prompt) - sum(read.computed for read in reads), 0),
        next_token=max(map(len, continuations)) == 1,
    )


class _Writer:
    """One completion in the making: draws tokens, knows when to stop."""

    def __init__(
        self,
        tokenizer: Any,
        end_tokens: frozenset[int],
        prompt: str,
        sampling: Sampling,
        repeat: int,
        most: int,
        close: str = "",
    ) -> None:
        self.most, self._close = most, close
        self._tokenizer, self._end, self._sampling = tokenizer, end_tokens, sampling
        self._rng = np.random.default_rng(prompt_seed(prompt, sampling.seed, repeat))
        self._ids: list[int] = []
        self._text, self._finish = "", "length"

    def take(self, logits: Any) -> int:
        """Draw the next token from the logits over the vocabulary."""
        how = self._sampling
        token = draw(logits, how.temperature, how.top_p, self._rng.random())
        self.most -= 1
        if token in self._end:
            self.most, self._finish = 0, "stop"
            return token
        self._ids.append(token)
        self._text = self._tokenizer.decode(self._ids, skip_special_tokens=True)
        said = thoughts.answer(self._text, self._close)
        short = said if said is None else thoughts.cut(said, how.stop)
        if short is not None and short != said:
            self._text, self._close = short, ""
            self.most, self._finish = 0, "stop"
        return token

    def completion(self, prompt_tokens: int, cached_tokens: int) -> Completion:
        """What was written after the thought, if there was one."""
        n = len(self._ids)
        text = thoughts.answer(self._text, self._close)
        if text is None:
            return Completion.unfinished(n, prompt_tokens, cached_tokens)
        return Completion(text, n, prompt_tokens, self._finish, cached_tokens=cached_tokens)
