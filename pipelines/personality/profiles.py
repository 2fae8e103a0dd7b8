"""Which prompt frames each experiment has, and what is asked under each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.personality.params import BIOGRAPHIES, DOMAINS, Build, Concurrent, Single

Levels = tuple[int, int, int, int, int]
NO_TRAIT: Levels = (0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Profile:
    """One preamble.

    Attributes:
        bio_id: biography.
        instruction_id: item instruction.
        levels: level of each domain in the order of DOMAINS, 0 for a trait that is not mentioned.
    """

    bio_id: int
    instruction_id: str
    levels: Levels = NO_TRAIT

    @property
    def id(self) -> str:
        """``d7-rg6``, or ``ext9-agr0-con0-neu0-ope0-d7-ev2`` with a trait."""
        frame = f"d{self.bio_id}-{self.instruction_id}"
        if not any(self.levels):
            return frame
        traits = (f"{d.lower()}{n}" for d, n in zip(DOMAINS, self.levels, strict=True))
        return "-".join([*traits, frame])


@dataclass(frozen=True)
class Block:
    """What one experiment asks under a profile.

    Attributes:
        experiment: experiment.
        instruments: questionnaires.
        postambles: numbers of the answer-scale wordings.
        option_order: order in which the anchors are listed.
        n_items: a sample of so many items; null for all.
    """

    experiment: str
    instruments: tuple[str, ...]
    postambles: tuple[int, ...]
    option_order: str = "ascending"
    n_items: int | None = None


def plan(build: Build) -> dict[Profile, list[Block]]:
    """All profiles with what is asked under each, in the order of the experiments."""
    found: dict[Profile, list[Block]] = {}
    for profile, block in _validity(build):
        found.setdefault(profile, []).append(block)
    for shaped, experiment in ((build.single, "single"), (build.concurrent, "concurrent")):
        if shaped is None:
            continue
        block = Block(experiment, (shaped.instrument,), (shaped.postamble,))
        for levels in shaped_levels(shaped):
            for bio in range(1, shaped.n_bios + 1):
                found.setdefault(Profile(bio, shaped.instruction, levels), []).append(block)
    if (trial := build.cue) is not None:
        block = Block("cue", (trial.instrument,), (trial.postamble,), n_items=trial.n_items)
        for bio in range(BIOGRAPHIES - trial.n_bios + 1, BIOGRAPHIES + 1):
            found.setdefault(Profile(bio, trial.instruction), []).append(block)
    return found


def shaped_levels(shaped: Single | Concurrent) -> list[Levels]:
    """The prompted levels of a shaping experiment, one entry a profile of traits."""
    if isinstance(shaped, Single):
        return [
            _levels(level if d == trait else 0 for d in DOMAINS)
            for trait in shaped.traits
            for level in shaped.levels
        ]
    return [_levels(shaped.levels[high] for high in row) for row in design(shaped.design)]


def design(name: str) -> list[tuple[int, ...]]:
    """Rows of a two-level design over the five domains, 1 for high.

    Args:
        name: ``full``; ``half``, resolution V: OPE is the parity of the other four; ``quarter``,
            resolution III: NEU and OPE are the parities of EXT with AGR and with CON.
    """
    if name == "full":
        return list(itertools.product((0, 1), repeat=5))
    if name == "half":
        four = itertools.product((0, 1), repeat=4)
        return [(e, a, c, n, e ^ a ^ c ^ n) for e, a, c, n in four]
    return [(e, a, c, e ^ a, e ^ c) for e, a, c in itertools.product((0, 1), repeat=3)]


def instruments(build: Build) -> tuple[str, ...]:
    """All questionnaires that a build needs, each once, in the order of the parameters."""
    others = (build.single, build.concurrent, build.cue)
    shaped = [other.instrument for other in others if other is not None]
    return tuple(dict.fromkeys([*build.validity.instruments, *shaped]))


def _validity(build: Build) -> Iterator[tuple[Profile, Block]]:
    v, r = build.validity, build.reversed_options
    for bio in range(1, v.n_bios + 1):
        for instruction in v.instructions:
            profile = Profile(bio, instruction)
            yield profile, Block("validity", v.instruments, v.postambles)
            if r is not None and bio <= r.n_bios and instruction == r.instruction:
                sample = Block(
                    "reversed_options", (r.instrument,), (r.postamble,), "descending", r.n_items
                )
                yield profile, sample


def _levels(values: Iterator[int]) -> Levels:
    ext, agr, con, neu, ope = values
    return ext, agr, con, neu, ope
