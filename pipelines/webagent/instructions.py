"""Instructions: templates of a split, filled from its records, shown in its themes."""

from __future__ import annotations

from typing import Any

from measurand.errors import InputError
from measurand.stats.resample import rng_for
from pipelines.webagent import estate_goals, forum_goals, map_goals
from pipelines.webagent.goals import Task, Template
from pipelines.webagent.sessions import Setting
from schemas.webagent.params import (
    EVAL_RECORDS,
    HELD_OUT_THEMES,
    SITES,
    SPLITS,
    TRAIN_RECORDS,
    TRAIN_THEMES,
)

_GOALS: dict[str, Any] = {"estate": estate_goals, "forum": forum_goals, "map": map_goals}


def templates(site: str, split: str) -> tuple[Template, ...]:
    """The templates of a site and split."""
    return tuple(t for t in _GOALS[site].TEMPLATES if t.split == split)


def task(site: str, split: str, number: int, seed: int) -> Task:
    """The instruction of a number.

    Templates take turns. Training instructions have training themes; of those for evaluation
    every second has a theme that no training page has.

    Args:
        site: of ``params.SITES``.
        split: ``train`` or ``eval``.
        number: 0-based.
        seed: of records, slots and wording.

    Raises:
        InputError: there is no such site or split.
    """
    if site not in SITES or split not in SPLITS:
        raise InputError(f"no instructions of {site}, {split}", hint=f"sites: {', '.join(SITES)}")
    some = templates(site, split)
    template = some[number % len(some)]
    pool = EVAL_RECORDS if split == "eval" else TRAIN_RECORDS
    for attempt in range(20):
        rng = rng_for("webagent instruction", site, split, number, seed, attempt)
        records = pool[(seed * 7 + number // len(some) + attempt) % len(pool)]
        goal = _GOALS[site].fill(template, rng, records)
        if goal is not None:
            break
    else:
        raise InputError(f"{template.id}: no records fit", hint="give another seed")
    themes = TRAIN_THEMES
    if split == "eval":
        held_out = (number + number // len(some)) % 2
        themes = HELD_OUT_THEMES if held_out else TRAIN_THEMES
    theme = themes[int(rng.integers(len(themes)))]
    text = template.texts[int(rng.integers(len(template.texts)))].format(**goal.slots)
    setting = Setting(site, theme, records)
    return Task(f"{site}|{template.id}|{number}|{seed}", setting, template, seed, text, goal)


def tasks(site: str, split: str, count: int, seed: int) -> list[Task]:
    """The first ``count`` instructions."""
    return [task(site, split, number, seed) for number in range(count)]
