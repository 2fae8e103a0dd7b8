"""Parameters: `params/many_shot.yaml`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from measurand.params import Licence, Strict, no_repeats

REGIMES = ("supervised", "reinforced", "unsupervised")
LABEL_MAPS = ("default", "flipped", "abstract")
RATIONALES_SHOWN = ("none", "human", "program", "model")
SPLITS = ("train", "dev", "test")
VERIFIERS = ("exact", "numeric", "regex", "sequence", "plan", "reasoning_gym", "callable")

MODEL = "smollm2?template=none"
SEED = 20260101


Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class Linear(Strict):
    """Is a linear form of integers above its median? Answers ``A`` (below) or ``B``.

    Attributes:
        features: N, the number of integers in 1..1000.
        seed: s of ``numpy.random.default_rng([s, N])``, which draws the hidden weights.
    """

    kind: Literal["linear"]
    features: int = Field(ge=2, le=512)
    seed: int = Field(ge=0)


class Parity(Strict):
    """For every position: is the number of ones up to here odd? One word a position."""

    kind: Literal["parity"]
    bits: int = Field(ge=2, le=64)


class Arithmetic(Strict):
    """A sum of several terms, with its running totals as a program-made rationale."""

    kind: Literal["arithmetic"]
    terms: int = Field(ge=2, le=12)
    digits: int = Field(ge=1, le=6)


class Planning(Strict):
    """A planning problem in text; answers are plans, validated by executing them.

    Attributes:
        domain: which world.
        objects: blocks, or packages.
        places: cities of the logistics world; ignored by blocksworld.
    """

    kind: Literal["planning"]
    domain: Literal["blocksworld", "logistics"]
    objects: int = Field(ge=2, le=8)
    places: int = Field(default=2, ge=2, le=4)


class Sentiment(Strict):
    """Sentences with 10 to 99 human ratings each (Hutto & Gilbert 2014), as classes.

    Attributes:
        corpus: which of the four.
        classes: 2 (negative, positive) or 3 (with neutral).
        bound: mean rating (-4..4) beyond which a text is negative or positive; with two classes
            what lies between is rejected, with three it is neutral.
    """

    kind: Literal["sentiment"]
    corpus: Literal["film", "tweets", "products", "editorials"]
    classes: Literal[2, 3]
    bound: float = Field(ge=0, le=4)


class Tabular(Strict):
    """Rows of numbers with a class, from a data set that scikit-learn ships."""

    kind: Literal["tabular"]
    name: Literal["digits", "wine", "breast_cancer"]


class ReasoningGym(Strict):
    """One of the generators of the package ``reasoning-gym``, judged by its own ``score_answer``.

    Attributes:
        generator: name of the generator.
        config: its settings, as that package takes them.
    """

    kind: Literal["reasoning_gym"]
    generator: str = Field(min_length=1)
    config: dict[str, Any] = Field(default_factory=dict)


class File(Strict):
    """A user's own task.

    Attributes:
        path: a file or folder that ``measurand.rows`` reads: CSV, TSV, JSON, JSON Lines, Parquet, a
            clone from the Hub, a folder of ``datasets.save_to_disk``, a dataset of Measurand.
        question: column of the question.
        answer: column of the right answer, or of a list of answers of which each is right.
        rationale: column of a human solution.
        options: the possible answers of a classification task; null where answers are free.
        group: column whose equal values must not be split between training and test.
        split: column with ``train``, ``dev`` or ``test`` or a usual word for one; null takes the
            parts of the dataset where it has a training and a test part, or draws splits.
        verifier: how an answer is judged; see ``pipelines.many_shot.verifiers``.
        pattern: for ``regex``: the answer is right where it matches this fully; ``{answer}`` stands
            for the row's own answer.
        tolerance: for ``numeric``: largest absolute difference.
        function: for ``callable``: ``module:function``, called with (text, answer) for a bool.
        licence: licence of the data, for the manifest.
    """

    kind: Literal["file"]
    path: str = Field(min_length=1)
    question: str
    answer: str
    rationale: str | None = None
    options: tuple[str, ...] | None = None
    group: str | None = None
    split: str | None = None
    verifier: Literal["exact", "numeric", "regex", "callable"] = "exact"
    pattern: str | None = None
    tolerance: float = Field(default=0.0, ge=0)
    function: str | None = None
    licence: Licence = "unknown"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.verifier == "regex") != (self.pattern is not None):
            raise ValueError("verifier regex and pattern belong together")
        if (self.verifier == "callable") != (self.function is not None):
            raise ValueError("verifier callable and function belong together")
        if self.options is not None:
            no_repeats("options", self.options)
            if len(self.options) < 2:
                raise ValueError("options: give two answers or more, or null for free answers")
        return self


Source = Annotated[
    Linear | Parity | Arithmetic | Planning | Sentiment | Tabular | ReasoningGym | File,
    Field(discriminator="kind"),
]


class Layout(Strict):
    """How examples become text; described here, never in code.

    Attributes:
        preface: said once before the first shot; may be empty.
        question: name of the question's field.
        answer: name of the answer's field; the prompt ends with it and a colon.
        answer_cue: ends a rationale; what follows it is the answer.
        unsupervised_intro: before the questions of an unsupervised prompt.
        unsupervised_outro: after them.
    """

    preface: str = ""
    question: str = "Question"
    answer: str = "Answer"
    answer_cue: str = "The answer is"
    unsupervised_intro: str = "You will be given questions similar to the ones below:"
    unsupervised_outro: str = "Now answer the next question in the format of these examples."


class Curve(Strict):
    """One way of making the prompts of a task, and for which numbers of shots.

    Attributes:
        regime: what a shot shows.
        label_map: words for the classes: the task's own, rotated by one, or A, B, C.
        rationale: which solution stands before the answer; ``model`` for the reinforced regime.
        shots: numbers of shots K, ascending; 0 is the question alone.
        seeds: shot sets.
        orders: orders of the same shots; the first is that of the permutation.
        distinct: only so many distinct shots, repeated to fill K (the paper's control for length).
        demonstrations: solved examples, outside training and test, that end an unsupervised prompt.
    """

    regime: Literal["supervised", "reinforced", "unsupervised"] = "supervised"
    label_map: Literal["default", "flipped", "abstract"] = "default"
    rationale: Literal["none", "human", "program", "model"] = "none"
    shots: tuple[int, ...] = Field(min_length=1)
    seeds: int = Field(ge=1, le=100)
    orders: int = Field(default=1, ge=1, le=100)
    distinct: int | None = Field(default=None, ge=1)
    demonstrations: int = Field(default=0, ge=0, le=16)

    @property
    def name(self) -> str:
        """Name of the curve within its task, made of what differs from the plain one."""
        parts: list[str] = [self.regime]
        parts += [self.label_map] if self.label_map != "default" else []
        if self.rationale != "none" and self.regime != "reinforced":
            parts.append(self.rationale)
        parts += [f"distinct{self.distinct}"] if self.distinct is not None else []
        return "-".join(parts)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if list(self.shots) != sorted(set(self.shots)) or self.shots[0] < 0:
            raise ValueError("shots must ascend, from 0 or more")
        if (self.regime == "reinforced") != (self.rationale == "model"):
            raise ValueError("the reinforced regime shows rationale: model, and no other does")
        if self.regime == "unsupervised" and (self.label_map, self.distinct) != ("default", None):
            raise ValueError("unsupervised shots have no labels to map and none to repeat")
        if self.demonstrations and self.regime != "unsupervised":
            raise ValueError("demonstrations end unsupervised prompts only")
        return self


class Task(Strict):
    """A task, its sizes and its curves.

    Attributes:
        id: name in every table; letters, digits and underscores.
        source: where examples come from.
        train: examples to draw shots from.
        dev: examples for demonstrations, and for trying things out.
        test: questions; the same ones at every number of shots and in every curve.
        layout: the text around examples.
        answer_tokens: most tokens of an answer.
        stop: texts that end an answer.
        curves: what is asked.
    """

    id: Name
    source: Source
    train: int = Field(ge=1)
    dev: int = Field(default=4, ge=0)
    test: int = Field(ge=1)
    layout: Layout = Layout()
    answer_tokens: int = Field(default=8, ge=1)
    stop: tuple[str, ...] = ("\n\n",)
    curves: tuple[Curve, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        no_repeats("curves", tuple(c.name for c in self.curves))
        return self


class NearDuplicates(Strict):
    """Which texts count as the same question in other words.

    Attributes:
        jaccard: similarity of the sets of word n-grams from which two texts are near-duplicates.
        words: n of the n-grams.
        permutations: hash functions of a MinHash signature.
    """

    jaccard: float = Field(default=0.8, gt=0, le=1)
    words: int = Field(default=5, ge=1)
    permutations: int = Field(default=128, ge=16, le=1024)


class Rationales(Strict):
    """Solutions that a model writes for the reinforced regime.

    Attributes:
        model: who writes them.
        tasks: for which tasks.
        problems: training examples that are tried, per task; test examples always are.
        samples: solutions per example.
        examples: solved examples in the prompt (0 asks without any).
        temperature: of the sampling.
        max_tokens: most tokens of a solution.
        seed: of the sampling.
        batch_size: solutions per call of the model.
    """

    model: str = Field(min_length=1)
    tasks: tuple[Name, ...] = Field(min_length=1)
    problems: int = Field(ge=1)
    samples: int = Field(ge=1)
    examples: int = Field(ge=0)
    temperature: float = Field(gt=0)
    max_tokens: int = Field(ge=1)
    seed: int = Field(ge=0)
    batch_size: int = Field(ge=1)


class Build(Strict):
    """What the dataset holds.

    Attributes:
        tokenizer: model string whose tokenizer counts tokens and sets the context limit.
        context_limit: tokens of prompt, question and answer together; null for the model's own.
        tasks: the tasks.
        rationales: solutions by a model, or null for none.
        near_duplicates: what a test question is protected from.
        n_shards: Parquet files of the prompts.
        seed: of splits, permutations and orders.
    """

    tokenizer: str = Field(default=MODEL, min_length=1)
    context_limit: int | None = Field(default=None, ge=16)
    tasks: tuple[Task, ...] = Field(min_length=1)
    rationales: Rationales | None = None
    near_duplicates: NearDuplicates = NearDuplicates()
    n_shards: int = Field(default=4, ge=1, le=9999)
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        no_repeats("tasks", tuple(t.id for t in self.tasks))
        written = set(self.rationales.tasks) if self.rationales is not None else set()
        if unknown := sorted(written - {t.id for t in self.tasks}):
            raise ValueError(f"rationales.tasks: no such task: {', '.join(unknown)}")
        for task in self.tasks:
            for curve in task.curves:
                if curve.regime == "reinforced" and task.id not in written:
                    raise ValueError(f"{task.id}: a reinforced curve needs rationales.tasks")
        return self


class ModelRun(Strict):
    """One model and what it is asked.

    Attributes:
        model: model string (see ``measurand.models``), or ``oracle:<name>`` for a reader of prompts
            whose answers are known (see ``pipelines.many_shot.oracles``).
        tasks: the tasks that it is asked; null for all.
        curves: names of the curves that it is asked; null for all.
    """

    model: str = Field(min_length=1)
    tasks: tuple[Name, ...] | None = None
    curves: tuple[str, ...] | None = None


class Evaluate(Strict):
    """How models are asked.

    Attributes:
        models: models in the order in which they run.
        batch_size: most prompts per call of the model; those of one shot set go together.
        max_infra_share: share of failed calls above which the run is refused.
        retest: prompts asked a second time, each alone.
    """

    models: tuple[ModelRun, ...] = Field(default=(ModelRun(model=MODEL),), min_length=1)
    batch_size: int = Field(default=160, ge=1)
    max_infra_share: float = Field(default=0.005, ge=0, le=1)
    retest: int = Field(default=16, ge=0)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        no_repeats("models", tuple(m.model for m in self.models))
        return self


class Report(Strict):
    """How figures are made.

    Attributes:
        few_shot: number of shots that gains are taken against; the nearest asked one counts.
        resamples: bootstrap resamples.
        seed: of the resampling.
    """

    few_shot: int = Field(default=4, ge=0)
    resamples: int = Field(default=2000, ge=100)
    seed: int = Field(default=SEED, ge=0)


class Params(Strict):
    """Everything that can be set, one section a stage; nothing is trained here.

    Everything but ``build.tasks`` has a default, so a task of one's own is one block.
    """

    build: Build
    train: None = None
    evaluate: Evaluate = Evaluate()
    report: Report = Report()

    @model_validator(mode="after")
    def _models_are_asked_what_is_built(self) -> Self:
        tasks = {t.id: {c.name for c in t.curves} for t in self.build.tasks}
        for run in self.evaluate.models:
            asked = set(run.tasks) if run.tasks is not None else set(tasks)
            if unknown := sorted(asked - set(tasks)):
                raise ValueError(f"{run.model}: no such task: {', '.join(unknown)}")
            curves = set().union(*(tasks[name] for name in asked))
            if unknown := sorted(set(run.curves or ()) - curves):
                raise ValueError(f"{run.model}: no such curve: {', '.join(unknown)}")
        return self

    def task(self, name: str) -> Task:
        """The task of that name."""
        return next(task for task in self.build.tasks if task.id == name)
