"""Parameters: `params/webagent.yaml`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from measurand.params import Strict, no_repeats
from schemas.webagent.corpus import Corpus
from schemas.webagent.training import TRAINED, Train

SiteName = Literal["estate", "forum", "map"]
SITES: tuple[SiteName, ...] = ("estate", "forum", "map")
THEMES = ("meadow", "harbour", "slate", "quartz")
HELD_OUT_THEMES = ("quartz",)
"""Layouts that no training page has."""
TRAIN_THEMES = tuple(theme for theme in THEMES if theme not in HELD_OUT_THEMES)
SPLITS = ("train", "eval")
TRAIN_RECORDS, EVAL_RECORDS = range(0, 1_000), range(1_000, 2_000)
"""Numbers of the record sets of each split; their names and slot values never meet."""
PLANNERS = ("oracle", "random")
WRITERS = ("template",)
SEED = 20260101


class Experience(Strict):
    """Episodes of the rules on training instructions, from which planners are trained.

    Attributes:
        episodes: episodes a site.
        attempts: tries of an episode whose browser fails.
        max_infra_share: share of failed episodes above which the build is refused.
        without_sandbox: whether programs run where no sandbox is to be had.
    """

    episodes: int = Field(default=12, ge=1, le=9999)
    attempts: int = Field(default=3, ge=1, le=10)
    max_infra_share: float = Field(default=0.01, ge=0, le=1)
    without_sandbox: bool = False


class Build(Strict):
    """What the dataset holds.

    Attributes:
        sites: whose episodes.
        corpus: pages for denoising; null for none.
        experience: episodes of the rules; null for none.
        n_shards: Parquet files of each table of the experience.
        seed: of the experience.
    """

    sites: tuple[SiteName, ...] = Field(default=SITES, min_length=1)
    corpus: Corpus | None = None
    experience: Experience | None = Experience()
    n_shards: int = Field(default=2, ge=1, le=9999)
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        no_repeats("sites", self.sites)
        return self


class Agent(Strict):
    """One agent: who plans, whether it points, who writes.

    Attributes:
        name: of the agent in tables.
        planner: ``oracle`` (rules that know the instruction's own steps), ``random``, or
            ``trained:NAME``; null for none: the writer is given the instruction itself.
        plans: whether the writer is told the planner's sub-instruction; otherwise the instruction
            itself, while the planner points and says when it ends.
        summariser: whether the writer sees the snippet; otherwise the page from its beginning.
        shuffled: the control: as many other elements of the page stand for those pointed at.
        writer: ``template`` (rules), or a model string.
    """

    name: str = Field(min_length=1, pattern="^[a-z0-9_]+$")
    planner: str | None = "oracle"
    plans: bool = True
    summariser: bool = True
    shuffled: bool = False
    writer: str = "template"

    @model_validator(mode="after")
    def _needs_a_planner(self) -> Self:
        if self.planner is None and (self.shuffled or self.summariser or not self.plans):
            raise ValueError("nobody points or plans: planner null goes with summariser false")
        return self


class Evaluate(Strict):
    """Episodes of agents on instructions of held-out templates, records and themes.

    Attributes:
        sites: where.
        agents: who, in the order in which they run.
        instructions: instructions a site.
        seeds: how often each, on other records and themes.
        max_steps: steps after which an episode ends.
        max_errors: errors of programs in a row after which it ends.
        retry_error: whether a program that failed is asked for once more, with the error's last
            line; the published system does not.
        snippet_tokens: longest snippet, in words and signs.
        write_seconds: longest that a writer's model may take for one program at its longest, by a
            trial before the first episode; a slower one is refused.
        program_seconds: longest run of one program, without the time that the browser takes.
        timeout_s: longest episode, agent included.
        attempts: tries of an episode whose browser fails.
        max_infra_share: share of failed episodes above which the run is refused.
        recycle: episodes after which a browser is started afresh.
        without_sandbox: whether programs run where no sandbox is to be had, behind the guard
            alone; otherwise they are refused there.
        filmstrips: whether one success and one failure of each kind is pictured.
        n_shards: Parquet files of each table.
    """

    sites: tuple[SiteName, ...] = Field(default=SITES, min_length=1)
    agents: tuple[Agent, ...] = Field(
        default=(Agent(name="oracle"), Agent(name="random", planner="random")), min_length=1
    )
    instructions: int = Field(default=20, ge=1, le=1000)
    seeds: int = Field(default=1, ge=1, le=100)
    max_steps: int = Field(default=15, ge=1)
    max_errors: int = Field(default=3, ge=1)
    retry_error: bool = False
    snippet_tokens: int = Field(default=1000, ge=50)
    write_seconds: float = Field(default=60, gt=0)
    program_seconds: float = Field(default=20, gt=0)
    timeout_s: float = Field(default=300, gt=0)
    attempts: int = Field(default=3, ge=1, le=10)
    max_infra_share: float = Field(default=0.01, ge=0, le=1)
    recycle: int = Field(default=100, ge=1)
    without_sandbox: bool = False
    filmstrips: bool = True
    n_shards: int = Field(default=2, ge=1, le=9999)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        no_repeats("sites", self.sites)
        no_repeats("agents", tuple(agent.name for agent in self.agents))
        return self


class Report(Strict):
    """How figures are made.

    Attributes:
        resamples: bootstrap resamples.
        seed: of the resampling.
        by_hand: failures that are shown in full, to hold the automatic reasons against.
    """

    resamples: int = Field(default=2000, ge=100)
    by_hand: int = Field(default=20, ge=0, le=200)
    seed: int = Field(default=SEED, ge=0)


class Params(Strict):
    """Everything that can be set, one section a stage; ``train`` is null where nothing is."""

    build: Build = Build()
    train: Train | None = None
    evaluate: Evaluate = Evaluate()
    report: Report = Report()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.build.corpus is None and self.build.experience is None:
            raise ValueError("build: neither corpus nor experience, so nothing is built")
        if self.train is not None and self.build.corpus is None:
            raise ValueError("train: pages are read by the tokens of build.corpus, which is null")
        names = () if self.train is None else self.train.planners
        if names and self.build.experience is None:
            raise ValueError("train.finetuning: planners learn from build.experience, null here")
        asked = (agent.planner or "" for agent in self.evaluate.agents)
        wanted = {one.removeprefix(TRAINED) for one in asked if one.startswith(TRAINED)}
        if unknown := sorted(wanted - set(names)):
            raise ValueError(f"evaluate.agents: no planner {unknown[0]} is trained")
        return self
