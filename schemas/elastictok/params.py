"""Parameters: `params/elastictok.yaml`."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from measurand.params import Strict
from schemas.elastictok.sources import Name, SourceSpec

SEED = 20260101
SPLITS = ("train", "validation", "test_clip", "test_time")
"""``test_clip``: clips that are nowhere else; ``test_time``: the ends of clips of ``train``."""
Search = Literal["full", "binned", "binary", "regression"]
SEARCHES: tuple[Search, ...] = ("full", "binned", "binary", "regression")
CODECS = ("jpeg", "h264")
UNTRAINED = "untrained"
"""Model of ``evaluate.models`` with the first model's sizes and its weights before training."""


class Build(Strict):
    """What the dataset holds.

    Attributes:
        sources: where frames come from; ``{folder: PATH}`` alone is a folder of one's own.
        size: height and width of a frame, in pixels; shorter side resized to it, centre cropped.
        fps: frames a second to come down to, by a whole stride; slower clips stay as they are.
        block_frames: frames of a block.
        blocks: blocks of a sequence.
        hop: frames from one training window to the next; those of other splits never overlap.
        test_share: share of the clips of a source for ``test_clip``.
        validation_share: share for ``validation``.
        later_share: last part of a training clip, for ``test_time``; a gap of one window is left.
        cut_distance: distance of grey histograms (0..1) from which two frames are a cut, where
            cuts are not known.
        near_rms: root mean squared difference of pixels (0..1) up to which a frame is a near copy
            of a training frame.
        near_share: share of a clip's frames above which, near copies, the clip is one.
        n_shards: Parquet files of the windows.
        seed: of splits, games, crops and scenes.
    """

    sources: tuple[SourceSpec, ...] = Field(min_length=1)
    size: int = Field(default=32, ge=8, le=1024)
    fps: float = Field(default=15.0, gt=0)
    block_frames: int = Field(default=4, ge=1, le=64)
    blocks: int = Field(default=2, ge=1, le=64)
    hop: int = Field(default=4, ge=1)
    test_share: float = Field(default=0.2, ge=0, le=0.8)
    validation_share: float = Field(default=0.15, ge=0, le=0.8)
    later_share: float = Field(default=0.2, ge=0, le=0.8)
    cut_distance: float = Field(default=0.35, gt=0, le=1)
    near_rms: float = Field(default=0.01, ge=0, le=1)
    near_share: float = Field(default=0.5, ge=0, le=1)
    n_shards: int = Field(default=4, ge=1, le=9999)
    seed: int = Field(default=SEED, ge=0)

    @property
    def window(self) -> int:
        """Frames of a sequence."""
        return self.block_frames * self.blocks

    @model_validator(mode="after")
    def _some_is_left(self) -> Self:
        if self.test_share + self.validation_share >= 1:
            raise ValueError("test_share and validation_share leave no clips to train on")
        return self


class Fsq(Strict):
    """Finite scalar quantization: one token is one of prod(levels) codes."""

    kind: Literal["fsq"]
    levels: tuple[int, ...] = Field(min_length=1, max_length=16)

    @model_validator(mode="after")
    def _levels(self) -> Self:
        if min(self.levels) < 2 or math.prod(self.levels) > 2**31 - 1:
            raise ValueError("levels: 2 or more each, and a product that fits 32 bits")
        return self


class Vae(Strict):
    """A Gaussian of ``channels`` numbers a token; the mean is the code.

    Attributes:
        channels: numbers d of a token.
        kl_weight: weight of the Kullback-Leibler term.
    """

    kind: Literal["vae"]
    channels: int = Field(ge=1, le=256)
    kl_weight: float = Field(default=1e-8, ge=0)


class Network(Strict):
    """Sizes of the transformers.

    Attributes:
        width: of the residual stream.
        mlp: of the gated layer between.
        encoder_layers: layers before the bottleneck.
        decoder_layers: layers after it.
        heads: attention heads.
        rope_theta: base of the rotary embedding.
    """

    width: int = Field(ge=8)
    mlp: int = Field(ge=8)
    encoder_layers: int = Field(ge=1)
    decoder_layers: int = Field(ge=1)
    heads: int = Field(ge=1)
    rope_theta: float = Field(default=10_000.0, gt=1)

    @model_validator(mode="after")
    def _even(self) -> Self:
        if self.width % (2 * self.heads):
            raise ValueError("width must be a multiple of twice the heads")
        return self


