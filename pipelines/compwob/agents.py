"""Agents: one interface for scripts, for language models and for the small model of one's own.

An agent is told the sentence, sees the page and says what to do. The oracle alone is told more: the
parts, their own sentences, and which element holds which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from measurand.errors import InputError
from measurand.stats.resample import rng_for
from measurand.web.observation import Node, Observation, words
from pipelines.compwob import grammar
from pipelines.compwob.actions import NOOP, Action, click, write
from pipelines.compwob.environment import Part
from pipelines.compwob.grammar import Clause
from pipelines.compwob.reader import Reader
from pipelines.compwob.sentences import imperative
from pipelines.compwob.solvers import Words, solve

SCRIPTED = ("oracle", "text_oracle", "random", "first_button", "forward_only")
PROMPTED = ("zero_shot", "rci", "exemplars")
"""Agents that prompt a language model."""


@dataclass(frozen=True)
class Decision:
    """What an agent does, and how it came to it.

    Attributes:
        action: the action.
        raw_output: what a model wrote, for agents that have one.
        parse_error: whether no action was found in it.
        prompt_tokens: read by the model.
        completion_tokens: written by it.
        retries: attempts at its server that failed and were made again.
    """

    action: Action
    raw_output: str | None = None
    parse_error: bool = False
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    retries: int | None = None


class Agent(Protocol):
    """Who acts.

    Attributes:
        name: as in the parameters.
        sha256: hash of everything that decides what it does.
        privileged: whether it must be told the parts.
    """

    name: str
    sha256: str
    privileged: bool

    def start(self, episode_id: str, utterance: str, parts: Sequence[Part]) -> None:
        """A new episode; ``parts`` is empty unless the agent is privileged."""
        ...

    def act(self, observation: Observation, history: Sequence[Action]) -> Decision:
        """The next action, from the page and the actions so far."""
        ...


@cache
def _code() -> str:
    """Hash of the scripts' own code: another script is another agent."""
    files = ("agents", "grammar", "plain", "reader", "sentences", "solvers", "wording")
    text = b"".join((Path(__file__).parent / f"{name}.py").read_bytes() for name in files)
    return hashlib.sha256(text).hexdigest()


@dataclass
class _Plan:
    """Clauses to be done one after the other."""

    clauses: list[Clause]
    at: int = 0

    @property
    def clause(self) -> Clause | None:
        return self.clauses[self.at] if self.at < len(self.clauses) else None


@dataclass
class Oracle:
    """Knows the parts and solves them in order, by the actions that every agent has.

    Attributes:
        synonyms: words of like meaning.
    """

    synonyms: Words
    name: str = "oracle"
    sha256: str = field(default_factory=_code)
    privileged: bool = True
    _plan: _Plan = field(default_factory=lambda: _Plan([]))
    _parts: tuple[Part, ...] = ()

    def start(self, episode_id: str, utterance: str, parts: Sequence[Part]) -> None:
        """See :class:`Agent`."""
        self._parts = tuple(parts)
        self._plan = _Plan([_clause(part) for part in parts])

    def act(self, observation: Observation, history: Sequence[Action]) -> Decision:
        """See :class:`Agent`."""
        clause = self._plan.clause
        panel = None if clause is None else observation.node(self._parts[self._plan.at].ref)
        step = None
        if clause is not None and panel is not None:
            step = solve(clause.kind, clause.values, panel, self.synonyms)
        if step is None:
            return Decision(NOOP)
        self._plan.at += step.commits
        return Decision(step.action)


def _clause(part: Part) -> Clause:
    if part.task.startswith("email-inbox"):
        return Clause(grammar.EMAIL, dict(part.fields))
    clauses = grammar.as_said(imperative(part.task, part.utterance))
    if not clauses or len(clauses) != 1 or clauses[0].kind == grammar.EMAIL:
        raise InputError(
            f"{part.task}: {part.utterance!r} is not worded as the oracle knows it",
            hint="another release of the pages; extend pipelines/compwob/grammar.py",
            code="bad_sentence",
        )
    return clauses[0]


