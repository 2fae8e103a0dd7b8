"""Parameters: `params/compwob.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from measurand.params import Strict

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
BAD_REFERENCES = (
    "no_number", "never_seen", "gone", "disabled", "no_field", "no_list", "no_such_option"
)  # fmt: skip
"""Why an element that an action names cannot be acted on so."""
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
