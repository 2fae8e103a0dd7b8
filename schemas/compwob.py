"""Compositional web episodes: does an agent that solves single web tasks solve their sequences?

A *base task* is one page of MiniWoB with its own sentence and reward. A *composition* shows several
of them on one page and asks for all in one sentence, in order ("A, and then b") or *reversed* ("B,
after doing A"; the order to act in is the same). An *episode* is one agent's attempt at one task
with one seed, in a real browser: it sees the sentence and the page's HTML, and clicks and types.
Success is the pages' own reward (Furuta et al. 2023, arXiv 2311.18751). What is measured is the gap
between single tasks, compositions and reversed sentences, paired by task and seed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from measurand import params as parameters
from measurand.params import Strict
from measurand.tables import Column, Table

EASY = (
    "click-button",
    "click-button-sequence",
    "click-checkboxes",
    "click-checkboxes-transfer",
    "click-dialog",
    "click-link",
    "click-option",
    "click-widget",
    "email-inbox-forward-nl",
    "email-inbox-forward-nl-turk",
    "enter-password",
    "enter-text",
    "login-user",
    "login-user-popup",
    "multi-layouts",
    "navigate-tree",
)
MEDIUM = (
    "click-checkboxes-soft",
    "click-dialog-2",
    "click-tab-2-hard",
    "enter-date",
    "search-engine",
    "use-autocomplete",
)
BASE_TASKS = tuple(sorted((*EASY, *MEDIUM)))
CATEGORIES = ("base", "two", "two_medium", "three", "more", "transition", "extra")
ORDERS = ("single", "forward", "reverse")
LAYOUTS = ("single", "transition")
MIXTURES = ("uniform", "natural", "rebalanced")
ACTIONS = ("click", "type", "select", "press", "scroll", "noop")
TRAIN_SEED, EVAL_SEED = 0, 1_000_000
"""Where seeds of demonstrations and of evaluation begin; they must not meet."""
SEED = 20260101

Layout = Literal["single", "transition"]
Order = Literal["single", "forward", "reverse"]
Click = Literal["mouse", "dispatch"]
Mixture = Literal["uniform", "natural", "rebalanced"]
TaskName = Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]


def _known(tasks: tuple[str, ...]) -> None:
    if unknown := [task for task in tasks if task not in BASE_TASKS]:
        raise ValueError(f"no such base task: {', '.join(unknown)}")


class Build(Strict):
    """Demonstrations: episodes of the oracle on base tasks alone.

    Attributes:
        tasks: base tasks; null for all 22.
        episodes: episodes per task.
        episodes_of: other numbers for single tasks.
        click: how clicks are made: a real mouse at coordinates, or events given to the element.
        attempts: tries of an episode whose browser fails.
        max_infra_share: share of failed episodes above which the build is refused.
        n_shards: Parquet files of each table.
        first_seed: seed of the first episode of each task.
    """

    tasks: tuple[TaskName, ...] | None = None
    episodes: int = Field(default=20, ge=1, le=9999)
    episodes_of: dict[str, int] = Field(default_factory=dict)
    click: Click = "dispatch"
    attempts: int = Field(default=3, ge=1, le=10)
    max_infra_share: float = Field(default=0.01, ge=0, le=1)
    n_shards: int = Field(default=2, ge=1, le=9999)
    first_seed: int = Field(default=TRAIN_SEED, ge=0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _known((*(self.tasks or ()), *self.episodes_of))
        most = max((self.episodes, *self.episodes_of.values()))
        if self.first_seed + most > EVAL_SEED:
            raise ValueError(f"demonstrations must have seeds below {EVAL_SEED}")
        return self

    @property
    def counts(self) -> dict[str, int]:
        """Episodes of each task."""
        tasks = BASE_TASKS if self.tasks is None else self.tasks
        return {task: self.episodes_of.get(task, self.episodes) for task in tasks}


class Train(Strict):
    """A small model, trained on demonstrations of base tasks alone.

    Attributes:
        mixtures: how episodes are shared out among tasks: alike; as in the public human
            demonstrations; or with more of the tasks that the uniform model fails at.
        seeds: repeats of every mixture.
        episodes: episodes drawn, the same number for every mixture.
        width: size of the hidden states.
        layers: transformer layers.
        heads: attention heads.
        vocabulary: entries of the tokenizer.
        epochs: passes over the drawn steps.
        batch_size: steps per update.
        learning_rate: peak of the schedule.
        device: ``cpu`` or ``cuda``.
        probe: episodes per task in which the first round of ``rebalanced`` is measured.
        floor: least weight of a task in ``rebalanced``, beside 1 - success.
    """

    mixtures: tuple[Mixture, ...] = Field(default=("uniform",), min_length=1)
    seeds: int = Field(default=1, ge=1, le=10)
    episodes: int = Field(default=440, ge=1)
    width: int = Field(default=96, ge=16)
    layers: int = Field(default=3, ge=1)
    heads: int = Field(default=4, ge=1)
    vocabulary: int = Field(default=1024, ge=300)
    epochs: int = Field(default=8, ge=1)
    batch_size: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    device: Literal["cpu", "cuda"] = "cpu"
    probe: int = Field(default=5, ge=1)
    floor: float = Field(default=0.1, gt=0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.width % self.heads:
            raise ValueError("width must be a multiple of heads")
        if len(set(self.mixtures)) < len(self.mixtures):
            raise ValueError("mixtures: the same name twice")
        return self


class AgentRun(Strict):
    """One agent and what it attempts.

    Attributes:
        agent: ``oracle``, ``text_oracle``, ``random``, ``first_button``, ``forward_only``;
            ``trained:<mixture>:<seed>``; or ``zero_shot@<model>``, ``rci@<model>``,
            ``exemplars@<model>`` with a model string of ``measurand.models``.
        base: base tasks; null for all that the compositions hold.
        compositions: names; null for all 50 and the extra ones.
        orders: of the sentences.
        seeds: number of seeds; null for the evaluation's own.
    """

    agent: str = Field(min_length=1)
    base: tuple[TaskName, ...] | None = None
    compositions: tuple[str, ...] | None = None
    orders: tuple[Literal["forward", "reverse"], ...] = ("forward", "reverse")
    seeds: int | None = Field(default=None, ge=1)


class Evaluate(Strict):
    """Episodes of agents.

    Attributes:
        agents: agents in the order in which they run.
        compositions: names; null for the 50 published ones.
        extra_compositions: lists of base tasks, each a composition of one's own.
        seeds: seeds of every task.
        first_seed: the first of them.
        order_rule: ``strict``: a part that is done before an earlier one fails the episode;
            ``flags``: the last part alone decides, as on the published pages.
        error_rule: ``latch``: a wrong attempt can be mended; ``terminal``: it ends the episode.
        click: as in ``build``.
        attempts: tries of an episode whose browser fails.
        max_infra_share: share of failed episodes above which the run is refused.
        recycle: episodes after which a browser is started afresh.
        timeout_s: longest episode, agent included.
        check_share: share of episodes that are built again and replayed.
        filmstrips: whether one episode a category is pictured.
        n_shards: Parquet files of each table.
    """

    agents: tuple[AgentRun, ...] = Field(
        default=(AgentRun(agent="oracle"), AgentRun(agent="random")), min_length=1
    )
    compositions: tuple[str, ...] | None = None
    extra_compositions: tuple[tuple[TaskName, ...], ...] = ()
    seeds: int = Field(default=2, ge=1)
    first_seed: int = Field(default=EVAL_SEED, ge=EVAL_SEED)
    order_rule: Literal["strict", "flags"] = "strict"
    error_rule: Literal["latch", "terminal"] = "latch"
    click: Click = "mouse"
    attempts: int = Field(default=3, ge=1, le=10)
    max_infra_share: float = Field(default=0.01, ge=0, le=1)
    recycle: int = Field(default=500, ge=1)
    timeout_s: float = Field(default=300, gt=0)
    check_share: float = Field(default=0.05, ge=0, le=1)
    filmstrips: bool = True
    n_shards: int = Field(default=2, ge=1, le=9999)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for parts in self.extra_compositions:
            _known(parts)
            if len(parts) < 2:
                raise ValueError("extra_compositions: two base tasks or more each")
        names = [run.agent for run in self.agents]
        if len(set(names)) < len(names):
            raise ValueError("agents: the same agent twice")
        return self


class Report(Strict):
    """How figures are made.

    Attributes:
        resamples: bootstrap resamples.
        seed: of the resampling.
    """

    resamples: int = Field(default=2000, ge=100)
    seed: int = Field(default=SEED, ge=0)


class Params(Strict):
    """Everything that can be set, one section a stage; ``train: null`` trains nothing."""

    build: Build = Build()
    train: Train | None = None
    evaluate: Evaluate = Evaluate()
    report: Report = Report()

    @model_validator(mode="after")
    def _trained_agents_are_trained(self) -> Self:
        for run in self.evaluate.agents:
            kind, _, rest = run.agent.partition(":")
            if kind != "trained":
                continue
            mixture, _, seed = rest.partition(":")
            trained = self.train.mixtures if self.train is not None else ()
            seeds = self.train.seeds if self.train is not None else 0
            if mixture not in trained or not seed.isdigit() or int(seed) >= seeds:
                raise ValueError(f"{run.agent}: train gives no such model")
        return self


def load_params(path: Path) -> Params:
    """Read a parameter file.

    Raises:
        ParamsError: it is missing, is not YAML, or breaks a rule; every key at fault is named.
    """
    return parameters.read(path, Params)


_SHA256 = "^[0-9a-f]{64}$"
_EPISODE = Column("episode_id", pa.string(), "`<task>|<order>|<seed>|<agent>`")
_WHO = (
    Column("task", pa.string(), "name of the base task or composition"),
    Column("order", pa.string(), "wording of the sentence", enum=ORDERS),
    Column("seed", pa.int64(), "seed of the episode", minimum=0),
    Column("agent", pa.string(), "who acted"),
)

EPISODES = Table(
    name="compwob.episodes",
    version="1.0.0",
    key=("episode_id",),
    doc="One row per episode: what was asked, what became of it. Times are in `compwob.runs`.",
    columns=(
        _EPISODE,
        *_WHO,
        Column("parts", pa.list_(pa.string()), "base tasks in execution order"),
        Column("category", pa.string(), "group of tasks", enum=CATEGORIES),
        Column("n_parts", pa.int8(), "number of parts", minimum=1),
        Column("layout", pa.string(), "all at once, or view after view", enum=LAYOUTS),
        Column("order_rule", pa.string(), "what acting too early does", enum=("strict", "flags")),
        Column("error_rule", pa.string(), "what a mistake does", enum=("latch", "terminal")),
        Column("click", pa.string(), "how clicks are made", enum=("mouse", "dispatch")),
        Column("utterance", pa.string(), "the sentence", nullable=True),
        Column("instruction_tokens", pa.int32(), "words and signs of it", nullable=True, minimum=0),
        Column("html_sha256", pa.string(), "of the first page", nullable=True, pattern=_SHA256),
        Column("html_chars", pa.int32(), "length of the first page", nullable=True, minimum=0),
        Column("html_nodes", pa.int32(), "elements of the first page", nullable=True, minimum=0),
        Column("max_subtree", pa.int32(), "most elements below a child of the page's root",
               nullable=True, minimum=0),
        Column("depth", pa.int32(), "deepest nesting of the first page", nullable=True, minimum=0),
        Column("steps", pa.int32(), "actions", minimum=0),
        Column("success", pa.bool_(), "whether the pages gave the full reward", nullable=True),
        Column("reward", pa.float32(), "1 or -1; 0 while undecided", nullable=True),
        Column("done_reason", pa.string(),
               "final; wrong:<part>; order:<part>; timeout; step_limit; gave_up; infra"),
        Column("part_states", pa.list_(pa.int8()), "1 done, -1 done wrongly, 0 not done"),
        Column("covered", pa.int32(), "clicks given to the element, since another covered it",
               minimum=0),
        Column("parse_errors", pa.int32(), "answers in which no action was found", minimum=0),
        Column("prompt_tokens", pa.int32(), "read by the model", "tokens", nullable=True,
               minimum=0),
        Column("completion_tokens", pa.int32(), "written by the model", "tokens", nullable=True,
               minimum=0),
        Column("status", pa.string(), "what became of the episode", enum=("ok", "infra_error")),
        Column("reason", pa.string(), "why there is no result", nullable=True),
        Column("browser", pa.string(), "browser and version"),
        Column("env_sha256", pa.string(), "hash of pages, page code and serializer",
               pattern=_SHA256),
    ),
)  # fmt: skip

STEPS = Table(
    name="compwob.steps",
    version="1.0.0",
    key=("episode_id", "step"),
    doc="One row per action: the page before it, the action, what the page said after it.",
    columns=(
        _EPISODE,
        *_WHO,
        Column("step", pa.int16(), "0-based", minimum=0),
        Column("utterance", pa.string(), "the sentence"),
        Column("html", pa.large_string(), "what the agent saw"),
        Column("html_sha256", pa.string(), "hash of it", pattern=_SHA256),
        Column("action_type", pa.string(), "the action", enum=ACTIONS),
        Column("ref", pa.int32(), "number of the element acted on", nullable=True, minimum=0),
        Column("element_html", pa.string(), "its opening tag and text", nullable=True),
        Column("text", pa.string(), "what was typed, selected or pressed", nullable=True),
        Column("raw_output", pa.large_string(), "what a model wrote", nullable=True),
        Column("parse_error", pa.bool_(), "whether no action was found in it"),
        Column("covered", pa.bool_(), "whether another element covered the place to click"),
        Column("reward", pa.float32(), "after the action"),
        Column("done", pa.bool_(), "whether the episode ended"),
        Column("part_states", pa.list_(pa.int8()), "after the action"),
    ),
)

RUNS = Table(
    name="compwob.runs",
    version="1.0.0",
    key=("episode_id",),
    doc="One row per episode: time and luck, which differ from run to run.",
    columns=(
        _EPISODE,
        Column("attempts", pa.int16(), "tries, the last one included", minimum=1),
        Column("wall_ms", pa.float32(), "last try", "ms", minimum=0),
        Column("reset_ms", pa.float32(), "building the page", "ms", minimum=0),
        Column("observe_ms", pa.float32(), "reading the page", "ms", minimum=0),
        Column("agent_ms", pa.float32(), "deciding", "ms", minimum=0),
        Column("act_ms", pa.float32(), "clicking and typing", "ms", minimum=0),
        Column("foreign", pa.list_(pa.string()),
               "requests of pages to anywhere but the local server; all were refused"),
        Column("refused", pa.int32(), "all refused requests, the browser's own included",
               minimum=0),
        Column("failures", pa.string(), "why earlier tries failed; empty without"),
    ),
)  # fmt: skip

TRAINING = Table(
    name="compwob.training",
    version="1.0.0",
    key=("mixture", "seed", "task"),
    doc="One row per trained model and base task: how many episodes of it the model was shown.",
    columns=(
        Column("mixture", pa.string(), "how episodes were shared out", enum=MIXTURES),
        Column("seed", pa.int16(), "0-based repeat", minimum=0),
        Column("task", pa.string(), "the base task"),
        Column("episodes", pa.int32(), "episodes drawn, repeats included", minimum=0),
        Column("probe_success", pa.float64(), "success of the uniform model in the first round",
               nullable=True, minimum=0, maximum=1),
    ),
)  # fmt: skip

CHECKS = Table(
    name="compwob.checks",
    version="1.0.0",
    key=("name",),
    doc="One row per check of the instrument: how many of how many.",
    columns=(
        Column("name", pa.string(), "what was counted"),
        Column("count", pa.int64(), "how many", minimum=0),
        Column("of", pa.int64(), "of how many", minimum=0),
        Column("detail", pa.string(), "words, where words are the finding", nullable=True),
    ),
)

FILMS = Table(
    name="compwob.films",
    version="1.0.0",
    key=("task", "step"),
    doc="One row per picture: an episode as it was seen, with the element acted on.",
    columns=(
        Column("task", pa.string(), "name of the task"),
        Column("step", pa.int16(), "0-based; the last one shows the end", minimum=0),
        Column("category", pa.string(), "group of tasks", enum=CATEGORIES),
        Column("agent", pa.string(), "who acted"),
        Column("seed", pa.int64(), "seed of the episode", minimum=0),
        Column("utterance", pa.string(), "the sentence"),
        Column("action", pa.string(), "the action in words"),
        Column("success", pa.bool_(), "how the episode ended"),
        Column("picture", pa.binary(), "JPEG"),
        Column("width", pa.int32(), "of the page", "px", minimum=1),
        Column("height", pa.int32(), "of the page", "px", minimum=1),
        Column("box", pa.list_(pa.float32()), "left, top, width, height of the element", "px",
               nullable=True),
    ),
)  # fmt: skip
