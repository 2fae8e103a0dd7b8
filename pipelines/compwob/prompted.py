"""Agents that prompt a language model: zero-shot, with criticism (RCI), with exemplars.

Source: Kim et al. 2023 (arXiv 2303.17491) for plan, criticism and refinement of plan and actions;
Zheng et al. 2023 (arXiv 2306.07863) for whole trajectories of like tasks as exemplars over an
abstract of the page. Exemplars are demonstrations of base tasks alone. Every call goes through the
journal, so that an answered prompt is never asked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from measurand import models, shards
from measurand.calls import generate_batches
from measurand.errors import InfraError, InputError
from measurand.journal import Journal
from measurand.manifest import read_manifest
from measurand.models.protocol import Model, Request, Sampling, check
from measurand.web.observation import Observation
from pipelines.compwob.actions import NOOP, Action, parse
from pipelines.compwob.agents import Agent, Decision, can_be_acted_on
from pipelines.compwob.environment import Part

ACTION, PLAN = Sampling(max_tokens=48), Sampling(max_tokens=160)
"""Greedy; an action is short, a plan is not."""
RECENT = 8
"""Actions of the history that a prompt shows."""
EXEMPLARS = 3
RULES = """You operate a web page by one action at a time. Every element has a number, its ref.
Actions:
click(ref)            click an element
type(ref, "text")     replace the text of a field
select(ref, "option") choose an option of a list
press(key)            press Enter, Tab, Escape or Backspace
scroll(down)          scroll the page
noop()                wait
Do the parts of a task in the order in which the task wants them done."""
VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


class ModelFailed(InfraError):
    """The model's server failed; never the agent's failure."""

    code = "model_failed"


@dataclass
class Talk:
    """Asks a model and counts.

    Attributes:
        model: a checked model.
        journal: of the calls.
        read: tokens of prompts.
        written: tokens of answers.
        retries: attempts that failed and were made again, of distinct calls.
    """

    model: Model
    journal: Journal
    read: int = 0
    written: int = 0
    retries: int = 0

    def ask(self, prompt: str, sampling: Sampling) -> str:
        """What the model writes; empty where it cannot answer this prompt.

        Raises:
            ModelFailed: its server failed.
        """
        batches = [[Request(prompt)]]
        (answers,) = list(generate_batches(self.model, batches, self.journal, sampling))
        found = answers[0].completion
        if found.status == "infra_error":
            raise ModelFailed(f"{self.model.spec}: {found.reason}", hint="look at its server")
        if not answers[0].shared:
            self.retries += found.retries
        self.read += found.prompt_tokens or 0
        self.written += found.tokens or 0
        return found.text or ""


class ZeroShot:
    """Task, page and the latest actions; nothing else.

    Args:
        name: as in the parameters.
        talk: the model.
    """

    privileged = False

    def __init__(self, name: str, talk: Talk) -> None:
        self.name, self.talk = name, talk
        text = f"{VERSION}\0{name.partition('@')[0]}\0{talk.model.fingerprint}"
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        self._utterance = ""

    def start(self, episode_id: str, utterance: str, parts: Sequence[Part]) -> None:
        """See :class:`pipelines.compwob.agents.Agent`."""
        self._utterance = utterance

    def act(self, observation: Observation, history: Sequence[Action]) -> Decision:
        """See :class:`pipelines.compwob.agents.Agent`."""
        self.talk.read = self.talk.written = 0
        answer = self._answer(observation, history)
        action = parse(answer)
        # Those of a try that a failure ended are told by the next one.
        again, self.talk.retries = self.talk.retries, 0
        return Decision(
            NOOP if action is None else action,
            raw_output=answer,
            parse_error=action is None,
            prompt_tokens=self.talk.read,
            completion_tokens=self.talk.written,
            retries=again,
        )

    def _answer(self, observation: Observation, history: Sequence[Action]) -> str:
        return self.talk.ask(self._prompt(observation.html, history), ACTION)

    def _prompt(self, page: str, history: Sequence[Action], more: str = "") -> str:
        done = "; ".join(map(str, history[-RECENT:])) or "none"
        return (
            f"{RULES}\n\n{more}Task: {self._utterance}\nPage: {page}\nActions so far: {done}\n"
            "Next action:"
        )


class Rci(ZeroShot):
    """Plans, criticises and improves the plan; refines every action twice."""

    def start(self, episode_id: str, utterance: str, parts: Sequence[Part]) -> None:
        """See :class:`pipelines.compwob.agents.Agent`."""
        super().start(episode_id, utterance, parts)
        self._plan = ""

    def _answer(self, observation: Observation, history: Sequence[Action]) -> str:
        page = observation.html
        if not self._plan:
            self._plan = self._planned(page)
        answer = self.talk.ask(self._prompt(page, history, f"Plan:\n{self._plan}\n\n"), ACTION)
        for question in (
            "Is its ref the element that this step of the plan needs, on the page as it is now? "
            "Write the action that is right.",
            "Write it in exactly one of the forms of the list, and nothing else.",
        ):
            asked = f"Plan:\n{self._plan}\n\nProposed action: {answer.strip()}\n{question}\n\n"
            answer = self.talk.ask(self._prompt(page, history, asked), ACTION)
        return answer

    def _planned(self, page: str) -> str:
        head = f"{RULES}\n\nTask: {self._utterance}\nPage: {page}\n"
        plan = self.talk.ask(f"{head}Plan, one step a line:\n", PLAN)
        fault = self.talk.ask(f"{head}Plan:\n{plan}\nWhat is wrong with this plan?\n", PLAN)
        better = f"{head}Plan:\n{plan}\nCriticism: {fault}\nImproved plan, one step a line:\n"
        return self.talk.ask(better, PLAN) or plan


class Exemplars(ZeroShot):
    """Shows the demonstrations whose sentences are most like the task's, over abstract pages.

    Args:
        name: as in the parameters.
        talk: the model.
        dataset: folder of the demonstrations.
    """

    def __init__(self, name: str, talk: Talk, dataset: Path) -> None:
        super().__init__(name, talk)
        self._shown = Demonstrations(dataset)
        mine = f"{self.sha256}\0{read_manifest(dataset / 'steps').logical_hash}"
        self.sha256 = hashlib.sha256(mine.encode()).hexdigest()

    def _answer(self, observation: Observation, history: Sequence[Action]) -> str:
        exemplars = "".join(self._shown.like(self._utterance, EXEMPLARS))
        return self.talk.ask(self._prompt(abstract(observation), history, exemplars), ACTION)


def abstract(observation: Observation) -> str:
    """The elements that could be acted on, one a line."""
    nodes = [node for node in observation.nodes() if can_be_acted_on(node)]
    return "\n" + "\n".join(node.short() for node in nodes)


class Demonstrations:
    """Trajectories of base tasks, found by the words of their sentences (TF-IDF, cosine).

    Args:
        dataset: folder of the demonstrations.
    """

    def __init__(self, dataset: Path) -> None:
        columns = ["episode_id", "step", "utterance", "element_html", "action_type", "ref", "text"]
        self._rows: dict[str, list[dict[str, Any]]] = {}
        for row in shards.read_table(dataset / "steps", columns).to_pylist():
            self._rows.setdefault(row["episode_id"], []).append(row)
        self._said = [rows[0]["utterance"] for rows in self._rows.values()]

    @cached_property
    def _index(self) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2))
        return vectorizer, vectorizer.fit_transform(self._said)

    def like(self, utterance: str, n: int) -> list[str]:
        """The ``n`` most similar trajectories as text, most similar last."""
        import numpy as np

        vectorizer, known = self._index
        near = (known @ vectorizer.transform([utterance]).T).toarray()[:, 0]
        best = np.argsort(-near, kind="stable")[:n][::-1]
        trajectories = list(self._rows.values())
        return [_text(trajectories[i]) for i in best]


def _text(rows: list[dict[str, Any]]) -> str:
    lines = [f"Example task: {rows[0]['utterance']}"]
    for row in sorted(rows, key=lambda row: row["step"]):
        action = Action(row["action_type"], row["ref"], row["text"])
        lines.append(f"  {row['element_html'] or ''} -> {action}")
    return "\n".join(lines) + "\n\n"


def open_prompted(
    kind: str, model: str, *, data: Path, journal: Journal | None, cache: Path
) -> Agent:
    """A prompted agent on a model that can write.

    Args:
        kind: ``zero_shot``, ``rci`` or ``exemplars``.
        model: model string.
        data: folder with ``dataset/``.
        journal: of the calls.
        cache: folder for converted weights.

    Raises:
        InputError: no journal, or an unknown model.
        CapabilityError: the model cannot write, or fails a canary prompt.
    """
    if journal is None:
        raise InputError("a prompted agent needs a journal", hint="give the folder of one")
    loaded = models.load(model, cache=cache)
    check(loaded, generate=True)
    name, talk = f"{kind}@{model}", Talk(loaded, journal)
    if kind == "exemplars":
        return Exemplars(name, talk, data / "dataset")
    return Rci(name, talk) if kind == "rci" else ZeroShot(name, talk)