class TokenizerSpec(Strict):
    """One model to train.

    Attributes:
        name: its name in every table.
        tokens: tokens of every block in training; null draws them from min_tokens..K (elastic).
        law: how an elastic model draws them.
        mask_shown: whether the encoder is told which slots are kept (null for Matryoshka codes,
            whose first n tokens do not depend on n, is false).
        past: whether a block sees earlier blocks.
    """

    name: Name
    tokens: int | None = Field(default=None, ge=1)
    law: Literal["uniform", "log_uniform"] = "uniform"
    mask_shown: bool = True
    past: bool = True

    @property
    def elastic(self) -> bool:
        """Whether its number of tokens is drawn."""
        return self.tokens is None


class Optimiser(Strict):
    """AdamW.

    Attributes:
        steps: steps of every model.
        batch: sequences a step.
        lr: highest learning rate.
        warmup: steps of its linear rise.
        schedule: what follows: a cosine to zero, or the same rate.
        weight_decay: decoupled weight decay.
        clip: largest norm of the gradient.
    """

    steps: int = Field(ge=1)
    batch: int = Field(ge=1)
    lr: float = Field(gt=0)
    warmup: int = Field(default=0, ge=0)
    schedule: Literal["cosine", "constant"] = "cosine"
    weight_decay: float = Field(default=1e-4, ge=0)
    clip: float = Field(default=1.0, gt=0)


class Head(Strict):
    """The regression of the number of tokens, trained after an elastic model.

    Attributes:
        sequences: training sequences whose error curves are measured.
        budgets: numbers of tokens on each of those curves.
        width: of its hidden layer.
        steps: steps of AdamW.
        batch: blocks a step.
        lr: learning rate.
        quantile: of the number of tokens that it predicts; more misses fewer thresholds.
    """

    sequences: int = Field(default=128, ge=8)
    budgets: int = Field(default=16, ge=4)
    width: int = Field(default=64, ge=8)
    steps: int = Field(default=400, ge=1)
    batch: int = Field(default=256, ge=8)
    lr: float = Field(default=2e-3, gt=0)
    quantile: float = Field(default=0.5, gt=0, lt=1)


class Train(Strict):
    """How tokenizers are trained.

    Attributes:
        patch: frames, rows and columns of a patch; a block has as many slots K as patches.
        min_tokens: fewest tokens of a block.
        network: sizes.
        bottleneck: what a token is.
        models: the models; all see the same batches.
        optimiser: steps and rates.
        head: regression of the number of tokens, for elastic models.
        flip: mirror half of the sequences.
        device: ``auto`` takes a GPU where there is one.
        precision: of activations; weights and optimizer are float32.
        compile: whether ``torch.compile`` is used.
        processes: models trained at the same time, one core each; 1 on a GPU.
        save_every: steps between checkpoints.
        repeats: trainings of every model, each with a seed of its own; figures are then means over
            them, and their intervals those of the method.
        seed: of weights, batches, masks and noise.
    """

    patch: tuple[int, int, int] = (4, 4, 4)
    min_tokens: int = Field(ge=1)
    network: Network
    bottleneck: Annotated[Fsq | Vae, Field(discriminator="kind")]
    models: tuple[TokenizerSpec, ...] = Field(min_length=1)
    optimiser: Optimiser
    head: Head = Head()
    flip: bool = True
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False
    processes: int = Field(default=1, ge=1, le=64)
    save_every: int = Field(default=200, ge=1)
    repeats: int = Field(default=1, ge=1, le=100)
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [m.name for m in self.models]
        if len(set(names)) != len(names) or set(names) & {UNTRAINED, *CODECS}:
            raise ValueError("models: a name twice, or one that is reserved")
        return self


class Threshold(Strict):
    """An error that blocks should stay under: a number, or taken from the validation split.

    A number is the same for every training. What a training reached moves with it, and figures at
    such a threshold move twice.

    Attributes:
        name: its name in tables.
        error: mean squared error of pixels on the scale -1..1.
        tokens: share of K at which the error of the first elastic model is looked at.
        quantile: of the blocks' errors there.
    """

    name: Name
    error: float | None = Field(default=None, gt=0)
    tokens: float | None = Field(default=None, gt=0, le=1)
    quantile: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        looked = [self.tokens is not None, self.quantile is not None]
        if any(looked) == (self.error is not None) or any(looked) != all(looked):
            raise ValueError("thresholds: give error, or tokens and quantile")
        return self


