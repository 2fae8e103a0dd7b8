"""Parameters: `params/value_functions.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from measurand.params import Licence, Strict, no_repeats

Loss = Literal["mse", "huber", "mse_softmax", "one_hot", "two_hot", "hl_gauss", "c51"]
Game = Literal["breakout", "freeway", "space_invaders"]
Task = Literal["arm", "reacher", "pusher"]
AtariGame = Literal["breakout", "pong"]
Trunk = Literal["dense", "moe", "resnet", "transformer"]
LOSSES: tuple[Loss, ...] = get_args(Loss)
SCALAR = ("mse", "huber")
"""Losses of one number; all others have logits over a support."""
SCALE = ("bins", "ratio")
"""What a loss of one number does not see."""
BASELINE = "mse"
SPLITS = ("train", "val", "test")
SEED = 20260101

Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class Chain(Strict):
    """States in a row, two actions, reward 1 at the right end: values are known.

    Attributes:
        states: how many.
        discount: of later rewards.
    """

    kind: Literal["chain"]
    id: Name
    states: int = Field(default=5, ge=2, le=64)
    discount: float = Field(default=0.9, ge=0, lt=1)


class Digits(Strict):
    """Pictures of digits (scikit-learn); a random network makes their targets in training.

    Attributes:
        pictures: how many of the 1,797.
        frequency: of the sine that the random network's output goes through; high ones leave
            nothing to learn from one picture for another.
    """

    kind: Literal["digits"]
    id: Name
    pictures: int = Field(default=1797, ge=3, le=1797)
    frequency: float = Field(default=1e5, gt=0)


class File(Strict):
    """A table of one's own.

    Attributes:
        path: CSV, TSV, JSON Lines, Parquet and whatever else ``measurand.rows`` reads.
        target: column of the number to predict.
        features: columns of numbers to predict it from; null takes all others.
        group: column of what belongs together: rows of a group are in one split and one cluster.
        licence: licence of the data, for the manifest.
    """

    kind: Literal["file"]
    id: Name
    path: str = Field(min_length=1)
    target: str = Field(min_length=1)
    features: tuple[str, ...] | None = None
    group: str | None = None
    licence: Licence = "unknown"

    @model_validator(mode="after")
    def _apart(self) -> Self:
        given = self.features or ()
        no_repeats("features", given)
        if self.target in given or self.target == self.group or self.group in given:
            raise ValueError("target, group and features are different columns")
        if self.features == ():
            raise ValueError("features: name one, or leave it out for all other columns")
        return self


class Chess(Strict):
    """Moves as Stockfish values them: every legal move of positions from varied games.

    Attributes:
        games: games to play.
        positions: positions to keep of each.
        nodes: nodes of every search.
        best: share of the engine's own moves, the others are random.
        named: share of games that begin with a named opening, the others with random moves.
    """

    kind: Literal["chess"]
    id: Name
    games: int = Field(ge=3)
    positions: int = Field(default=4, ge=1, le=64)
    nodes: int = Field(default=50, ge=1)
    best: float = Field(default=0.6, ge=0, le=1)
    named: float = Field(default=0.0, ge=0, le=1)


class MinAtar(Strict):
    """Transitions of a small game (Young & Tian 2019, arXiv 1903.03176), of mixed players.

    Attributes:
        game: the game, or several that one network learns at once.
        episodes: episodes of every player and game.
        epsilons: players: how often each of them moves at random instead of by the script.
        cap: most steps of an episode.
        discount: of later rewards.
        sticky: chance that the game repeats the last action.
    """

    kind: Literal["minatar"]
    id: Name
    game: Game | tuple[Game, ...]
    episodes: int = Field(ge=3)
    epsilons: tuple[Annotated[float, Field(ge=0, le=1)], ...] = (0.1, 0.5, 1.0)
    cap: int = Field(default=500, ge=1)
    discount: float = Field(default=0.97, ge=0, lt=1)
    sticky: float = Field(default=0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _games(self) -> Self:
        no_repeats("game", self.games)
        if not self.games:
            raise ValueError("game: name one")
        return self

    @property
    def games(self) -> tuple[Game, ...]:
        """The games."""
        return (self.game,) if isinstance(self.game, str) else self.game


class Atari(Strict):
    """Transitions of a game of Atari's 2600 (``ale-py``), four pictures a state.

    Attributes:
        game: the game.
        episodes: episodes of every player.
        epsilons: players: how often each of them moves at random instead of by the script.
        cap: most steps of an episode, each of four frames.
        discount: of later rewards.
        sticky: chance that a frame repeats the last action.
        side: of a picture, in points.
    """

    kind: Literal["atari"]
    id: Name
    game: AtariGame
    episodes: int = Field(ge=3)
    epsilons: tuple[Annotated[float, Field(ge=0, le=1)], ...] = (0.1, 0.5, 1.0)
    cap: int = Field(default=1000, ge=1)
    discount: float = Field(default=0.99, ge=0, lt=1)
    sticky: float = Field(default=0.25, ge=0, lt=1)
    side: int = Field(default=84, ge=12, le=84)

    @property
    def games(self) -> tuple[AtariGame, ...]:
        """The game."""
        return (self.game,)


class Control(Strict):
    """Transitions of an arm with motors, each motor's turn a choice of its own.

    As the Q-transformer does (Chebotar et al. 2023, arXiv 2309.10150, section 4.1): the network
    values the steps of one motor after another, knowing those chosen before.

    Attributes:
        task: ``arm`` of two joints, which needs nothing; ``reacher`` and ``pusher`` of gymnasium's
            MuJoCo.
        episodes: episodes of every player.
        epsilons: players: how often each of them moves at random instead of looking ahead.
        cuts: values that a motor's turn can take, spread over its range.
        cap: most steps of an episode.
        discount: of later rewards.
    """

    kind: Literal["control"]
    id: Name
    task: Task
    episodes: int = Field(ge=3)
    epsilons: tuple[Annotated[float, Field(ge=0, le=1)], ...] = (0.1, 0.5, 1.0)
    cuts: int = Field(default=5, ge=2, le=64)
    cap: int = Field(default=50, ge=1)
    discount: float = Field(default=0.95, ge=0, lt=1)

    @property
    def games(self) -> tuple[Task, ...]:
        """The task."""
        return (self.task,)


class Wordle(Strict):
    """Six guesses at a word of five letters, by players that do not guess well.

    Attributes:
        words: words that may be guessed, drawn from the system's list; all of them are secrets.
        games: games of every player and secret.
        consistent: players: how often each guesses a word that fits what is known.
        discount: of a later success.
    """

    kind: Literal["wordle"]
    id: Name
    words: int = Field(ge=20, le=2000)
    games: int = Field(default=2, ge=1)
    consistent: tuple[Annotated[float, Field(ge=0, le=1)], ...] = (0.0, 0.7)
    discount: float = Field(default=0.9, ge=0, lt=1)


Arcades = MinAtar | Atari | Control
"""What is played for a return."""
Source = Annotated[
    Chain | Digits | File | Chess | MinAtar | Atari | Control | Wordle, Field(discriminator="kind")
]
BOOTSTRAPPED = ("chain", "minatar", "atari", "control", "wordle")
"""Kinds whose targets the network makes itself; the others give them."""
PLAYED = ("minatar", "atari", "control")
"""Kinds that are played for a return."""


class Build(Strict):
    """What there is to learn from.

    Attributes:
        sources: where data come from.
        shares: shares of ``train`` and ``val`` among clusters; the rest is ``test``.
        n_shards: files of every table.
        seed: of all that is drawn.
    """

    sources: tuple[Source, ...] = Field(min_length=1)
    shares: tuple[float, float] = (0.6, 0.2)
    n_shards: int = Field(default=4, ge=1)
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        no_repeats("build.sources", tuple(source.id for source in self.sources))
        train, val = self.shares
        if min(train, val) <= 0 or train + val >= 1:
            raise ValueError("build.shares: train and val are above 0, and leave some for test")
        return self

    def source(self, name: str) -> Source:
        """The source of a name."""
        return next(source for source in self.sources if source.id == name)


class Run(Strict):
    """One network on one source, trained with several losses.

    Attributes:
        id: name in every table.
        source: what it learns from.
        losses: losses; none named: all that the source has a use for.
        rates: learning rates that all its losses try; none named: those of ``train``.
        steps: steps of AdamW, of each shift where there are shifts.
        batch: rows a step.
        trunk: what lies below the head: two ``dense`` layers; ``moe``, a soft mixture of experts
            over the cells of a board; ``resnet``; ``transformer`` over its cells.
        width: units of a hidden layer; of a transformer, numbers a cell.
        experts: of ``moe``.
        blocks: of ``resnet`` and ``transformer``.
        bins: bins or atoms of the support.
        support: its ends; null takes those of the training targets, with a margin.
        ratio: standard deviation of HL-Gauss in bins.
        noise: of given targets: standard deviation of what is added to them, in their own standard
            deviations; of rewards: half the width of the uniform noise.
        shifts: what is added to all targets, one after the other: the targets move.
        shuffled: deal the targets of training to other rows: a control that must learn nothing.
        conservative: weight of CQL's penalty, where targets are bootstrapped.
        target_every: steps between copies of the network to the one that makes targets.
    """

    id: Name
    source: Name
    losses: tuple[Loss, ...] = ()
    rates: tuple[Annotated[float, Field(gt=0)], ...] = ()
    steps: int = Field(ge=1)
    batch: int = Field(default=128, ge=1)
    trunk: Trunk = "dense"
    width: int = Field(default=64, ge=1)
    experts: int = Field(default=1, ge=1, le=64)
    blocks: int = Field(default=2, ge=1, le=64)
    bins: int = Field(default=51, ge=6)
    support: tuple[float, float] | None = None
    ratio: float = Field(default=0.75, gt=0)
    noise: float = Field(default=0.0, ge=0)
    shifts: tuple[float, ...] = ()
    shuffled: bool = False
    conservative: float = Field(default=0.1, ge=0)
    target_every: int = Field(default=100, ge=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        no_repeats(f"run {self.id}: losses", self.losses)
        if self.support and not self.support[0] < self.support[1]:
            raise ValueError(f"run {self.id}: support: the first end is below the second")
        if self.support is None and self.bins <= 6 * self.ratio:
            raise ValueError(f"run {self.id}: bins: more than six times the ratio, for the margin")
        no_repeats(f"run {self.id}: rates", self.rates)
        if self.experts > 1 and self.trunk != "moe":
            raise ValueError(f"run {self.id}: experts: only the trunk moe has them")
        return self

    def but(self, *parts: str) -> dict[str, object]:
        """All that decides its numbers, but for some parts and the losses and rates it tries."""
        return self.model_dump(mode="json", exclude={"id", "losses", "rates", *parts})


class Train(Strict):
    """How networks are trained.

    Attributes:
        runs: what is trained.
        rates: learning rates that every loss tries; validation picks one.
        seeds: trainings of everything.
        curve: points of a learning curve, evenly spaced; of each shift where there are shifts.
        log_every: steps a row of the training table.
        save_every: steps between saved states.
        processes: trainings at the same time.
        validate_episodes: episodes that pick a learning rate, where there are episodes.
        device: ``auto`` takes a GPU where there is one.
        precision: what networks compute in.
        compile: let PyTorch compile the networks, which pays on a GPU and in long trainings.
        seed: of beginnings and batches.
    """

    runs: tuple[Run, ...] = Field(min_length=1)
    rates: tuple[Annotated[float, Field(gt=0)], ...] = (0.0003, 0.001, 0.003)
    seeds: int = Field(default=3, ge=1)
    curve: int = Field(default=5, ge=1)
    log_every: int = Field(default=100, ge=1)
    save_every: int = Field(default=500, ge=1)
    processes: int = Field(default=1, ge=1)
    validate_episodes: int = Field(default=10, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        no_repeats("train.runs", tuple(run.id for run in self.runs))
        no_repeats("train.rates", self.rates)
        if not self.rates:
            raise ValueError("train.rates: name one")
        return self


class Evaluate(Strict):
    """How networks are measured.

    Attributes:
        episodes: episodes that every trained network plays, where there are episodes.
        games: games of chess that each training of squared error and of HL-Gauss plays against
            Stockfish at its weakest; an even number, both colours of each opening.
        seed: of the episodes.
    """

    episodes: int = Field(default=30, ge=2)
    games: int = Field(default=0, ge=0, multiple_of=2)
    seed: int = Field(default=SEED, ge=0)


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
        known = {source.id: source for source in self.build.sources}
        for run in self.train.runs:
            source = known.get(run.source)
            if source is None:
                raise ValueError(f"run {run.id}: no such source: {run.source}")
            moves = source.kind in BOOTSTRAPPED
            if moves and (run.shuffled or run.shifts):
                raise ValueError(f"run {run.id}: {source.kind} has no given targets to change")
            if (source.kind == "digits") != bool(run.shifts):
                raise ValueError(f"run {run.id}: digits have shifts, and nothing else has")
            if "c51" in run.losses and not moves:
                raise ValueError(f"run {run.id}: of a given target C51 is two_hot: leave c51 out")
            if not any(
                BASELINE in self.losses(other) and run.but(*SCALE) == other.but(*SCALE)
                for other in self.train.runs
            ):
                raise ValueError(f"run {run.id}: losses are compared with {BASELINE}: name it too")
        return self

    def losses(self, run: Run) -> tuple[Loss, ...]:
        """Losses of a run: those named, or all; C51 only where targets are bootstrapped."""
        moves = self.build.source(run.source).kind in BOOTSTRAPPED
        return run.losses or tuple(loss for loss in LOSSES if moves or loss != "c51")

    def rates(self, run: Run) -> tuple[float, ...]:
        """Learning rates that every loss of a run tries."""
        return run.rates or self.train.rates
