"""What an instruction asks for: the steps that do it, and what must hold on the server after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipelines.webagent.sessions import Setting

ActKind = Literal["type", "choose", "tick", "press", "follow"]


@dataclass(frozen=True)
class Act:
    """One step, in terms of the site and not of a theme.

    Attributes:
        kind: ``type`` into a field, ``choose`` an option, ``tick`` a box, ``press`` a button,
            ``follow`` a link.
        what: key of a label of :mod:`pipelines.webagent.themes`, or the words themselves.
        value: what is typed, or the option.
    """

    kind: ActKind
    what: str
    value: str = ""


@dataclass(frozen=True)
class Want:
    """One attribute: what must hold in the end.

    Attributes:
        of: ``query``: a field of the list in force; ``opened``: the record on show; otherwise the
            kind of something that was made.
        key: field of it; empty for ``opened``.
        value: what it must be.
    """

    of: str
    key: str
    value: str

    @property
    def name(self) -> str:
        """Of the attribute, in tables."""
        return f"{self.of}.{self.key}" if self.key else self.of


@dataclass(frozen=True)
class Template:
    """What instructions are made from.

    Attributes:
        id: ``<site>-<word>``.
        split: ``train`` or ``eval``; no template is in both.
        texts: the same request in several wordings.
        parts: what is asked for, in the words of the site's module.
    """

    id: str
    split: str
    texts: tuple[str, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Goal:
    """A template with its slots filled.

    Attributes:
        slots: what stands in the text.
        acts: steps that do it, from the site's front page.
        wants: what must hold after.
        on: which list the query must be of; empty where no list is asked for.
    """

    slots: Mapping[str, str]
    acts: tuple[Act, ...]
    wants: tuple[Want, ...]
    on: str = ""


@dataclass(frozen=True)
class Task:
    """An instruction with all that belongs to it.

    Attributes:
        id: ``<site>|<template>|<number>|<seed>``.
        setting: site, theme and records.
        template: what it was made from.
        seed: of its slots.
        text: the sentence that an agent is told.
        goal: what only rules and the checker are told.
    """

    id: str
    setting: Setting
    template: Template
    seed: int
    text: str
    goal: Goal
