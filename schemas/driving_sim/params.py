"""What is fixed, and parameters: `params/driving_sim.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from measurand.params import Strict

DT = 0.1
"""Seconds of a step."""
STEPS = 91
"""Steps of a log."""
T0 = 10
"""Step at which driving begins."""
BEHIND = 4
"""Metres of a path before the car's place at the start, which is arc length 0."""
SPACING = 1.0
"""Metres from one point of a path to the next."""
PATH_POINTS = 176
"""Points of a path."""

Family = Literal["curve", "fork", "tee", "cross", "merge", "roundabout", "overpass"]
FAMILIES: tuple[Family, ...] = ("curve", "fork", "tee", "cross")
"""Kinds of places that are made unless others are asked for."""
KINDS = ("vehicle", "pedestrian", "cyclist", "other")
"""Kinds of objects."""
CONTACTS = ("front", "side", "rear")
"""Where a car was hit, by the other's centre along the car's own axis."""
SPLITS = ("train", "test")
TOLD = ("own", "other", "none")
"""Ways that a driver is told to take."""
SEED = 20260101


class Recorded(Strict):
    """Recordings that are read.

    Attributes:
        format: of the files: ``womd`` is TFRecord of Scenario or tf.Example messages, ``av2``
            ``scenario_*.parquet`` with its map beside it, ``commonroad`` XML.
        files: names or patterns.
        licence: of the files, where their format does not settle it.
        most: objects of a scenario; those that are far away are left out and counted.
    """

    format: Literal["womd", "av2", "commonroad"]
    files: tuple[str, ...] = Field(min_length=1)
    licence: str | None = Field(default=None, min_length=1)
    most: int = Field(default=64, ge=1, le=1024)

    @model_validator(mode="after")
    def _settled(self) -> Self:
        if self.licence is not None and self.format != "commonroad":
            raise ValueError(f"licence: that of {self.format} is settled")
        return self