@dataclass
class TextOracle:
    """Splits the sentence by a grammar and finds what each clause means by what is on the page.

    With ``follows_after`` false it does the clauses in the order in which they are named: what it
    earns on reversed sentences is what an agent earns that does not read "after".

    Attributes:
        synonyms: words of like meaning.
        follows_after: whether what stands after "after" is done first.
    """

    synonyms: Words
    follows_after: bool = True
    privileged: bool = False
    name: str = field(init=False)
    sha256: str = field(init=False)
    _reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.name = "text_oracle" if self.follows_after else "forward_only"
        self.sha256 = _code()
        self._reader = Reader(self.synonyms, self.follows_after)

    def start(self, episode_id: str, utterance: str, parts: Sequence[Part]) -> None:
        """See :class:`Agent`."""
        self._reader.start(utterance)

    def act(self, observation: Observation, history: Sequence[Action]) -> Decision:
        """See :class:`Agent`."""
        return Decision(self._reader.act(observation) or NOOP)


def can_be_acted_on(node: Node) -> bool:
    """Whether a person might click it: controls, links, and elements whose text is their own."""
    if node.tag in ("button", "input", "textarea", "select", "a", "label"):
        return True
    return not node.children and node.tag in ("span", "div", "li", "td") and bool(
        node.text or node.classes
    )  # fmt: skip


def is_field(node: Node) -> bool:
    """Whether it can be typed into."""
    texts = ("", "text", "password", "input", "search", "date", "email", "number")
    return node.tag == "textarea" or (node.tag == "input" and node.get("type") in texts)


@dataclass
class Random:
    """Clicks anything that could be clicked; in fields it types a word of the sentence as often."""

    name: str = "random"
    sha256: str = field(default_factory=_code)
    privileged: bool = False
    _utterance: str = ""
    _episode: str = ""

    def start(self, episode_id: str, utterance: str, parts: Sequence[Part]) -> None:
        """See :class:`Agent`."""
        self._utterance, self._episode = utterance, episode_id

    def act(self, observation: Observation, history: Sequence[Action]) -> Decision:
        """See :class:`Agent`."""
        rng = rng_for("compwob", self._episode, len(history))
        nodes = [node for node in observation.nodes() if can_be_acted_on(node)]
        if not nodes:
            return Decision(NOOP)
        node = nodes[int(rng.integers(len(nodes)))]
        said = words(self._utterance)
        if is_field(node) and rng.random() < 0.5:
            return Decision(write(node.ref, said[int(rng.integers(len(said)))]))
        return Decision(click(node.ref))


@dataclass
class FirstButton:
    """Clicks the first button of the page, always."""

    name: str = "first_button"
    sha256: str = field(default_factory=_code)
    privileged: bool = False

    def start(self, episode_id: str, utterance: str, parts: Sequence[Part]) -> None:
        """See :class:`Agent`."""

    def act(self, observation: Observation, history: Sequence[Action]) -> Decision:
        """See :class:`Agent`."""
        buttons = [node for node in observation.nodes() if node.tag == "button"]
        return Decision(click(buttons[0].ref) if buttons else NOOP)


def scripted(name: str, synonyms: Words) -> Agent:
    """An agent that is a script.

    Raises:
        InputError: there is no such script.
    """
    if name not in SCRIPTED:
        raise InputError(f"no such scripted agent: {name!r}", hint=f"one of {', '.join(SCRIPTED)}")
    made: dict[str, Agent] = {
        "oracle": Oracle(synonyms),
        "text_oracle": TextOracle(synonyms),
        "forward_only": TextOracle(synonyms, follows_after=False),
        "random": Random(),
        "first_button": FirstButton(),
    }
    return made[name]
