"""One episode of one agent: what was done, what it earned, and how long each part took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from measurand.web.browser import Owner, Session
from measurand.web.film import Picture
from measurand.web.observation import Observation, words
from pipelines.compwob.actions import Action, bad_reference
from pipelines.compwob.agents import Agent, Decision
from pipelines.compwob.environment import Environment, Rules, Spec, State

Row = dict[str, Any]
FIRST_STEPS, STEPS_PER_PART = 10, 8
STUCK = 3
"""Actions without effect after which an agent that does nothing has given up."""


@dataclass(frozen=True)
class Setting:
    """How episodes are run.

    Attributes:
        rules: how attempts become a reward.
        attempts: tries of an episode whose browser fails.
        timeout_s: longest episode.
        recycle: episodes after which a browser is started afresh.
    """

    rules: Rules = field(default_factory=Rules)
    attempts: int = 3
    timeout_s: float = 300.0
    recycle: int = 500


@dataclass
class Played:
    """An episode.

    Attributes:
        episode: a row of ``compwob.episodes``.
        steps: rows of ``compwob.steps``.
        run: a row of ``compwob.runs``.
        pictures: what was seen, where pictures were asked for.
    """

    episode: Row
    steps: list[Row]
    run: Row
    pictures: list[Picture] = field(default_factory=list)


def episode_id(spec: Spec, agent: str) -> str:
    """Identity of an episode."""
    return f"{spec.task.name}|{spec.order}|{spec.seed}|{agent}"


def step_limit(n_parts: int) -> int:
    """Most actions of an episode."""
    return FIRST_STEPS + STEPS_PER_PART * n_parts


def play(
    owner: Owner, spec: Spec, agent: Agent, setting: Setting, *, pictures: bool = False
) -> Played:
    """Play an episode; after a failure of browser or model server the same seed is tried again.

    Args:
        owner: whose browser to use.
        spec: what to show.
        agent: who acts.
        setting: how.
        pictures: whether to keep a picture of every step.

    Returns:
        The episode. After ``setting.attempts`` failures its status is ``infra_error`` and it has no
        result.
    """
    found, failures = owner.tried(
        lambda session: _attempt(session, spec, agent, setting, pictures),
        setting.timeout_s,
        setting.attempts,
    )
    if found is None:
        found = _failed(owner, spec, agent, setting, failures[-1])
    found.run["attempts"] = len(failures) + (found.episode["status"] == "ok")
    found.run["failures"] = "; ".join(failures)[:1000]
    if found.run.pop("spent", False):
        owner.restart()
    return found


@dataclass
class _Clock:
    reset: float = 0.0
    observe: float = 0.0
    agent: float = 0.0
    act: float = 0.0

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            setattr(self, name, getattr(self, name) + time.perf_counter() - start)


def _attempt(
    session: Session, spec: Spec, agent: Agent, setting: Setting, pictures: bool
) -> Played:
    start, clock = time.perf_counter(), _Clock()
    before = len(session.foreign())
    refused = len(session.server.foreign)
    with clock.of("reset"):
        env = Environment(session, spec, setting.rules)
    agent.start(episode_id(spec, agent.name), env.utterance, env.parts if agent.privileged else ())
    base = _base(spec, agent, setting)
    seen: list[Observation] = []
    shown: set[int] = set()
    history: list[Action] = []
    decisions: list[Decision] = []
    steps: list[Row] = []
    film: list[Picture] = []
    state = env.state()
    reason = ""
    while not state.done and not reason:
        with clock.of("observe"):
            now = env.observe()
        with clock.of("agent"):
            decision = agent.act(now, history)
        if pictures:
            film.append(_picture(env, decision.action, now))
        with clock.of("act"):
            covered = env.act(decision.action)
        state = env.state()
        steps.append(
            {
                **_step(base, env, now, decision, covered, state, len(history)),
                "bad_reference": bad_reference(decision.action, now, shown),
            }
        )
        shown |= {node.ref for node in now.nodes()}
        seen.append(now)
        history.append(decision.action)
        decisions.append(decision)
        reason = _ended(spec, history, seen, start, setting)
    if pictures:
        film.append(Picture(env.picture(), "", None))
    episode = {
        **base,
        "utterance": env.utterance,
        "instruction_tokens": len(words(env.utterance)),
        "html_sha256": seen[0].sha256 if seen else None,
        **(seen[0].complexity() if seen else {}),
        "steps": len(steps),
        "success": state.done and state.reward >= 1,
        "reward": state.reward,
        "done_reason": state.reason if state.done else reason,
        "part_states": list(state.parts),
        "covered": sum(step["covered"] for step in steps),
        "parse_errors": sum(step["parse_error"] for step in steps),
        "bad_references": [step["bad_reference"] for step in steps if step["bad_reference"]],
        "prompt_tokens": _total([d.prompt_tokens for d in decisions]),
        "completion_tokens": _total([d.completion_tokens for d in decisions]),
        "status": "ok",
        "reason": None,
        "browser": session.version,
        "env_sha256": session.server.site.sha256,
    }
    run = {
        "episode_id": base["episode_id"],
        "wall_ms": (time.perf_counter() - start) * 1000,
        "reset_ms": clock.reset * 1000,
        "observe_ms": clock.observe * 1000,
        "agent_ms": clock.agent * 1000,
        "act_ms": clock.act * 1000,
        "foreign": session.foreign()[before:],
        "refused": len(session.server.foreign) - refused,
        "spent": session.episodes >= setting.recycle,
        "retries": _total([d.retries for d in decisions]),
    }
    return Played(episode, steps, run, film)


def _ended(
    spec: Spec, history: list[Action], seen: list[Observation], start: float, setting: Setting
) -> str:
    """Why an episode is over that its pages have not ended; empty while it goes on."""
    if len(history) >= step_limit(len(spec.task.parts)):
        return "step_limit"
    if time.perf_counter() - start > setting.timeout_s:
        return "timeout"
    last = history[-STUCK:]
    idle = len(last) == STUCK and all(action.kind == "noop" for action in last)
    return "gave_up" if idle and len({one.sha256 for one in seen[-STUCK:]}) == 1 else ""


def _picture(env: Environment, action: Action, now: Observation) -> Picture:
    box = env.box(action.ref) if now.node(action.ref) is not None else None
    return Picture(env.picture(), str(action), box)


def _base(spec: Spec, agent: Agent, setting: Setting) -> Row:
    task = spec.task
    return {
        "episode_id": episode_id(spec, agent.name),
        "task": task.name,
        "order": spec.order,
        "seed": spec.seed,
        "agent": agent.name,
        "parts": list(task.parts),
        "category": task.category,
        "n_parts": len(task.parts),
        "layout": task.layout,
        "order_rule": setting.rules.order,
        "error_rule": setting.rules.errors,
        "click": setting.rules.click,
    }


def _step(
    base: Row,
    env: Environment,
    now: Observation,
    decision: Decision,
    covered: bool,
    state: State,
    number: int,
) -> Row:
    action = decision.action
    node = now.node(action.ref)
    return {
        **{name: base[name] for name in ("episode_id", "task", "order", "seed", "agent")},
        "step": number,
        "utterance": env.utterance,
        "html": now.html,
        "html_sha256": now.sha256,
        "action_type": action.kind,
        "ref": action.ref,
        "element_html": None if node is None else node.short(),
        "text": action.text,
        "raw_output": decision.raw_output,
        "parse_error": decision.parse_error,
        "covered": covered,
        "reward": state.reward,
        "done": state.done,
        "part_states": list(state.parts),
    }


def _failed(owner: Owner, spec: Spec, agent: Agent, setting: Setting, why: str) -> Played:
    base = _base(spec, agent, setting)
    nothing = ("utterance", "instruction_tokens", "html_sha256", "html_chars", "html_nodes",
               "max_subtree", "depth", "success", "reward", "bad_references", "prompt_tokens",
               "completion_tokens")  # fmt: skip
    episode = {
        **base,
        **dict.fromkeys(nothing),
        "steps": 0,
        "done_reason": "infra",
        "part_states": [0] * len(spec.task.parts),
        "covered": 0,
        "parse_errors": 0,
        "status": "infra_error",
        "reason": why,
        "browser": "none",
        "env_sha256": owner.site.sha256,
    }
    times = dict.fromkeys(("wall_ms", "reset_ms", "observe_ms", "agent_ms", "act_ms"), 0.0)
    none = {"foreign": [], "refused": 0, "retries": None}
    run = {"episode_id": base["episode_id"], **times, **none}
    return Played(episode, [], run)


def _total(numbers: list[int | None]) -> int | None:
    known = [n for n in numbers if n is not None]
    return sum(known) if known else None