class Build(Strict):
    """What the dataset holds.

    Attributes:
        families: kinds of places that are made.
        scenarios: scenarios of each; none where recordings alone are wanted.
        test_share: share of them that nothing is trained on, by the hash of their names.
        scripted: share in which the car ahead brakes, or one beside cuts in, for no reason.
        first: number of the first scenario; other numbers are other scenarios.
        n_shards: Parquet files of every table.
        recorded: recordings that are read besides.
    """

    families: tuple[Family, ...] = Field(default=FAMILIES, min_length=1)
    scenarios: int = Field(ge=0)
    test_share: float = Field(default=0.375, ge=0, le=1)
    scripted: float = Field(default=0.1, ge=0, le=1)
    first: int = Field(default=0, ge=0)
    n_shards: int = Field(default=4, ge=1, le=9999)
    recorded: tuple[Recorded, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.scenarios and not self.recorded:
            raise ValueError("scenarios: none are made and none are read")
        return self


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
"""Of a driver, in every table."""
Space = Literal["bicycle", "bicycle_discrete", "delta", "delta_discrete"]
Others = Literal["playback", "constant", "idm"]
SWAPPED = ":swap"
"""Ends the name of a driver that is told another way than its route."""
RULES = ("expert", "expert_feedback", "constant_speed", "stop", "brake", "idm", "random")


class ImitatorSpec(Strict):
    """A driver that imitates logs.

    Attributes:
        name: its name.
        space: its actions.
        route: whether it is told its route.
        shuffled: whether every example gets another one's action: a control that learns nothing.
    """

    name: Name
    space: Space = "bicycle"
    route: bool = True
    shuffled: bool = False


class Imitation(Strict):
    """How drivers imitate.

    Attributes:
        models: the drivers; all see the same examples.
        steps: steps of AdamW.
        batch: examples a step.
        lr: highest learning rate.
        warmup: steps of its rise, before a cosine to zero.
    """

    models: tuple[ImitatorSpec, ...] = Field(min_length=1)
    steps: int = Field(ge=1)
    batch: int = Field(default=256, ge=1)
    lr: float = Field(default=1e-3, gt=0)
    warmup: int = Field(default=20, ge=0)


class PolicySpec(Strict):
    """A driver that learns by driving.

    Attributes:
        name: its name.
        others: how the other cars move while it learns.
        steering: whether it steers, or pure pursuit along the route does.
        reward: of a metre along the route, where a crash costs 5.
    """

    name: Name
    others: Others
    steering: Literal["free", "route"] = "route"
    reward: float = Field(default=0.03, gt=0)


class Reinforcement(Strict):
    """How drivers learn by driving.

    Attributes:
        models: the drivers.
        iterations: drives of all scenarios of an iteration, each followed by steps of AdamW.
        scenarios: scenarios of an iteration.
        lr: learning rate at the beginning; it falls to zero.
        clip: largest norm of the gradient.
    """

    models: tuple[PolicySpec, ...] = ()
    iterations: int = Field(ge=1)
    scenarios: int = Field(default=96, ge=1)
    lr: float = Field(default=7e-4, gt=0)
    clip: float = Field(default=0.5, gt=0)


class Train(Strict):
    """What is trained.

    Attributes:
        imitation: drivers that imitate logs.
        reinforcement: drivers that learn by driving; null for none.
        repeats: trainings of every driver, each with a seed of its own.
        processes: drivers trained at the same time, one core each; 1 on a GPU.
        device: ``auto`` takes a GPU where there is one.
        save_every: steps of imitation, and iterations of driving, between saved states.
        seed: of weights, order, starts, scenarios and draws.
    """

    imitation: Imitation
    reinforcement: Reinforcement | None = None
    repeats: int = Field(default=1, ge=1, le=100)
    processes: int = Field(default=1, ge=1, le=64)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    save_every: int = Field(default=200, ge=1)
    seed: int = Field(default=SEED, ge=0)

    @property
    def names(self) -> tuple[str, ...]:
        """All drivers that are trained."""
        driving = self.reinforcement.models if self.reinforcement else ()
        return (*(m.name for m in self.imitation.models), *(m.name for m in driving))

    @property
    def swappable(self) -> tuple[str, ...]:
        """Drivers that can be told another way than their route."""
        told = (m for m in self.imitation.models if m.route and not m.shuffled)
        return tuple(m.name for m in told)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({*self.names, *RULES}) != len(self.names) + len(RULES):
            raise ValueError("models: a name twice, or that of a rule")
        return self


class Evaluate(Strict):
    """Who drives where, and how often.

    Attributes:
        worlds: how the other cars move; every driver drives in each.
        swapped: drivers that also drive when they are told another legal way.
        draws: drives of those who draw random numbers, each with other numbers.
        rebuilt: share of the scenarios that are made again and compared.
        processes: drivers at the same time, one core each; 1 on a GPU.
        throughput: batch sizes at which speed is measured; none for none.
        compiled: whether the simulator is compiled first, which needs a compiler: two to seven
            times as fast after half a minute or more for each world, and figures agree with other
            machines' to a tenth of a millimetre instead of the bit.
    """

    worlds: tuple[Others, ...] = Field(default=("playback", "idm"), min_length=1)
    swapped: tuple[Name, ...] = ()
    draws: int = Field(default=2, ge=1, le=100)
    rebuilt: float = Field(default=0.05, ge=0, le=1)
    processes: int = Field(default=1, ge=1, le=64)
    throughput: tuple[Annotated[int, Field(ge=1, le=65536)], ...] = (1, 16, 64)
    compiled: bool = False


class Report(Strict):
    """How figures are made.

    Attributes:
        confidence: of two-sided intervals.
    """

    confidence: float = Field(default=0.95, gt=0, lt=1)


class Params(Strict):
    """Everything that can be set, one section a stage."""

    build: Build
    train: Train
    evaluate: Evaluate = Evaluate()
    report: Report = Report()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if unknown := sorted(set(self.evaluate.swapped) - set(self.train.swappable)):
            raise ValueError(
                f"evaluate.swapped: {', '.join(unknown)} is no imitator that is told a route"
            )
        if len(set(self.evaluate.worlds)) < len(self.evaluate.worlds):
            raise ValueError("evaluate.worlds: a world twice")
        return self
