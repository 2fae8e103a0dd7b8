"""Tables, each declared once."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import SHA256, Column, Table
from schemas.elastictok.params import SEARCHES, SPLITS

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
        Column("source_sha256", pa.string(), "hash of the file or recipe", pattern=SHA256),
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
               pattern=SHA256),
        *_CLIP,
        Column("split", pa.string(), "what it is used for", enum=SPLITS),
        Column("source_sha256", pa.string(), "hash of the file or recipe", pattern=SHA256),
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

NEAR = Table(
    name="elastictok.near",
    version="1.0.0",
    key=("split", "clip_id"),
    doc="One row per split that is not trained on and clip: its near copies of training frames.",
    columns=(
        *_CLIP,
        Column("split", pa.string(), "the split", enum=SPLITS[1:]),
        Column("frames", pa.int32(), "different frames", minimum=1),
        Column("near_frames", pa.int32(), "of them near copies of a training frame of the source",
               minimum=0),
        Column("median_rms", pa.float64(), "median over frames of the root mean squared difference "
               "to the nearest, 0..1; null where nothing of the source is trained on",
               nullable=True, minimum=0),
        Column("near", pa.bool_(), "whether the clip is a near copy"),
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

REGRESSION = Table(
    name="elastictok.regression",
    version="1.0.0",
    key=("model", "level"),
    doc="One row per elastic model and threshold: what its regression learned of its own blocks.",
    columns=(
        Column("model", pa.string(), "name of the model"),
        Column("level", pa.int32(), "percentile of the blocks' errors that is the threshold",
               minimum=0, maximum=100),
        Column("limit", pa.float64(), "the threshold's error", minimum=0),
        Column("blocks", pa.int32(), "training blocks whose curves were measured", minimum=1),
        Column("true_tokens", pa.float64(), "mean tokens that their curves ask for", minimum=0),
        Column("predicted_tokens", pa.float64(), "mean tokens predicted", minimum=0),
        Column("loss", pa.float64(), "mean pinball loss of the prediction, in tokens", minimum=0),
        Column("constant_loss", pa.float64(), "that of the best constant for this threshold",
               minimum=0),
    ),
)  # fmt: skip

_BLOCK = (
    Column("model", pa.string(), "name of the model"),
    Column("sample_id", pa.string(), "the sequence", pattern=SHA256),
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
