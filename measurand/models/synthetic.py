"""Respondents whose truth is known: ``synthetic:<name>``, for tests, controls and calibration.

An answer is a function of the request's tags and the seed, nothing else: ``participant``, ``item``,
``scale``, ``keyed`` (+1 or -1) and, where there are, ``domain`` and ``level_<domain>`` (1-9). The
prompt is not read.

============  ====================================================================================
factor        keyed * loading * trait + sqrt(1 - loading^2) * noise, cut into the choices
unkeyed       the same trait, but the item's key is ignored
acquiescent   the same with one agreement level for all of a participant's scales, key ignored
uniform       every choice equally likely
constant      always the same choice (option ``value``, default the middle)
shaped        score = 1 + 0.5 (level - 1) + N(0, 0.3) clipped to 1-5, items average to it
============  ====================================================================================

Options: ``seed`` (0), ``loading`` (0.7; the first three), ``value`` (constant). Traits are standard
normal, one per participant and domain (per scale where the item has no domain).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from measurand.errors import CapabilityError, InputError
from measurand.models.protocol import Capabilities, Completion, Request, Sampling, Score
from measurand.models.sampling import constrained
from measurand.models.strings import ModelSpec

Tags = Mapping[str, str | int | float]

_NORMAL = NormalDist()
_OPTIONS = {
    "factor": ("loading",),
    "unkeyed": ("loading",),
    "acquiescent": ("loading",),
    "constant": ("value",),
}
_NEEDED = ("participant", "item", "scale", "keyed")
# Log-odds between neighbouring distances from the answer: P(answer) > 0.98, all choices possible.
_SHARPNESS = 5.0


def load(spec: ModelSpec) -> Synthetic:
    """Make a respondent.

    Raises:
        InputError: code ``bad_model``: unknown name or option, or an impossible value.
    """
    if spec.target not in RESPONDENTS:
        raise InputError(
            f"unknown respondent {spec.target!r} in {spec.text!r}",
            hint=f"write synthetic: and one of {', '.join(RESPONDENTS)}",
            code="bad_model",
        )
    spec.allow("seed", *_OPTIONS.get(spec.target, ()))
    loading, value = spec.number("loading", 0.7), spec.number("value", 0)
    if abs(loading) > 1 or value < 0 or value % 1:
        raise InputError(
            f"{spec.text}: the option's value is not possible",
            hint="a loading lies between -1 and 1; value is the number of a choice, from 1",
            code="bad_model",
        )
    seed = int(spec.number("seed", 0))
    return Synthetic(spec.text, spec.target, loading, seed, int(value) or None)


class Synthetic:
    """A respondent that answers from tags.

    Args:
        spec: model string.
        name: key of ``RESPONDENTS``.
        loading: correlation of an item with its trait before it is cut into choices.
        seed: of all random numbers.
        value: 1-based answer of the constant respondent, None for the middle.
    """

    def __init__(
        self, spec: str, name: str, loading: float = 0.7, seed: int = 0, value: int | None = None
    ) -> None:
        self.spec, self.name = spec, name
        self.loading, self.seed, self.value = loading, seed, value
        identity = json.dumps(["synthetic", name, loading, seed, value])
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()

    def answer(self, tags: Tags, k_choices: int) -> int:
        """The answer to one item, 1 to ``k_choices``."""
        return RESPONDENTS[self.name](self, tags, k_choices)

    def matrix(self, n: int, keyed: Sequence[int], *, k_choices: int = 5) -> NDArray[np.float64]:
        """Answers of participants 0..n-1 to one scale: (n, len(keyed)), not yet keyed."""
        return np.array(
            [
                [
                    self.answer(
                        {"participant": row, "item": item, "scale": "s", "keyed": key}, k_choices
                    )
                    for item, key in enumerate(keyed)
                ]
                for row in range(n)
            ],
            dtype=np.float64,
        )

    def latent(self, tags: Tags, *, trait: str, key: int) -> float:
        """The item's value before it is cut: loading * trait + noise, standard normal."""
        noise = self.normal("noise", tags["participant"], tags["item"])
        theta = self.normal("trait", tags["participant"], trait)
        return key * (self.loading * theta + math.sqrt(1 - self.loading**2) * noise)

    def uniform(self, *words: object) -> float:
        """A number in (0, 1) that depends on the words and the seed alone."""
        text = "\0".join(map(str, (self.seed, *words)))
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        return (number + 0.5) / 2**64

    def normal(self, *words: object) -> float:
        """A standard normal number that depends on the words and the seed alone."""
        return _NORMAL.inv_cdf(self.uniform(*words))

    def capabilities(self) -> Capabilities:
        """Scores and constrained answers; no free text."""
        return Capabilities(
            logprobs=True,
            generate=False,
            constrained=True,
            chat_template=False,
            max_model_tokens=None,
            dtype="float32",
            reads_tags=True,
        )

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """A sharp, proper distribution around the answer."""
        return [self._score(r.tags, len(r.choices or choices)) for r in requests]

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        """Draws among ``sampling.choices``.

        Raises:
            CapabilityError: code ``missing_capability``: no choices are given.
        """
        if sampling.choices is None:
            raise CapabilityError(
                f"{self.spec} writes no free text",
                hint="give choices, or use a language model",
            )
        scores = self.score(requests, sampling.choices)
        return constrained(requests, scores, sampling, repeat)

    def close(self) -> None:
        """Nothing to release."""

    def _score(self, tags: Tags, k_choices: int) -> Score:
        missing = [name for name in _NEEDED if name not in tags]
        if missing:
            return Score.failed("skipped", f"a synthetic respondent needs the tag {missing[0]!r}")
        answer = self.answer(tags, k_choices)
        odds = -_SHARPNESS * np.abs(np.arange(1, k_choices + 1) - answer)
        logprobs = (odds - np.log(np.exp(odds).sum())).astype(np.float32)
        return Score.of(logprobs.tolist(), prompt_tokens=None)


