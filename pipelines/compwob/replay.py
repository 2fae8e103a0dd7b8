"""Whether an episode can be had again: the page from its seed, the reward from its actions.

The reader is independent of whoever acted: it takes the stored rows, builds the page and carries
the actions out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measurand.web.browser import Owner, Session
from pipelines.compwob.actions import Action
from pipelines.compwob.environment import Environment, Rules, Spec
from pipelines.compwob.episodes import Setting
from pipelines.compwob.tasks import composition


@dataclass(frozen=True)
class Again:
    """What a second time gave.

    Attributes:
        start: the same sentence and first page.
        reward: the same reward after the same actions.
        pages: the same page before every action.
    """

    start: bool
    reward: bool
    pages: bool


def spec_of(episode: Mapping[str, Any]) -> Spec:
    """What an episode was of."""
    return Spec(composition(episode["task"]), episode["order"], episode["seed"])


def again(
    owner: Owner,
    episode: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    setting: Setting,
    *,
    source: str | None = None,
) -> Again | None:
    """Replay an episode from its rows.

    Args:
        owner: whose browser to use.
        episode: a row of ``compwob.episodes``.
        steps: its rows of ``compwob.steps``, in order.
        setting: attempts and time; the rules are the episode's own.
        source: page of the episode, where it was not the task's own.

    Returns:
        What was the same; None where the browser failed every time.
    """
    rules = Rules(episode["order_rule"], episode["error_rule"], episode["click"])
    what = spec_of(episode)
    if source is not None:
        what = Spec(what.task, what.order, what.seed, source)
    found, _ = owner.tried(
        lambda session: _again(session, what, rules, episode, steps),
        setting.timeout_s,
        setting.attempts,
    )
    return found


def _again(
    session: Session,
    what: Spec,
    rules: Rules,
    episode: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
) -> Again:
    env = Environment(session, what, rules)
    seen = []
    for step in steps:
        seen.append(env.observe().sha256)
        env.act(Action(step["action_type"], step["ref"], step["text"]))
    first = seen[0] if seen else env.observe().sha256
    return Again(
        start=env.utterance == episode["utterance"] and first == episode["html_sha256"],
        reward=env.state().reward == episode["reward"],
        pages=seen == [step["html_sha256"] for step in steps],
    )
