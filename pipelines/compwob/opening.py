"""Agents by name."""

from __future__ import annotations

from pathlib import Path

from measurand.errors import InputError
from measurand.journal import Journal
from pipelines.compwob.agents import PROMPTED, SCRIPTED, Agent, scripted
from pipelines.compwob.pages import Pages
from pipelines.compwob.solvers import synonyms_of


def open_agent(
    name: str, pages: Pages, *, data: Path, journal: Journal | None = None, cache: Path
) -> Agent:
    """An agent, ready to act.

    Args:
        name: as in ``schemas.compwob.AgentRun``.
        pages: the pages that it will see; scripts take their words of like meaning from there.
        data: folder with ``dataset/`` (exemplars) and ``checkpoint/`` (trained models).
        journal: of the model calls, for agents that prompt a model.
        cache: folder for converted weights of language models.

    Raises:
        InputError: code ``bad_agent``: no agent has this name; or what it needs is not there.
        CapabilityError: its model cannot write text.
    """
    kind, _, model = name.partition("@")
    if kind in SCRIPTED and not model:
        return scripted(kind, synonyms_of(pages))
    if kind in PROMPTED and model:
        from pipelines.compwob.prompted import open_prompted

        return open_prompted(kind, model, data=data, journal=journal, cache=cache)
    if kind.startswith("trained:") and not model:
        from pipelines.compwob.policy import open_trained

        return open_trained(name, data / "checkpoint")
    known = [*SCRIPTED, "trained:<mixture>:<seed>", *(f"{kind}@<model>" for kind in PROMPTED)]
    raise InputError(
        f"no such agent: {name!r}", hint=f"one of {', '.join(known)}", code="bad_agent"
    )
