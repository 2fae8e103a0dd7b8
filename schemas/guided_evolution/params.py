"""Parameters: `params/guided_evolution.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from measurand.params import Licence, Strict, no_repeats

SEED = 20260101
GATE_SEED, TUNE_SEED = 10_000, 0
"""First seed of the searches that count, and of those that choose settings; never the same ones."""
MOST_TUNED = 1000
"""Seeds of the sweep, at most: what lies between stays free."""

Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
Graph = Literal[
    "arxiv", "citeseer", "computers", "cora", "cs", "photo", "physics", "proteins", "pubmed"
]
Encoder = Literal["mlp", "gcn", "gin", "gps"]


class Formula(Strict):
    """A formula that is to be found again from points.

    Attributes:
        name: of :data:`pipelines.guided_evolution.symbolic.TARGETS`: ``nguyen1`` to ``nguyen12``,
            ``feynman_I_6_2a`` and others.
    """

    kind: Literal["formula"]
    name: str


class Architecture(Strict):
    """Graph neural networks whose accuracy on a data set stands in a table.

    Attributes:
        graph: the data set.
    """

    kind: Literal["architecture"]
    graph: Graph


class Digits(Strict):
    """Small convolutional networks on pictures of digits; all are trained once, into a table.

    Attributes:
        nodes: most nodes of a network: 16 networks have up to three, 79 four, 499 five, 3,934 six.
        epochs: passes over the pictures of a training.
        trainings: trainings of a network; the mean of their accuracies counts.
    """

    kind: Literal["digits"]
    nodes: int = Field(default=5, ge=2, le=6)
    epochs: int = Field(default=8, ge=1)
    trainings: int = Field(default=3, ge=1)


class Optimiser(Strict):
    """Update rules, measured by the losses that they leave on small problems.

    Attributes:
        steps: steps of every run.
    """

    kind: Literal["optimiser"]
    steps: int = Field(default=60, ge=1, le=1000)


class RlLoss(Strict):
    """Losses by which Q-networks learn to act, measured in small environments.

    Attributes:
        steps: steps of every training.
        runs: trainings in each environment.
        rate: learning rate of the trainings.
    """

    kind: Literal["rl_loss"]
    steps: int = Field(default=1000, ge=4, le=20_000)
    runs: int = Field(default=4, ge=1, le=16)
    rate: float = Field(default=1e-2, gt=0)


class Operation(Strict):
    """An operation of one's own programs.

    Attributes:
        name: its name.
        takes: types of its arguments; none for an input.
        gives: type of its value.
        commutes: whether the order of its arguments means nothing.
        constant: whether it is a number that a search may choose.
    """

    name: str = Field(min_length=1)
    takes: tuple[str, ...] = ()
    gives: str = "real"
    commutes: bool = False
    constant: bool = False


class Own(Strict):
    """Programs over operations of one's own, measured by a function of one's own.

    The function runs in a process of its own. It is given a program as ``{"ops": names, "args":
    lists of node numbers, "constants": numbers}``, the last node being the output, and returns a
    finite number, the higher the better.

    Attributes:
        evaluate: the function: ``package.module:name`` or ``file.py:name``.
        operations: what programs are made of.
        gives: type of a program's value.
        max_nodes: most nodes of a program.
        constants: least and largest size of a number that is drawn.
        timeout_s: seconds after which an evaluation is given up.
        checks: programs that are measured twice, to see whether the function repeats itself.
        licence: of the function, for the manifest.
    """

    kind: Literal["own"]
    evaluate: str = Field(pattern=r"^[^:]+:[A-Za-z_]\w*$")
    operations: tuple[Operation, ...] = Field(min_length=1)
    gives: str = "real"
    max_nodes: int = Field(default=20, ge=1, le=64)
    constants: tuple[float, float] = (0.01, 10.0)
    timeout_s: float = Field(default=10.0, gt=0)
    checks: int = Field(default=3, ge=0)
    licence: Licence = "unknown"


class Listed(Strict):
    """Graphs of one's own whose fitness stands in a file: an evaluation is a look into it.

    A row has ``ops``, names of the nodes' operations; ``args``, for each node the numbers of the
    earlier nodes that it reads, the last node being the output; and ``fitness``, the higher the
    better. In text formats the lists are written as JSON.

    Attributes:
        file: of any format that ``measurand.rows`` reads: Parquet, JSON lines, CSV and others.
        fresh: column with a second fitness that no search sees; none where null.
        commutes: operations whose arguments may come in any order.
        licence: of the file, for the manifest.
    """

    kind: Literal["table"]
    file: str = Field(min_length=1)
    fresh: str | None = None
    commutes: tuple[str, ...] = ()
    licence: Licence = "unknown"


Source = Annotated[
    Formula | Architecture | Digits | Optimiser | RlLoss | Own | Listed,
    Field(discriminator="kind"),
]


class Task(Strict):
    """What is searched for.

    Attributes:
        id: name in every table.
        source: where programs and fitness come from.
        budget: evaluations of a search.
        seeds: searches of each method, each with its own first programs; all methods have the same.
        sweep: searches of each setting that evolution is tuned by; 0 takes the first setting.
        targets: fitness levels to be reached, the main one first; those of the source where empty.
        methods: methods that search here; all where null.
    """

    id: Name
    source: Source
    budget: int = Field(ge=1)
    seeds: int = Field(ge=1)
    sweep: int = Field(default=0, ge=0, le=MOST_TUNED)
    targets: dict[Name, float] = Field(default={})
    methods: tuple[Name, ...] | None = None


class Method(Strict):
    """A way to choose what is measured next.

    Attributes:
        id: name in every table.
        kind: ``random``, ``evolution`` (regularised), ``best_of`` (the best of several children by
            a judge), ``pam`` or ``pam_rt`` (until a judge prefers a child to its parent).
        judge: ``network`` learns online; ``oracle`` knows every fitness and errs at will.
        accuracy: of an oracle.
        head: what a network learns: which of two is better (``pairs``), or ranks (``regression``).
        encoder: of a network, in place of the common one.
        shuffled: fitnesses are dealt to other programs before each training, and the network is
            asked in any case: a control.
    """

    id: Name
    kind: Literal["random", "evolution", "best_of", "pam", "pam_rt"]
    judge: Literal["network", "oracle"] = "network"
    accuracy: float | None = Field(default=None, ge=0, le=1)
    head: Literal["pairs", "regression"] = "pairs"
    encoder: Encoder | None = None
    shuffled: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.judge == "oracle") != (self.accuracy is not None):
            raise ValueError("accuracy belongs to an oracle, and an oracle needs one")
        return self

    @property
    def learns(self) -> bool:
        """Whether a network is trained."""
        return self.kind in ("best_of", "pam", "pam_rt") and self.judge == "network"


class Guide(Strict):
    """How judged methods choose.

    Attributes:
        children: children of one parent that the judge sees at once.
        rounds: how often PAM changes again and PAM-RT draws another parent.
        threshold: probability to be better above which a child is measured.
        explore: share of steps that are plain, whatever the judge says.
        warm_up: evaluations before the judge is asked.
        trust: share of its latest 64 comparisons that a network must have got right to be asked.
    """

    children: int = Field(default=16, ge=1)
    rounds: int = Field(default=8, ge=1)
    threshold: float = Field(default=0.5, ge=0, lt=1)
    explore: float = Field(default=0.1, ge=0, le=1)
    warm_up: int = Field(default=64, ge=1)
    trust: float = Field(default=0.55, ge=0, lt=1)


class Network(Strict):
    """The discriminator.

    Attributes:
        encoder: how it reads a graph.
        hidden: its width.
        layers: how many.
        every: evaluations between trainings.
        steps: steps of AdamW a training.
        pairs: pairs a step.
        rate: learning rate.
        decay: weight decay.
        memory: latest programs that pairs are drawn from.
    """

    encoder: Encoder = "gin"
    hidden: int = Field(default=32, ge=4, multiple_of=4)
    layers: int = Field(default=2, ge=1)
    every: int = Field(default=20, ge=1)
    steps: int = Field(default=8, ge=1)
    pairs: int = Field(default=64, ge=2)
    rate: float = Field(default=2e-3, gt=0)
    decay: float = Field(default=1e-4, ge=0)
    memory: int = Field(default=5000, ge=2)


class Build(Strict):
    """What is searched for, how, and how often.

    Attributes:
        tasks: what is searched for.
        methods: how; the first of kind ``evolution`` is the baseline.
        populations: programs that live, tried for evolution.
        tournaments: programs of which the best becomes a parent, tried for evolution; what serves
            it best is what all other methods use too.
        guide: how judged methods choose.
        network: the discriminator.
        processes: searches that run at once where the runner is the local one.
        n_shards: Parquet files of the long tables.
        seed: of points, first programs and searches.
    """

    tasks: tuple[Task, ...] = Field(min_length=1)
    methods: tuple[Method, ...] = Field(min_length=1)
    populations: tuple[int, ...] = (100,)
    tournaments: tuple[int, ...] = (10,)
    guide: Guide = Guide()
    network: Network = Network()
    processes: int = Field(default=2, ge=1)
    n_shards: int = Field(default=4, ge=1, le=9999)
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        no_repeats("tasks", tuple(task.id for task in self.tasks))
        no_repeats("methods", tuple(method.id for method in self.methods))
        for name, values in (("populations", self.populations), ("tournaments", self.tournaments)):
            no_repeats(name, values)
            if not values or min(values) < 1:
                raise ValueError(f"{name}: give numbers above 0")
        known = {method.id for method in self.methods}
        for task in self.tasks:
            if unknown := sorted(set(task.methods or ()) - known):
                raise ValueError(f"task {task.id}: no such method: {', '.join(unknown)}")
        # Tables of networks and of one's own are kept by task, those of data sets by data set.
        graphs = {task.source.graph for task in self.tasks if isinstance(task.source, Architecture)}
        for task in self.tasks:
            if isinstance(task.source, Digits | Listed) and task.id in graphs:
                raise ValueError(
                    f"task {task.id}: another task searches the data set {task.id}, and their rows "
                    "would mix: rename this one"
                )
        if all(method.kind != "evolution" for method in self.methods):
            raise ValueError("methods: one must be of kind evolution, the baseline")
        return self

    @property
    def baseline(self) -> Method:
        """What all others are compared with."""
        return next(method for method in self.methods if method.kind == "evolution")

    def methods_of(self, task: Task) -> list[Method]:
        """Who searches for a task; the baseline always does."""
        return [
            method
            for method in self.methods
            if task.methods is None or method.id in task.methods or method == self.baseline
        ]


class Evaluate(Strict):
    """How what was found is measured again.

    Attributes:
        fresh: points that no search saw, on which a formula is measured again.
        exported: best programs of each task that are written as source; the first three of
            formulas simplified too.
        replayed: searches of the baseline and of the first method that learns that are run again
            from their words and compared, row by row, in every task.
    """

    fresh: int = Field(default=1000, ge=2)
    exported: int = Field(default=10, ge=1)
    replayed: int = Field(default=1, ge=0)


class Report(Strict):
    """How figures are made.

    Attributes:
        resamples: bootstrap resamples.
        seed: of the resampling.
    """

    resamples: int = Field(default=2000, ge=100)
    seed: int = Field(default=SEED, ge=0)


class Params(Strict):
    """Everything that can be set, one section a stage."""

    build: Build
    train: None = None
    evaluate: Evaluate = Evaluate()
    report: Report = Report()