def _factor(who: Synthetic, tags: Tags, k: int) -> int:
    return _cut(who.latent(tags, trait=_trait(tags), key=int(tags["keyed"])), k)


def _unkeyed(who: Synthetic, tags: Tags, k: int) -> int:
    return _cut(who.latent(tags, trait=_trait(tags), key=1), k)


def _acquiescent(who: Synthetic, tags: Tags, k: int) -> int:
    return _cut(who.latent(tags, trait="agreement", key=1), k)


def _uniform(who: Synthetic, tags: Tags, k: int) -> int:
    return 1 + int(k * who.uniform("uniform", tags["participant"], tags["item"]))


def _constant(who: Synthetic, tags: Tags, k: int) -> int:
    return min(who.value or (k + 1) // 2, k)


def _shaped(who: Synthetic, tags: Tags, k: int) -> int:
    domain = _trait(tags)
    # A trait that the frame does not name sits in the middle, as level 5 does.
    level = int(tags.get(f"level_{domain}", 0)) or 5
    score = shaped_score(level, who.normal("shaped", tags["participant"], domain))
    # Rounded up as often as its fraction says, so that the items of a scale average to the score.
    value = 1 + (score - 1) * (k - 1) / 4
    answer = min(int(value + who.uniform("round", tags["participant"], tags["item"])), k)
    return answer if int(tags["keyed"]) > 0 else k + 1 - answer


def shaped_score(level: int, noise: float) -> float:
    """Scale score (1-5) that level 1-9 gives: 1 + 0.5 (level - 1) + 0.3 noise, clipped."""
    return min(max(1 + 0.5 * (level - 1) + 0.3 * noise, 1.0), 5.0)


RESPONDENTS: dict[str, Callable[[Synthetic, Tags, int], int]] = {
    "factor": _factor,
    "uniform": _uniform,
    "constant": _constant,
    "acquiescent": _acquiescent,
    "unkeyed": _unkeyed,
    "shaped": _shaped,
}


def _trait(tags: Tags) -> str:
    return str(tags.get("domain") or tags["scale"])


def _cut(latent: float, k: int) -> int:
    """Cut a standard normal value into k equal steps; the middle choice is the most common."""
    return min(max(math.floor((k + 1) / 2 + latent * (k - 1) / 4 + 0.5), 1), k)
