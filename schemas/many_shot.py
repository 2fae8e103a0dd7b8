"""Many-shot in-context learning: how far does a frozen model learn from its prompt?

A prompt is K solved examples of a task, the *shots*, and one question. The more shots, the better
the model should do; how much better, how surely, and by learning what, is what this system measures
(Agarwal et al. 2024, arXiv 2404.11018). A *curve* is one way of making prompts of a task: three
regimes (``supervised`` shows answers, ``reinforced`` shows solutions that a model wrote and a
verifier accepted, ``unsupervised`` shows questions alone), a label map and a kind of rationale. A
*shot set* is one seeded permutation of the training examples, of which K shots take the first K, so
that the curve of a seed is paired from end to end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from measurand import params as parameters
from measurand.params import Strict
from measurand.results import STATUSES
from measurand.tables import Column, Table

REGIMES = ("supervised", "reinforced", "unsupervised")
LABEL_MAPS = ("default", "flipped", "abstract")
RATIONALES_SHOWN = ("none", "human", "program", "model")
SPLITS = ("train", "dev", "test")
VERIFIERS = ("exact", "numeric", "regex", "sequence", "plan", "reasoning_gym", "callable")

MODEL = "smollm2?template=none"
SEED = 20260101


def _no_repeats(name: str, values: tuple[object, ...]) -> None:
    if len(set(values)) != len(values):
        raise ValueError(f"{name}: the same name twice")


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
        path: a CSV, TSV, JSON Lines or Parquet file, a folder that ``datasets.save_to_disk`` wrote,
            or a dataset folder of Measurand.
        question: column of the question.
        answer: column of the right answer.
        rationale: column of a human solution.
        options: the possible answers of a classification task; null where answers are free.
        group: column whose equal values must not be split between training and test.
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
    verifier: Literal["exact", "numeric", "regex", "callable"] = "exact"
    pattern: str | None = None
    tolerance: float = Field(default=0.0, ge=0)
    function: str | None = None
    licence: str = "unknown"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.verifier == "regex") != (self.pattern is not None):
            raise ValueError("verifier regex and pattern belong together")
        if (self.verifier == "callable") != (self.function is not None):
            raise ValueError("verifier callable and function belong together")
        if self.options is not None:
            _no_repeats("options", self.options)
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
        _no_repeats("curves", tuple(c.name for c in self.curves))
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
        _no_repeats("tasks", tuple(t.id for t in self.tasks))
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
        _no_repeats("models", tuple(m.model for m in self.models))
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


def load_params(path: Path) -> Params:
    """Read a parameter file.

    Raises:
        ParamsError: it is missing, is not YAML, or breaks a rule; every key at fault is named.
    """
    return parameters.read(path, Params)


_SHA256 = "^[0-9a-f]{64}$"
_EXAMPLE = Column("example_id", pa.string(), "SHA-256 of task, input and target", pattern=_SHA256)

POOL = Table(
    name="many_shot.pool",
    version="1.0.0",
    key=("task", "example_id"),
    doc="One row per example: those of split test are the questions, those of train the shots.",
    columns=(
        Column("task", pa.string(), "the task"),
        _EXAMPLE,
        Column("split", pa.string(), "what it is used for", enum=SPLITS),
        Column("group_id", pa.string(), "examples of one group lie in one split"),
        Column("input", pa.large_string(), "the question"),
        Column("target", pa.large_string(), "the right answer, before a label map"),
        Column("options", pa.list_(pa.string()), "possible answers", nullable=True),
        Column("answer_idx", pa.int16(), "index of the target in options", nullable=True),
        Column(
            "rationale", pa.large_string(), "a solution that ends before the answer", nullable=True
        ),
        Column("rationale_source", pa.string(), "who made it", enum=("none", "human", "program")),
        Column("verifier", pa.string(), "how an answer is judged", enum=VERIFIERS),
        Column("details", pa.large_string(), "JSON that the verifier needs beyond the target"),
        Column("source_package", pa.string(), "where it came from"),
        Column("source_version", pa.string(), "version of the source"),
        Column("source_key", pa.string(), "identity of the example there"),
        Column("n_input_tokens", pa.int32(), "length of the input", "tokens", minimum=0),
        Column("n_target_tokens", pa.int32(), "length of the answer", "tokens", minimum=1),
    ),
)

RATIONALES = Table(
    name="many_shot.rationales",
    version="1.0.0",
    key=("task", "example_id", "sample"),
    doc="One row per solution that a model wrote, right or wrong.",
    columns=(
        Column("task", pa.string(), "the task"),
        _EXAMPLE,
        Column("split", pa.string(), "split of the example", enum=SPLITS),
        Column("sample", pa.int16(), "0-based number of the solution", minimum=0),
        Column("model", pa.string(), "model string of its writer"),
        Column("temperature", pa.float32(), "of the sampling", minimum=0),
        Column("seed", pa.int64(), "of the sampling"),
        Column("text", pa.large_string(), "as written, without the stop text", nullable=True),
        Column("rationale", pa.large_string(), "the part before the answer", nullable=True),
        Column("extracted", pa.large_string(), "the answer found in it", nullable=True),
        Column("correct", pa.bool_(), "whether the verifier accepts the answer", nullable=True),
        Column("chosen", pa.bool_(), "whether it is the one that prompts may show"),
        Column("n_tokens", pa.int32(), "tokens written", "tokens", nullable=True, minimum=0),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no text", nullable=True),
    ),
)

_CURVE = (
    Column("task", pa.string(), "the task"),
    Column("curve", pa.string(), "name of the curve within the task"),
    Column("regime", pa.string(), "what a shot shows", enum=REGIMES),
    Column("label_map", pa.string(), "words for the classes", enum=LABEL_MAPS),
    Column("rationale", pa.string(), "solution before the answer", enum=RATIONALES_SHOWN),
    Column("k", pa.int32(), "shots", minimum=0),
    Column("seed", pa.int32(), "0-based shot set: the cluster of every interval", minimum=0),
    Column("order", pa.int32(), "0-based order of the same shots", minimum=0),
)

PROMPTS = Table(
    name="many_shot.prompts",
    version="1.0.0",
    key=("prompt_id",),
    doc="One row per prompt without its question: the part that all test questions share.",
    columns=(
        Column("prompt_id", pa.string(), "`<task>|<curve>|k<k>|s<seed>|o<order>`"),
        *_CURVE,
        Column("k_requested", pa.int32(), "shots asked for; k is less where there were no more"),
        Column("shot_ids", pa.list_(pa.string()), "example_id of every shot, in order"),
        Column("shot_offsets", pa.list_(pa.int32()), "index of every shot's first token"),
        Column("demonstration_ids", pa.list_(pa.string()), "example_id of every demonstration"),
        Column("prefix", pa.large_string(), "the text; the question follows after a blank line"),
        Column("prefix_sha256", pa.string(), "hash of the prefix, UTF-8", pattern=_SHA256),
        Column("n_tokens", pa.int32(), "length of the prefix", "tokens", minimum=0),
        Column("max_query_tokens", pa.int32(), "longest question", "tokens", minimum=1),
        Column("answer_budget", pa.int32(), "room for the answer", "tokens", minimum=1),
        Column("context_limit", pa.int32(), "tokens that must hold all", "tokens", minimum=1),
        Column(
            "boundary_stable",
            pa.bool_(),
            "tokens of the prefix alone begin the tokens of prefix and longest question",
        ),
        Column("tokenizer_sha256", pa.string(), "hash of the tokenizer", pattern=_SHA256),
    ),
)

LEAKAGE = Table(
    name="many_shot.leakage",
    version="1.0.0",
    key=("task",),
    doc="One row per task: the search for test questions among the shots of the written prompts.",
    columns=(
        Column("task", pa.string(), "the task"),
        Column("n_test", pa.int32(), "test questions", minimum=0),
        Column(
            "n_shown", pa.int32(), "distinct shots and demonstrations of all prompts", minimum=0
        ),
        Column("shared_ids", pa.int32(), "test example_id among them", minimum=0),
        Column("shared_groups", pa.int32(), "test group_id among them", minimum=0),
        Column("shared_texts", pa.int32(), "test questions among them, normalised", minimum=0),
        Column("near_duplicates", pa.int32(), "pairs at or above the threshold", minimum=0),
        Column("max_jaccard", pa.float64(), "closest pair", minimum=0, maximum=1, nullable=True),
        Column("removed", pa.int32(), "training examples removed for being too close", minimum=0),
        Column("planted", pa.int32(), "leaks planted to try the search", minimum=0),
        Column("found", pa.int32(), "of them found", minimum=0),
    ),
)

RESPONSES = Table(
    name="many_shot.responses",
    version="1.0.0",
    key=("model", "prompt_id", "query_id"),
    doc="One row per model, prompt and question.",
    columns=(
        Column("run_id", pa.string(), "hash of dataset, parameters and model fingerprint"),
        Column("model", pa.string(), "model string as given"),
        Column("prompt_id", pa.string(), "the prompt"),
        Column("query_id", pa.string(), "example_id of the question", pattern=_SHA256),
        *_CURVE,
        Column("answer_idx", pa.int16(), "right class; null where answers are free", nullable=True),
        Column("prediction", pa.int16(), "likeliest class", nullable=True, minimum=0),
        Column("text", pa.large_string(), "what was written, for free answers", nullable=True),
        Column("extracted", pa.large_string(), "the answer found in it", nullable=True),
        Column("correct", pa.bool_(), "whether the answer is right", nullable=True),
        Column(
            "partial",
            pa.float64(),
            "share of right positions of a sequence",
            nullable=True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "option_logprobs",
            pa.list_(pa.float32()),
            "natural log P(option | prompt)",
            nullable=True,
        ),
        Column(
            "confidence",
            pa.float64(),
            "renormalised probability of the right class",
            nullable=True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "mass",
            pa.float64(),
            "probability of all options together",
            nullable=True,
            minimum=0,
            maximum=1.000001,
        ),
        Column("nll", pa.float64(), "-log P(right answer | prompt)", "nats", nullable=True),
        Column(
            "nll_program",
            pa.float64(),
            "-log P(reference solution with answer | prompt)",
            "nats",
            nullable=True,
        ),
        Column(
            "nll_model",
            pa.float64(),
            "-log P(verified model solution with answer | prompt)",
            "nats",
            nullable=True,
        ),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no value", nullable=True),
        Column("prompt_sha256", pa.string(), "hash of the whole prompt", pattern=_SHA256),
        Column("prompt_tokens", pa.int32(), "length", "tokens", nullable=True, minimum=0),
        Column(
            "cached_tokens",
            pa.int32(),
            "of them not computed for this question",
            "tokens",
            nullable=True,
            minimum=0,
        ),
    ),
)
