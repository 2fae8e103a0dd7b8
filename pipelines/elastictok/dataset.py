"""Build the video dataset: clips, sequences of blocks, the search for leaks, a summary.

Clips are decoded in the first pipeline, each once, into the frame cache; the second one cuts
sequences out of it, a shard at a time. No pixel travels between steps, and a build that was killed
goes on with the clips that it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from measurand import beam, project, shards
from measurand.errors import InputError, VerifyError
from measurand.manifest import read_manifest
from measurand.parquet import REJECTED
from pipelines.elastictok import measures
from pipelines.elastictok.clips import Clip, Listing, list_clips
from pipelines.elastictok.decoding import cached
from pipelines.elastictok.frames import BrokenClipError, Frames
from pipelines.elastictok.leaks import search, summarise
from pipelines.elastictok.near import near_copies
from pipelines.elastictok.windows import Window, plan
from schemas.elastictok.params import Build, Params
from schemas.elastictok.tables import BLOCKS, CLIPS, LEAKAGE, NEAR, SUMMARY

PIECE = 256
"""Sequences that are held in memory as a table at a time."""

Row = dict[str, Any]


def build(
    params: Params, out: Path, runner: str, argv: Sequence[str] = (), *, journal: Path
) -> None:
    """Write ``clips``, ``blocks``, ``leakage``, ``near`` and ``summary`` below ``out``.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`.
        argv: further Beam options.
        journal: not used; no model is asked.

    Raises:
        InputError: a folder or package is missing, or nothing can be trained or tested on.
        InfraError: a file cannot be fetched.
        VerifyError: code ``leak``: a test frame is among the training frames.
        ConservationError: a clip or sequence was neither written nor rejected.
    """
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    kept = project.root_or_here() / "data" / "sources"
    cache = (kept / "elastictok").resolve()
    settings = params.build.model_dump(mode="json")
    listing = list_clips(params.build, kept)
    names = [c.clip_id for c in listing.clips] + [name for name, _, _ in listing.rejected]
    with beam.pipeline(runner, argv) as pipeline:
        sink = beam.make_shards(
            pipeline, names, CLIPS, out / "clips", params.build.n_shards,
            Decode(params.build, listing, cache),
        )  # fmt: skip
    sink.finish(params=settings, sources=listing.sources, rows_in=len(names))

    cut = Cut(params.build, listing, cache, (out / "clips").resolve())
    keys = [*cut.windows, *cut.broken]
    _refuse_empty(list(cut.windows.values()))
    with beam.pipeline(runner, argv) as pipeline:
        sink = beam.make_shards(pipeline, keys, BLOCKS, out / "blocks", params.build.n_shards, cut)
    sink.finish(
        parents={"clips": read_manifest(out / "clips").logical_hash},
        params=settings,
        sources=listing.sources,
        rows_in=len(keys),
    )
    _check_and_summarise(params.build, out, settings)


class Decode:
    """Makes the rows of clips; see :data:`measurand.beam.Make`.

    Args:
        build: parameters.
        listing: the clips, and those that cannot be used.
        cache: folder of decoded frames.
    """

    def __init__(self, build: Build, listing: Listing, cache: Path) -> None:
        self._build = build
        self._clips = {c.clip_id: c for c in listing.clips}
        self._rejected = {name: (reason, detail) for name, reason, detail in listing.rejected}
        self._cache = cache

    def __call__(self, keys: list[str]) -> Iterator[tuple[pa.Table, pa.Table]]:
        """One row, or one rejected row, a clip."""
        for key in keys:
            if key in self._rejected:
                yield _nothing(CLIPS), _rejected([(key, *self._rejected[key])])
                continue
            clip = self._clips[key]
            try:
                frames, _ = cached(clip, self._build, self._cache)
            except BrokenClipError as error:
                yield _nothing(CLIPS), _rejected([(key, error.code, str(error))])
                continue
            needed = self._build.blocks if frames.still else self._build.window
            if len(frames.index) < needed:
                why = f"{len(frames.index)} frames after the stride, {needed} make a sequence"
                yield _nothing(CLIPS), _rejected([(key, "too_short", why)])
                continue
            yield _clip_row(clip, frames), _rejected([])


def _clip_row(clip: Clip, frames: Frames) -> pa.Table:
    row: Row = {
        "clip_id": clip.clip_id,
        "source": clip.source,
        "group_id": clip.group,
        "source_sha256": clip.sha256,
        "licence": clip.licence,
        "still": frames.still,
        "stride": frames.stride,
        "fps": frames.fps,
        "width": frames.width,
        "height": frames.height,
        "index": frames.index,
        "frame_hash": frames.hashes,
        "cuts": frames.cuts,
        "objects": frames.objects,
        "speed": frames.speed,
        "broken": [i for i, _ in frames.broken],
        "broken_reasons": [why for _, why in frames.broken],
    }
    return CLIPS.from_columns({name: [value] for name, value in row.items()})


class Cut:
    """Makes the rows of sequences; see :data:`measurand.beam.Make`.

    Args:
        build: parameters.
        listing: the clips.
        cache: folder of decoded frames.
        folder: the dataset of clips.
    """

    def __init__(self, build: Build, listing: Listing, cache: Path, folder: Path) -> None:
        self._build = build
        self._listed = {c.clip_id: c for c in listing.clips}
        self._cache = cache
        self._folder = folder

    def __getstate__(self) -> Row:
        # What can be read or worked out again does not travel.
        own = ("_build", "_listed", "_cache", "_folder")
        return {name: self.__dict__[name] for name in own}

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Rows of the clips by name."""
        return {row["clip_id"]: row for row in shards.read_table(self._folder).to_pylist()}

    @cached_property
    def windows(self) -> dict[str, Window]:
        """Every planned sequence by its id."""
        return {w.sample_id: w for w in plan(list(self.rows.values()), self._build)}

    @cached_property
    def broken(self) -> dict[str, str]:
        """Reason of every frame that did not decode, by ``<clip>#<frame>``."""
        return {
            f"{name}#{frame}": why
            for name, row in self.rows.items()
            for frame, why in zip(row["broken"], row["broken_reasons"], strict=True)
        }

    def __call__(self, keys: list[str]) -> Iterator[tuple[pa.Table, pa.Table]]:
        """One row, or one rejected row, a key."""
        left = [(key, "broken_frame", self.broken[key]) for key in keys if key in self.broken]
        good = []
        for window in (self.windows[key] for key in keys if key in self.windows):
            if window.reason is not None:
                left.append((window.sample_id, window.reason, window.detail))
            else:
                good.append(window)
        yield _nothing(BLOCKS), _rejected(left)
        good.sort(key=lambda w: w.clip_id)
        for start in range(0, len(good), PIECE):
            rows = [self._row(window) for window in good[start : start + PIECE]]
            columns = {c.name: [row[c.name] for row in rows] for c in BLOCKS.columns}
            yield BLOCKS.from_columns(columns), _rejected([])

    def _row(self, window: Window) -> Row:
        build, clip = self._build, self.rows[window.clip_id]
        _, pixels = cached(self._listed[window.clip_id], build, self._cache)
        frames = np.asarray(pixels[window.first : window.first + window.frames])
        segments = [0] * build.blocks
        if clip["still"]:
            frames = np.repeat(frames, build.block_frames, axis=0)
            segments = list(range(build.blocks))
        known = clip["cuts"]
        return {
            "sample_id": window.sample_id,
            "source": clip["source"],
            "clip_id": clip["clip_id"],
            "split": window.split,
            "source_sha256": clip["source_sha256"],
            "licence": clip["licence"],
            "start_frame": clip["index"][window.first],
            "stride": clip["stride"],
            "fps": clip["fps"],
            "frames": frames.tobytes(),
            "shape": list(frames.shape),
            "segments": segments,
            "motion": measures.motion(frames, build.block_frames, segments),
            "spatial_energy": measures.energy(frames, build.block_frames),
            "is_cut": measures.cuts(
                frames,
                build.block_frames,
                segments,
                build.cut_distance,
                None if known is None else [at - window.first for at in known],
            ),
            "gt_objects": self._truth(clip["objects"], window),
            "gt_speed": self._truth(clip["speed"], window),
        }

    def _truth(self, values: list[float] | None, window: Window) -> list[float] | None:
        if values is None:
            return None
        own = np.array(values[window.first : window.first + window.frames])
        return [float(m) for m in own.reshape(self._build.blocks, -1).mean(1)]


def _check_and_summarise(build: Build, out: Path, settings: Row) -> None:
    """Search the sequences that were really written.

    Raises:
        VerifyError: code ``leak``.
    """
    rows = search(out / "blocks", build)
    for row in rows:
        gap = row["smallest_gap"]
        close = row["split"] == "test_time" and gap is not None and gap < row.pop("needed_gap")
        row.pop("needed_gap", None)
        if row["shared_pixels"] or row["shared_times"] or close or row["found"] < row["planted"]:
            raise VerifyError(
                f"frames of {row['split']} in training, or planted ones not found: {row}",
                hint="this is a defect of the build; the dataset must not be used",
                code="leak",
            )
    parents = {"blocks": read_manifest(out / "blocks").logical_hash}
    for name, spec, found in (
        ("leakage", LEAKAGE, rows),
        ("near", NEAR, near_copies(out / "blocks", build)),
        ("summary", SUMMARY, summarise(out / "blocks")),
    ):
        table = spec.from_columns({c.name: [row[c.name] for row in found] for c in spec.columns})
        shards.write_dataset(out / name, spec, table, parents=parents, params=settings)


def _refuse_empty(windows: Sequence[Window]) -> None:
    present = {w.split for w in windows if w.reason is None}
    if missing := [s for s in ("train", "validation", "test_clip") if s not in present]:
        raise InputError(
            f"no sequences for {', '.join(missing)}",
            hint="give more or longer clips (a source needs three for all splits), or a smaller "
            "build.blocks",
        )


def _nothing(spec: Any) -> pa.Table:
    return spec.schema().empty_table()


def _rejected(rows: Sequence[tuple[str, str, str]]) -> pa.Table:
    keys, reasons, details = zip(*rows, strict=True) if rows else ((), (), ())
    return REJECTED.from_columns({"key": keys, "reason": reasons, "detail": details})