THRESHOLDS = (
    Threshold(name="strict", error=0.035),
    Threshold(name="middle", error=0.05),
    Threshold(name="loose", error=0.1),
)


class Evaluate(Strict):
    """What is measured.

    Attributes:
        models: names of ``train.models``, ``untrained``, ``jpeg``, ``h264``; null for all.
        thresholds: the thresholds.
        budgets: shares of K at which every model is measured without a search.
        searches: the searches; ``full`` is what others are compared with.
        bins: numbers of tokens that the binned search tries.
        default_share: share of K that a block gets where no number of tokens reaches the threshold.
        max_share: largest share of K that a search may use.
        sequences: most sequences of a split, spread evenly over its clips.
        batch: blocks a forward pass.
        noise_blocks: blocks of white noise for the control.
        strips: clips that are coded from end to end for a filmstrip with its token trace.
        processes: parts that are measured at the same time, one core each; 1 on a GPU.
    """

    models: tuple[Name, ...] | None = None
    thresholds: tuple[Threshold, ...] = Field(default=THRESHOLDS, min_length=1)
    budgets: tuple[float, ...] = (0.0625, 0.125, 0.25, 0.5, 0.75, 1.0)
    searches: tuple[Search, ...] = SEARCHES
    bins: int = Field(default=100, ge=2)
    default_share: float = Field(default=1.0, gt=0, le=1)
    max_share: float = Field(default=1.0, gt=0, le=1)
    sequences: int = Field(default=120, ge=1)
    batch: int = Field(default=256, ge=1)
    noise_blocks: int = Field(default=16, ge=0)
    strips: int = Field(default=3, ge=0, le=12)
    processes: int = Field(default=1, ge=1, le=64)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if len({t.name for t in self.thresholds}) != len(self.thresholds):
            raise ValueError("thresholds: the same name twice")
        if list(self.budgets) != sorted(set(self.budgets)) or self.budgets[-1] != 1.0:
            raise ValueError("budgets must ascend and end with 1.0")
        if "binary" not in self.searches:
            raise ValueError("searches: binary is the one that the figures are made of")
        return self


class Headline(Strict):
    """Where the saving that opens the report is read: named beforehand, whatever comes out.

    Attributes:
        threshold: a name of ``evaluate.thresholds``.
        against: a model of ``train.models`` with a number of tokens of its own.
    """

    threshold: Name
    against: Name


class Report(Strict):
    """How figures are made.

    Attributes:
        headline: the saving that opens the report; null for none.
        resamples: bootstrap resamples, over clips.
        seed: of the resampling.
    """

    headline: Headline | None = None
    resamples: int = Field(default=2000, ge=100)
    seed: int = Field(default=SEED, ge=0)


class Params(Strict):
    """Everything that can be set, one section a stage."""

    build: Build
    train: Train
    evaluate: Evaluate = Evaluate()
    report: Report = Report()

    @property
    def slots(self) -> int:
        """K, the most tokens of a block."""
        pt, ph, pw = self.train.patch
        return (self.build.block_frames // pt) * (self.build.size // ph) * (self.build.size // pw)

    @property
    def elastic(self) -> TokenizerSpec:
        """The elastic model that thresholds come from: the first one."""
        return next(m for m in self.train.models if m.elastic)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        pt, ph, pw = self.train.patch
        size = self.build.size
        if self.build.block_frames % pt or size % ph or size % pw:
            raise ValueError("train.patch must divide build.block_frames and build.size")
        most = self.slots
        if self.train.min_tokens > most:
            raise ValueError(f"train.min_tokens is above K = {most}")
        if bad := [m.name for m in self.train.models if (m.tokens or 0) > most]:
            raise ValueError(f"train.models: more tokens than K = {most}: {', '.join(bad)}")
        if not any(m.elastic for m in self.train.models):
            raise ValueError("train.models: one must be elastic, for thresholds and searches")
        if (told := self.report.headline) is not None:
            fixed = [m.name for m in self.train.models if m.tokens is not None]
            if told.threshold not in [t.name for t in self.evaluate.thresholds]:
                raise ValueError(f"report.headline: no threshold {told.threshold}")
            if told.against not in fixed:
                raise ValueError(f"report.headline: no model {told.against} with fixed tokens")
        known = {m.name for m in self.train.models} | {UNTRAINED, *CODECS}
        if unknown := sorted(set(self.evaluate.models or ()) - known):
            raise ValueError(f"evaluate.models: no such model: {', '.join(unknown)}")
        return self
