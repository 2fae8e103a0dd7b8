"""Soft preference labels: does a policy learn more from how sure a preference is than from who won?

A *pair* is one prompt with two responses and a label p, the probability that the first is
preferred. Labels come from many human raters, from votes, from a preference model that is known, or
from a language model that judges the pair in both orders. Policies are trained on them by the DPO
family, with and without geometric averaging (Furuta et al. 2024, arXiv 2409.06691), and then
measured: on held-out pairs, against the labels, and by what they write. Every judge is an
instrument: its position bias, its consistency and its agreement with people come first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from measurand import params as parameters
from measurand.params import Strict
from measurand.results import STATUSES
from measurand.tables import Column, Table

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


def _no_repeats(name: str, values: tuple[object, ...]) -> None:
    if len(set(values)) != len(values):
        raise ValueError(f"{name}: the same name twice")


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
        path: a CSV, TSV, JSON Lines or Parquet file, a folder that ``datasets.save_to_disk`` wrote,
            or a dataset folder of Measurand.
        first: column of one response.
        second: column of the other.
        prompt: column of the prompt; null gives every pair the set's own prompt.
        label: column of the probability, 0 to 1, that the first is preferred.
        votes: columns of the votes for the first and for the second, in place of ``label``.
        split: column with ``train``, ``dev`` or ``test``; null draws splits in which no response
            occurs twice.
        licence: licence of the data, for the manifest.
    """

    kind: Literal["file"]
    path: str = Field(min_length=1)
    first: str
    second: str
    prompt: str | None = None
    label: str | None = None
    votes: tuple[str, str] | None = None
    split: str | None = None
    licence: str = "unknown"

    @model_validator(mode="after")
    def _one_label(self) -> Self:
        if (self.label is None) == (self.votes is None):
            raise ValueError("give label or votes, and not both")
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
        _no_repeats("answers", self.answers)
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
        _no_repeats("sets", tuple(s.id for s in self.sets))
        _no_repeats("judges", tuple(j.id for j in self.judges))
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
        _no_repeats("runs", tuple(r.id for r in self.runs))
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
        _no_repeats("bandit.settings", self.settings)
        _no_repeats("bandit.methods", self.methods)
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


def load_params(path: Path) -> Params:
    """Read a parameter file.

    Raises:
        ParamsError: it is missing, is not YAML, or breaks a rule; every key at fault is named.
    """
    return parameters.read(path, Params)


_SHA256 = "^[0-9a-f]{64}$"
_PAIR = Column("pair_id", pa.string(), "SHA-256 of set and both responses", pattern=_SHA256)
_SET = Column("set", pa.string(), "the pair set")
_SPLIT = Column("split", pa.string(), "what it is used for", enum=SPLITS)


def _share(name: str, doc: str, *, nullable: bool = False) -> Column:
    return Column(name, pa.float64(), doc, nullable=nullable, minimum=0, maximum=1)


_RUN = Column("run", pa.string(), "`<run>-s<seed>`, or `reference` for the policy before training")

PAIRS = Table(
    name="soft_labels.pairs",
    version="1.0.0",
    key=("pair_id",),
    doc="One row per pair; the first response is the one preferred by the pair's own label.",
    columns=(
        _PAIR,
        _SET,
        _SPLIT,
        Column("variant", pa.string(), "histogram of labels that was asked for"),
        Column("prompt", pa.large_string(), "what both responses answer"),
        Column("item_1", pa.string(), "identity of the first response in its source"),
        Column("item_2", pa.string(), "identity of the second"),
        Column("text_1", pa.large_string(), "the first response"),
        Column("text_2", pa.large_string(), "the second"),
        Column("label_kind", pa.string(), "where the label comes from", enum=LABEL_KINDS),
        _share("p", "own label: probability that the first is preferred"),
        Column("p_num", pa.int64(), "numerator of p, where it is a count", nullable=True),
        Column("p_den", pa.int64(), "its denominator", nullable=True),
        Column("n_raters_1", pa.int32(), "ratings of the first response", nullable=True),
        Column("n_raters_2", pa.int32(), "ratings of the second", nullable=True),
        _share("p_half_a", "label by one half of the raters", nullable=True),
        _share("p_half_b", "label by the other half", nullable=True),
        Column("swapped", pa.bool_(), "the source had the responses the other way round"),
        Column("n_words_1", pa.int32(), "length of the first response", "words", minimum=1),
        Column("n_words_2", pa.int32(), "length of the second", "words", minimum=1),
    ),
)

