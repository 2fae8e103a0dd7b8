"""Files that a user gives: norms (what people scored), tasks, and a declaration of autonomy."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from measurand.params import Licence, Strict
from schemas.agi_levels.taxonomy import FAMILIES

Family = Literal[
    "linguistic",
    "math_logic",
    "spatial",
    "social",
    "creativity",
    "knowledge",
    "coding_tools",
    "learning",
    "metacognition",
]
assert set(Family.__args__) == set(FAMILIES)  # type: ignore[attr-defined]


class Group(Strict):
    """Whom a norm is of.

    Attributes:
        name: in a few words, for tables.
        definition: who belongs to it, and who does not.
        reference: ``skilled`` adults, who have the skill, ``unskilled`` ones, or ``other``: who
            took part, which carries no level of the paper.
        recruitment: how they were found.
        incentives: what they were given.
        time_limit_min: minutes that they had.
        year: of measurement.
        tools: what they were allowed, in a word or two; ``none`` for nothing.
    """

    name: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    reference: Literal["skilled", "unskilled", "other"]
    recruitment: str | None = None
    incentives: str | None = None
    time_limit_min: float | None = Field(default=None, gt=0)
    year: int | None = None
    tools: str | None = None


class _Norm(Strict):
    """What every norm says.

    Attributes:
        id: names the norm.
        task: task that was scored.
        task_version: of which form; a run of another form gets the flag ``version_break``.
        group: whom it is of.
        synthetic: made up, for tests: never the ground of a headline.
        source: where it was published.
        licence: of the data.
    """

    id: str = Field(min_length=1, pattern=r"^[^,=]+$")
    task: str = Field(min_length=1, pattern=r"^[^,=]+$")
    task_version: str | None = None
    group: Group
    synthetic: bool = False
    source: str = Field(min_length=1)
    licence: Licence


class Raw(_Norm):
    """People's scores.

    Attributes:
        counts: score -> people who have it; what stands between quotes is a number too.
        maximum: best possible score; where left out no ceiling is looked for.
    """

    kind: Literal["raw"]
    counts: dict[float, int] = Field(min_length=1)
    maximum: float | None = None

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if min(self.counts.values()) < 0 or not sum(self.counts.values()):
            raise ValueError("counts: numbers of people, at least one of them above 0")
        return self


class Items(_Norm):
    """People's answers to items that models can be given too.

    Attributes:
        items: identities of the items, as in the runs.
        patterns: one sign an item, 1 right, 0 wrong -> people who answered so.
    """

    kind: Literal["items"]
    items: tuple[str, ...] = Field(min_length=2)
    patterns: dict[str, int] = Field(min_length=1)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        for pattern in self.patterns:
            if len(pattern) != len(self.items) or set(pattern) - {"0", "1"}:
                raise ValueError(f"pattern {pattern!r}: one 0 or 1 for each of the items")
        if min(self.patterns.values()) < 0 or not sum(self.patterns.values()):
            raise ValueError("patterns: numbers of people, at least one of them above 0")
        if len(set(self.items)) != len(self.items):
            raise ValueError("items: the same item twice")
        return self


class Moments(_Norm):
    """Mean and spread of a group that is taken as normal.

    Attributes:
        mean: of the sample.
        sd: of the sample.
        n: people.
        bounded: whether the scale ends near the scores, so that beyond 2 sd normality misleads.
        reliability: of people's scores, where known: the place among true scores stands beside.
    """

    kind: Literal["moments"]
    mean: float
    sd: float = Field(gt=0)
    n: int = Field(ge=2)
    bounded: bool = False
    reliability: float | None = Field(default=None, gt=0, le=1)


class Percentiles(_Norm):
    """A published table of percentiles.

    Attributes:
        rows: score -> per cent of the group below it.
        n: people behind it, null where the source does not say.
        whole_group: it counts everybody of the group, so it has no sampling error.
        rounding: half of the last digit, in per cent.
    """

    kind: Literal["table"]
    rows: dict[float, float] = Field(min_length=1)
    n: int | None = Field(default=None, ge=1)
    whole_group: bool = False
    rounding: float = Field(default=0.5, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        shares = [share for _, share in sorted(self.rows.items())]
        if shares != sorted(shares) or shares[0] < 0 or shares[-1] > 100:
            raise ValueError("rows: per cent rise with the score and lie in 0..100")
        return self


class MeanOnly(_Norm):
    """One mean of people: above or below it, nothing more."""

    kind: Literal["mean_only"]
    mean: float
    n: int | None = Field(default=None, ge=1)


class Time(_Norm):
    """How long people need.

    Attributes:
        minutes: item -> minutes.
    """

    kind: Literal["time"]
    minutes: dict[str, Annotated[float, Field(gt=0)]] = Field(min_length=1)


class Relative(_Norm):
    """A rank among models."""

    kind: Literal["relative"]


Norm = Annotated[
    Raw | Items | Moments | Percentiles | MeanOnly | Time | Relative, Field(discriminator="kind")
]
PLACING = ("raw", "items", "moments", "table", "ratings")
"""Kinds that give a percentile."""


class NormFile(Strict):
    """A file of norms."""

    norms: tuple[Norm, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once(self) -> Self:
        ids = [norm.id for norm in self.norms]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"norms: {', '.join(twice)} stands twice")
        keys = [(n.task, n.task_version, n.group.name, n.kind) for n in self.norms]
        if twice := sorted({str(key) for key in keys if keys.count(key) > 1}):
            raise ValueError(f"norms: two of one task, version, group and kind: {twice[0]}")
        return self


class Task(Strict):
    """What is known of a task.

    Attributes:
        id: as in the runs.
        families: abilities that it belongs to.
        version: of which form.
        metric: which score of a run counts, where a run has several.
        headline: norm whose level counts in the profile; needed where there are several.
        tools: what the model was allowed.
        contaminated: whether its items were in the training data, null where not known.
        superhuman_basis: argument outside of any sample for level 5: an exact solver, dominance.
        ecological_evidence: who values the task, and how that is known.
    """

    id: str = Field(min_length=1, pattern=r"^[^,=]+$")
    families: tuple[Family, ...] = ()
    version: str | None = None
    metric: str | None = None
    headline: str | None = None
    tools: str | None = None
    contaminated: bool | None = None
    superhuman_basis: str | None = None
    ecological_evidence: str | None = None


class TaskFile(Strict):
    """A file of tasks."""

    tasks: tuple[Task, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once(self) -> Self:
        ids = [task.id for task in self.tasks]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"tasks: {', '.join(twice)} stands twice")
        return self


class Declared(Strict):
    """Autonomy of one deployment, as whoever deploys it declares it.

    Attributes:
        deployment: where and for what.
        level: 0 to 5, see ``taxonomy.AUTONOMY``.
        justification: why this one.
        acknowledged: risks that were considered.
        mitigations: what is done about them.
    """

    deployment: str = Field(min_length=1)
    level: int = Field(ge=0, le=5)
    justification: str = Field(min_length=1)
    acknowledged: tuple[str, ...] = ()
    mitigations: tuple[str, ...] = ()


class AutonomyFile(Strict):
    """A file of declarations."""

    deployments: tuple[Declared, ...] = Field(min_length=1)
