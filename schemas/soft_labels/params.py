"""Parameters: `params/soft_labels.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from measurand.params import Licence, Strict, no_repeats

SPLITS = ("train", "dev", "test")
CORPORA = ("film", "tweets", "products", "editorials")
LABEL_KINDS = ("raters", "votes", "known", "file")
ORDERS = ("12", "21")
OWN, JUDGE, SHUFFLED = "own", "judge", "shuffled"
REFERENCE_RUN = "reference"
"""Name, among runs, of the policy before training."""

POLICY = "smollm2?template=none"
SEED = 20260101

Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
Method = Literal["dpo", "cdpo", "gdpo", "ipo", "cipo", "gipo", "ropo", "gropo"]


class Raters(Strict):
    """Texts that 15 to 99 people rated each (Hutto & Gilbert 2014); preferred is the more positive.

    Attributes:
        corpus: which of the four.
        votes: voters that are simulated in place of the exact share of rater pairs; 1 makes hard
            labels. Null for the exact share.
    """

    kind: Literal["raters"]
    corpus: Literal["film", "tweets", "products", "editorials"]
    votes: int | None = Field(default=None, ge=1)


class Known(Strict):
    """Texts of the same corpora under a preference model that is known, so that truth is exact.

    Attributes:
        corpus: where the texts come from; their ratings are not used.
        temperature: of the preferences; low ones make certain labels.
    """

    kind: Literal["known"]
    corpus: Literal["film", "tweets", "products", "editorials"]
    temperature: float = Field(default=1.0, gt=0)


class File(Strict):
    """Pairs of one's own.

    Attributes:
        path: a file or folder that ``measurand.rows`` reads: CSV, TSV, JSON, JSON Lines, Parquet, a
            clone from the Hub, a folder of ``datasets.save_to_disk``, a dataset of Measurand.
        first: column of one response, a text or a list of messages.
        second: column of the other.
        prompt: column of the prompt; null takes the messages that both responses begin with, or
            else the set's own prompt.
        label: column of the probability, 0 to 1, that the first is preferred, or a number for all
            rows; without it and without votes every first response is preferred, which is said.
        votes: columns of the votes for the first and for the second, in place of ``label``.
        split: column with ``train``, ``dev`` or ``test`` or a usual word for one; null takes the
            parts of the dataset, or draws splits in which no response occurs twice (where responses
            repeat over prompts: no prompt).
        licence: licence of the data, for the manifest.
    """

    kind: Literal["file"]
    path: str = Field(min_length=1)
    first: str
    second: str
    prompt: str | None = None
    label: str | float | None = None
    votes: tuple[str, str] | None = None
    split: str | None = None
    licence: Licence = "unknown"

    @model_validator(mode="after")
    def _one_label(self) -> Self:
        if self.label is not None and self.votes is not None:
            raise ValueError("give label or votes, and not both")
        if isinstance(self.label, float) and not 0 <= self.label <= 1:
            raise ValueError("label: a number for all rows is a probability, 0 to 1")
        return self


Source = Annotated[Raters | Known | File, Field(discriminator="kind")]


class PairSet(Strict):
    """Pairs of one source.

    Attributes:
        id: name in every table.
        source: where responses and labels come from.
        prompt: what the responses answer.
        variant: histogram of the labels; see ``pipelines.soft_labels.labels.VARIANTS``.
        train: pairs to train on.
        dev: pairs to follow training on.
        test: pairs to measure on.
        words: fewest and most words of a response; others are rejected.
    """

    id: Name
    source: Source
    prompt: str = Field(min_length=1)
    variant: Literal["natural", "modest", "skewed", "stairs"] = "natural"
    train: int = Field(ge=1)
    dev: int = Field(ge=1)
    test: int = Field(ge=1)
    words: tuple[int, int] = (1, 10_000)


class Judge(Strict):
    """A model that says which of two responses is preferred, asked in both orders.

    Attributes:
        id: name in every table.
        model: model string, or ``oracle:<name>`` (see ``pipelines.soft_labels.oracles``).
        wordings: ways to ask, by name. ``{prompt}``, ``{first}`` and ``{second}`` are filled in;
            the text ends where the answer begins. Two or more show whether the wording matters.
        answers: what the model may answer for the first and for the second response.
        sets: pair sets that it judges; null for all.
        splits: splits that it judges.
        batch_size: pairs per call of the model; both orders and all wordings go together.
        max_infra_share: share of failed calls above which its work is refused.
    """

    id: Name
    model: str = Field(min_length=1)
    wordings: dict[Name, str] = Field(min_length=1)
    answers: tuple[str, str] = (" A", " B")
    sets: tuple[Name, ...] | None = None
    splits: tuple[Literal["train", "dev", "test"], ...] = ("train", "dev", "test")
    batch_size: int = Field(default=16, ge=1)
    max_infra_share: float = Field(default=0.005, ge=0, le=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        no_repeats("answers", self.answers)
        for name, text in self.wordings.items():
            for place in ("{first}", "{second}"):
                if text.count(place) != 1:
                    raise ValueError(f"wording {name} must hold {place} once")
        return self


class Build(Strict):
    """What the dataset holds.

    Attributes:
        policy: model string (``smollm2`` or ``hf:<folder>``) of the policy before training.
        max_tokens: most tokens of prompt and response; longer pairs are rejected.
        sets: the pair sets.
        judges: who labels them beside their own labels.
        batch_size: pairs per pass of the reference.
        n_shards: Parquet files of the reference log-probabilities.
        seed: of splits and pairs.
    """

    policy: str = Field(default=POLICY, min_length=1)
    max_tokens: int = Field(default=128, ge=8)
    sets: tuple[PairSet, ...] = Field(min_length=1)
    judges: tuple[Judge, ...] = ()
    batch_size: int = Field(default=16, ge=1)
    n_shards: int = Field(default=4, ge=1, le=9999)
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        no_repeats("sets", tuple(s.id for s in self.sets))
        no_repeats("judges", tuple(j.id for j in self.judges))
        known = {s.id for s in self.sets}
        for judge in self.judges:
            if unknown := sorted(set(judge.sets or ()) - known):
                raise ValueError(f"judge {judge.id}: no such set: {', '.join(unknown)}")
        return self

    def set(self, name: str) -> PairSet:
        """The pair set of that name."""
        return next(s for s in self.sets if s.id == name)


class Lora(Strict):
    """Low-rank adapters (Hu et al. 2021, arXiv 2106.09685), saved in PEFT's format.

    Attributes:
        rank: of every adapter.
        alpha: scale; the update counts ``alpha / rank`` times.
        layers: only the last so many layers; null for all. What lies below is computed once.
    """

    kind: Literal["lora"] = "lora"
    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    layers: int | None = Field(default=None, ge=1)


class Layers(Strict):
    """The last layers themselves, or all weights.

    Attributes:
        layers: only the last so many; null trains every weight.
    """

    kind: Literal["layers"]
    layers: int | None = Field(default=None, ge=1)


Trainable = Annotated[Lora | Layers, Field(discriminator="kind")]


class Run(Strict):
    """A method on a pair set, repeated over seeds.

    Attributes:
        id: name in every table.
        method: the loss; see ``pipelines.soft_labels.losses``.
        set: pairs that it is trained on.
        labels: ``own``, ``shuffled`` (own labels dealt to other pairs and either response: a
            control), or the name of a judge.
        beta: of the loss.
        alpha: of ROPO and GROPO.
        gamma: of ROPO and GROPO.
        normalise: ``token_mean`` divides log-ratios by the response's tokens (IPO as TRL has it).
        seeds: repeats, each with its own adapters and order of pairs.
        steps: optimiser steps.
        pairs: only the first so many training pairs.
        learning_rate: in place of the common one.
    """

    id: Name
    method: Method
    set: Name
    labels: Name = OWN
    beta: float = Field(default=0.3, gt=0)
    alpha: float = Field(default=2.0, ge=0)
    gamma: float = Field(default=0.1, ge=0)
    normalise: Literal["sum", "token_mean"] = "sum"
    seeds: int = Field(default=1, ge=1, le=100)
    steps: int = Field(ge=1)
    pairs: int | None = Field(default=None, ge=1)
    learning_rate: float | None = Field(default=None, gt=0)

    def names(self) -> list[str]:
        """Names of its repeats: ``<id>-s<seed>``."""
        return [f"{self.id}-s{seed}" for seed in range(self.seeds)]


class Train(Strict):
    """How policies are trained.

    Attributes:
        trainable: which weights move.
        runs: what is trained.
        batch_size: pairs per step.
        learning_rate: of AdamW, after the warm-up; it then stays.
        warmup: steps of the warm-up.
        weight_decay: of AdamW.
        clip: largest norm of the gradient.
        measure_every: steps between measurements on dev pairs; first and last are measured too.
        checkpoint_every: steps between saved states.
        micro_tokens: most tokens of one pass.
        dtype: ``bfloat16`` computes in mixed precision over float32 weights.
        device: where.
        compile: use ``torch.compile``.
        seed: of adapters and of the order of pairs.
    """

    trainable: Trainable = Lora()
    runs: tuple[Run, ...] = Field(min_length=1)
    batch_size: int = Field(default=8, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    warmup: int = Field(default=10, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)
    clip: float = Field(default=1.0, gt=0)
    measure_every: int = Field(default=10, ge=1)
    checkpoint_every: int = Field(default=10, ge=1)
    micro_tokens: int = Field(default=4096, ge=1)
    dtype: Literal["float32", "bfloat16"] = "float32"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compile: bool = False
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        no_repeats("runs", tuple(r.id for r in self.runs))
        if any(r.id == REFERENCE_RUN for r in self.runs):
            raise ValueError(f"a run cannot be called {REFERENCE_RUN}")
        return self


class Write(Strict):
    """What policies write, to be compared.

    Attributes:
        prompts: beginnings of held-out responses that are continued, per pair set.
        words: words of a beginning.
        max_tokens: most tokens of a continuation.
        temperature: of the sampling.
        seed: of the sampling.
        batch_size: continuations per call of the model.
    """

    prompts: int = Field(default=48, ge=2)
    words: int = Field(default=3, ge=1)
    max_tokens: int = Field(default=24, ge=1)
    temperature: float = Field(default=1.0, gt=0)
    seed: int = Field(default=SEED, ge=0)
    batch_size: int = Field(default=24, ge=1)


class Setting(Strict):
    """A setting of the exact bandit.

    Attributes:
        temperature: of the preferences; low ones make certain labels.
        beta: of the losses.
    """

    temperature: float = Field(gt=0)
    beta: float = Field(gt=0)


class Bandit(Strict):
    """The bandit in which every loss can be followed exactly; see ``pipelines.soft_labels.bandit``.

    Attributes:
        settings: temperatures and betas.
        methods: losses.
        steps: steps after which the policy is recorded, ascending.
    """

    settings: tuple[Setting, ...] = (
        Setting(temperature=1.0, beta=0.3),
        Setting(temperature=0.25, beta=0.1),
    )
    methods: tuple[Method, ...] = ("dpo", "cdpo", "gdpo")
    steps: tuple[int, ...] = (0, 100, 200, 500, 1000, 1500, 2500, 4000)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        no_repeats("bandit.settings", self.settings)
        no_repeats("bandit.methods", self.methods)
        if list(self.steps) != sorted(set(self.steps)) or not self.steps or self.steps[0] < 0:
            raise ValueError("bandit.steps must ascend, from 0 or more")
        return self


class Evaluate(Strict):
    """How policies are measured.

    Attributes:
        write: what they write; null compares held-out pairs only.
        bandit: the exact bandit; null leaves it out.
        judges: judges of ``build.judges`` that compare what was written with what the reference
            wrote; rewards (learned, known) compare all policies with each other.
        judged_seeds: repeats of every run that judges see.
        max_infra_share: share of failed calls above which the run is refused.
    """

    write: Write | None = Write()
    bandit: Bandit | None = Bandit()
    judges: tuple[Name, ...] = ()
    judged_seeds: int = Field(default=1, ge=1)
    max_infra_share: float = Field(default=0.005, ge=0, le=1)


class Report(Strict):
    """How figures are made.

    Attributes:
        max_position_bias: a judge that leans further to one place says nothing about policies: its
            win rates are undefined.
        resamples: bootstrap resamples.
        seed: of the resampling.
    """

    max_position_bias: float = Field(default=0.3, gt=0, le=1)
    resamples: int = Field(default=2000, ge=100)
    seed: int = Field(default=SEED, ge=0)


class Params(Strict):
    """Everything that can be set, one section a stage."""

    build: Build
    train: Train
    evaluate: Evaluate = Evaluate()
    report: Report = Report()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        sets = {s.id for s in self.build.sets}
        judges = {j.id: j for j in self.build.judges}
        for run in self.train.runs:
            if run.set not in sets:
                raise ValueError(f"run {run.id}: no such set: {run.set}")
            if run.labels in (OWN, SHUFFLED):
                continue
            judge = judges.get(run.labels)
            if judge is None:
                raise ValueError(f"run {run.id}: no such labels: {run.labels}")
            if "train" not in judge.splits or run.set not in (judge.sets or sets):
                raise ValueError(f"run {run.id}: {judge.id} does not judge its training pairs")
        if unknown := sorted(set(self.evaluate.judges) - set(judges)):
            raise ValueError(f"evaluate.judges: no such judge: {', '.join(unknown)}")
        return self
