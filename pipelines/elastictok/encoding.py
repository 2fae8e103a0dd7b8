"""A video of one's own through a trained tokenizer: codes, reconstruction, and what they cost."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand import rows as user_rows
from measurand import shards
from measurand.errors import InputError
from measurand.manifest import Source, write_text
from measurand.progress import Progress
from pipelines.elastictok import measures, numbered, searches, video
from pipelines.elastictok.codecs import REPEATABLE
from pipelines.elastictok.coding import Coded
from pipelines.elastictok.frames import Frames, Writer, runs
from pipelines.elastictok.measuring import Subject
from pipelines.elastictok.searches import Search
from schemas.elastictok.params import Fsq, Params
from schemas.elastictok.tables import ENCODED

CHUNK = 16
"""Sequences that are coded side by side."""
OWNER = "encode.json"
"""What the folder was made for."""
SMALLEST = 256
"""Least side of the reconstruction as a video, pixels; small frames are enlarged by a whole."""

Pixels = npt.NDArray[np.uint8]
Row = dict[str, Any]


def encode(
    params: Params,
    checkpoint: Path,
    model: str,
    path: Path,
    threshold: float,
    out: Path,
    licence: str = "unknown",
) -> list[Row]:
    """Write ``codes`` (a dataset) and ``reconstruction.mp4`` below ``out``.

    An interrupted run leaves ``encode.json``, which says what was asked for; the same is then done
    again. Blocks are coded with binary search, in sequences as long as those of the training; what
    is left at the end and makes no block is dropped, as are blocks with a frame that does not
    decode.

    Args:
        params: parameters of the checkpoint.
        checkpoint: its folder.
        model: name of an elastic model.
        path: a video.
        threshold: mean squared error of pixels in -1..1 that blocks should stay under.
        out: a new or empty folder, or one of the same video, model and threshold.
        licence: of the video, for the manifest.

    Returns:
        Rows of ``elastictok.encoded``, each with ``source_frame`` and ``coded_frame``, the middle
        frames (size, size, 3).

    Raises:
        InputError: the video cannot be used, the checkpoint is missing or none of an elastic
            model with FSQ, or the folder holds something else.
    """
    if not path.is_file() and not (path.is_dir() and numbered.pictures(path)):
        hint = "give a video, or a folder of numbered pictures"
        why = "it holds other things than numbered pictures" if path.is_dir() else "no such file"
        raise InputError(f"{path}: {why}", hint=hint)
    digest = user_rows.digest(path)
    asked = {"sha256": digest, "threshold": threshold, "model": model, "licence": licence}
    _refuse_others(out, asked)
    subject = Subject(params, model, checkpoint)
    if not subject.spec.elastic or not isinstance(subject.coder.size.bottleneck, Fsq):
        raise InputError(
            f"{model} gives no codes for a threshold", hint="name an elastic model with FSQ"
        )
    about, pixels = decode(path, params)
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / OWNER, json.dumps(asked, indent=1, sort_keys=True) + "\n")
    rows: list[Row] = []
    shown: list[Pixels] = []
    total = sum((end - first) // params.build.block_frames for first, end in _runs(about))
    with Progress("encode", total, "blocks") as progress:
        for start, coded, frames in _coded(subject, about, pixels, threshold):
            rows += _rows(start, coded, frames, about, params, len(rows))
            back = np.rint((coded.frames + 1) * 127.5).clip(0, 255).astype(np.uint8)
            shown.append(back.reshape(-1, *back.shape[2:]))
            progress.advance(sum(map(len, coded.found)))
    source = Source(path.name, "a file of the user", licence, digest)
    settings = {
        "threshold": threshold,
        "model": model,
        "train": params.train.model_dump(mode="json"),
    }
    columns = {c.name: [row[c.name] for row in rows] for c in ENCODED.columns}
    shards.write_dataset(
        out / "codes", ENCODED, ENCODED.from_columns(columns), params=settings, sources=[source]
    )
    film = out / "reconstruction.mp4"
    part = film.with_name(f".{film.stem}.tmp.mp4")
    try:
        write_video(part, np.concatenate(shown), about.fps)
        os.replace(part, film)
    finally:
        part.unlink(missing_ok=True)
    return rows


def _refuse_others(out: Path, asked: Row) -> None:
    """Refuse a folder that holds anything but an earlier run of the same."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    try:
        known = json.loads((out / OWNER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{out} is not empty", hint="give a new folder") from None
    if known != asked:
        raise InputError(
            f"{out} holds another video, model, threshold or licence", hint="give a new folder"
        )


def decode(path: Path, params: Params) -> tuple[Frames, Pixels]:
    """Frames of a video at the size and rate of the parameters.

    Raises:
        BrokenClipError: nothing of it can be used.
        InputError: it is shorter than a block.
    """
    size = params.build.size
    with tempfile.TemporaryFile() as file:
        make = numbered.make if path.is_dir() else video.make
        about = make({"path": str(path), "member": None}, params.build, Writer(file, size))
        file.seek(0)
        pixels = np.fromfile(file, np.uint8).reshape(-1, size, size, 3)
    if all(end - first < params.build.block_frames for first, end in _runs(about)):
        raise InputError(
            f"{path}: {len(pixels)} frames at {about.fps:g} a second make no block",
            hint=f"a block is {params.build.block_frames} frames",
        )
    return about, pixels


def _runs(about: Frames) -> Iterator[tuple[int, int]]:
    return runs(about.index, about.stride)


def _coded(
    subject: Subject, about: Frames, pixels: Pixels, threshold: float
) -> Iterator[tuple[int, Coded, Pixels]]:
    """(first frame, what was coded, frames (S, T, ...)) of sequences, in order of time."""
    per_block, most = subject.params.build.block_frames, subject.params.build.blocks

    def make(s: int, block: int) -> Search:
        return searches.binary(subject.span, threshold)

    for first, end in _runs(about):
        blocks = (end - first) // per_block
        whole = blocks // most
        parts = [(at, min(CHUNK, whole - at), most) for at in range(0, whole, CHUNK)]
        parts += [(whole, 1, blocks % most)] if blocks % most else []
        for at, count, length in parts:
            start = first + at * most * per_block
            stop = start + count * length * per_block
            frames = pixels[start:stop].reshape(count, length * per_block, *pixels.shape[1:])
            segments = np.zeros((count, length), np.int64)
            yield start, subject.coder.code(frames, segments, make), frames


def _rows(
    start: int, coded: Coded, frames: Pixels, about: Frames, params: Params, done: int
) -> Iterator[Row]:
    per_block = params.build.block_frames
    length = frames.shape[1] // per_block
    for s, found in enumerate(coded.found):
        motion = measures.motion(frames[s], per_block, [0] * length)
        for block, result in enumerate(found):
            at, middle = s * length + block, block * per_block + per_block // 2
            back = np.rint((coded.frames[s, middle] + 1) * 127.5).clip(0, 255)
            yield {
                "block": done + at,
                "first_frame": about.index[start + at * per_block],
                "stride": about.stride,
                "n_tokens": result.n,
                "n_evals": result.evaluations,
                "mse": result.error,
                "feasible": result.feasible,
                "motion": motion[block],
                "codes": coded.codes[s, block],
                "source_frame": frames[s, middle],
                "coded_frame": back.astype(np.uint8),
            }


def write_video(path: Path, frames: Pixels, fps: float) -> None:
    """Frames (T, size, size, 3) as an H.264 file that any player shows; small ones enlarged."""
    import av

    factor = -(-SMALLEST // frames.shape[1])
    side = frames.shape[1] * factor // 2 * 2
    with av.open(str(path), "w") as container:
        rate = Fraction(fps).limit_denominator(1000)
        options = {"crf": "12", "x264-params": REPEATABLE}
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = side, side, "yuv420p"
        for frame in frames:
            large = frame.repeat(factor, 0).repeat(factor, 1)[:side, :side]
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(large), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