ITEMS = Table(
    name="soft_labels.items",
    version="1.0.0",
    key=("set", "item_id"),
    doc="One row per response of a set whose worth is known apart from pairs.",
    columns=(
        _SET,
        Column("item_id", pa.string(), "identity in its source"),
        _SPLIT,
        Column("text", pa.large_string(), "the response"),
        Column("text_sha256", pa.string(), "hash of the normalised text", pattern=_SHA256),
        Column("ratings", pa.list_(pa.float64()), "single ratings, -4 to 4; empty where none"),
        Column("worth", pa.float64(), "mean rating, or reward of the known preference model"),
    ),
)

JUDGEMENTS = Table(
    name="soft_labels.judgements",
    version="1.0.0",
    key=("pair_id", "judge", "wording", "order"),
    doc="One row per pair, judge, wording and order; both orders are always there.",
    columns=(
        _PAIR,
        _SET,
        _SPLIT,
        Column("judge", pa.string(), "name of the judge"),
        Column("model", pa.string(), "its model string"),
        Column("wording", pa.string(), "name of the wording"),
        Column("order", pa.string(), "12: first response shown first; 21: second", enum=ORDERS),
        Column(
            "logprob_shown_first", pa.float64(), "log P of the first answer", "nats", nullable=True
        ),
        Column(
            "logprob_shown_second",
            pa.float64(),
            "log P of the second answer",
            "nats",
            nullable=True,
        ),
        _share("p_1", "P(first response preferred)", nullable=True),
        Column(
            "mass",
            pa.float64(),
            "probability of both answers together",
            nullable=True,
            minimum=0,
            maximum=1.000001,
        ),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no judgement", nullable=True),
        Column("prompt_sha256", pa.string(), "hash of the prompt", pattern=_SHA256),
        Column("prompt_tokens", pa.int32(), "length", "tokens", nullable=True, minimum=0),
    ),
)

REFERENCE = Table(
    name="soft_labels.reference",
    version="1.0.0",
    key=("pair_id",),
    doc="One row per pair: log-probabilities of both responses under the policy before training.",
    columns=(
        _PAIR,
        Column("logp_1", pa.float64(), "log P(first response, end | prompt)", "nats"),
        Column("logp_2", pa.float64(), "log P(second response, end | prompt)", "nats"),
        Column("n_tokens_1", pa.int32(), "first response with its end", "tokens", minimum=1),
        Column("n_tokens_2", pa.int32(), "second response with its end", "tokens", minimum=1),
        Column("n_prompt_tokens", pa.int32(), "prompt", "tokens", minimum=1),
        Column("policy_sha256", pa.string(), "fingerprint of the policy", pattern=_SHA256),
    ),
)

TRAINING = Table(
    name="soft_labels.training",
    version="1.0.0",
    key=("run", "step"),
    doc="One row per run and step: the loss, and dev pairs where they were measured.",
    columns=(
        _RUN,
        Column("run_id", pa.string(), "the run without its seed"),
        Column("seed", pa.int32(), "0-based repeat", minimum=0),
        _SET,
        Column("method", pa.string(), "the loss"),
        Column("labels", pa.string(), "whose labels"),
        Column("beta", pa.float64(), "of the loss"),
        Column("step", pa.int32(), "steps done before this row was measured", minimum=0),
        Column(
            "loss", pa.float64(), "mean loss of the batch; null after the last step", nullable=True
        ),
        Column("factor", pa.float64(), "mean |weight| of the batch's pairs", nullable=True),
        Column("grad_norm", pa.float64(), "before clipping", nullable=True),
        Column("tokens", pa.int64(), "tokens of the batch, no padding", nullable=True),
        Column("dev_accuracy", pa.float64(), "share of dev pairs ordered right", nullable=True),
        Column("dev_margin", pa.float64(), "mean beta u of dev pairs", nullable=True),
        Column("dev_absolute_u", pa.float64(), "mean |u| of dev pairs", "nats", nullable=True),
        Column("dev_near_tie_u", pa.float64(), "largest |u| with p < .6", "nats", nullable=True),
        Column("dev_logratio_1", pa.float64(), "mean log-ratio, preferred", "nats", nullable=True),
        Column("dev_logratio_2", pa.float64(), "mean log-ratio, other", "nats", nullable=True),
        Column("dev_brier", pa.float64(), "mean (sigma(beta u) - p)^2", nullable=True),
        Column(
            "train_gap", pa.float64(), "mean |sigma(beta u) - p|, training pairs", nullable=True
        ),
        Column("train_margin", pa.float64(), "mean beta u, training pairs", nullable=True),
    ),
)

PAIR_SCORES = Table(
    name="soft_labels.pair_scores",
    version="1.0.0",
    key=("run", "pair_id"),
    doc="One row per run and held-out pair of its set: what the trained policy prefers.",
    columns=(
        _RUN,
        Column("run_id", pa.string(), "the run without its seed"),
        Column("seed", pa.int32(), "0-based repeat", minimum=0),
        Column("method", pa.string(), "the loss"),
        Column("labels", pa.string(), "whose labels it was trained on"),
        Column("beta", pa.float64(), "of the loss"),
        _PAIR,
        _SET,
        _share("p", "the pair's own label"),
        Column("logratio_1", pa.float64(), "log pi - log reference, first response", "nats"),
        Column("logratio_2", pa.float64(), "log pi - log reference, second response", "nats"),
        Column("u", pa.float64(), "difference of the log-ratios", "nats"),
        Column("h", pa.float64(), "beta u: log-odds of the implied preference"),
    ),
)

SAMPLES = Table(
    name="soft_labels.samples",
    version="1.0.0",
    key=("run", "set", "prompt_id"),
    doc="One row per policy and beginning: what it wrote. The reference writes twice.",
    columns=(
        _RUN,
        Column("run_id", pa.string(), "the run without its seed; `reference`, `reference_again`"),
        Column("seed", pa.int32(), "0-based repeat", minimum=0),
        _SET,
        Column("prompt_id", pa.string(), "SHA-256 of the whole prompt", pattern=_SHA256),
        Column("beginning", pa.large_string(), "words that were given"),
        Column("text", pa.large_string(), "beginning and continuation", nullable=True),
        Column("n_tokens", pa.int32(), "tokens written", "tokens", nullable=True, minimum=0),
        Column("n_words", pa.int32(), "words of the text", "words", nullable=True, minimum=0),
        Column(
            "logp_policy", pa.float64(), "log P(continuation), own policy", "nats", nullable=True
        ),
        Column(
            "logp_reference", pa.float64(), "log P(continuation), reference", "nats", nullable=True
        ),
        Column("reward", pa.float64(), "reward learned from ratings", nullable=True),
        Column("reward_known", pa.float64(), "reward of the known model", nullable=True),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no text", nullable=True),
    ),
)

COMPARISONS = Table(
    name="soft_labels.comparisons",
    version="1.0.0",
    key=("judge", "set", "run_a", "run_b", "prompt_id"),
    doc="One row per judge, two policies and beginning: whose continuation is preferred.",
    columns=(
        Column("judge", pa.string(), "a judge's name, `learned` (from ratings) or `known`"),
        _SET,
        Column("run_a", pa.string(), "a run"),
        Column("run_b", pa.string(), "another one, or the reference"),
        Column("prompt_id", pa.string(), "the beginning", pattern=_SHA256),
        _share("p_12", "P(a preferred), a shown first", nullable=True),
        _share("p_21", "P(a preferred), b shown first", nullable=True),
        _share("p_a", "their mean over orders and wordings", nullable=True),
        Column("n_words_a", pa.int32(), "length of a's text", "words", nullable=True),
        Column("n_words_b", pa.int32(), "length of b's text", "words", nullable=True),
        Column("status", pa.string(), "what became of the calls", enum=STATUSES),
        Column("reason", pa.string(), "why there is no preference", nullable=True),
    ),
)

JUDGE_QUALITY = Table(
    name="soft_labels.judge_quality",
    version="1.0.0",
    key=("judge", "pair_id"),
    doc="One row per instrument that compares policies and held-out pair: what it says of it.",
    columns=(
        Column("judge", pa.string(), "`learned` or `known`"),
        _PAIR,
        _SET,
        _share("p", "the pair's own label"),
        _share("p_1", "P(first preferred) by the instrument"),
    ),
)

BANDIT = Table(
    name="soft_labels.bandit",
    version="1.0.0",
    key=("temperature", "beta", "method", "step"),
    doc="One row per setting, loss and step of the exact bandit.",
    columns=(
        Column("temperature", pa.string(), "of the preferences"),
        Column("beta", pa.string(), "of the loss"),
        Column("method", pa.string(), "the loss"),
        Column("step", pa.int32(), "steps done", minimum=0),
        Column("mean_reward", pa.float64(), "expected reward"),
        Column("mode", pa.float64(), "place of the likeliest action"),
        _share("high", "probability of the high hill"),
        _share("total_variation", "distance to the policy that reproduces the labels"),
        Column("policy", pa.list_(pa.float64()), "(100,) probabilities of the actions"),
    ),
)
