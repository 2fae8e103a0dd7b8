"""Build the personality dataset: instruments, scales, profiles, and one prompt a question.

Only profile ids go into the pipeline; a step makes the prompts of a shard's profiles and writes
them, so that the paper's 1.7 million questions are never in one place. A profile lies whole in one
shard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from measurand import beam, project
from measurand.errors import ParamsError
from measurand.manifest import Source, file_sha256, read_manifest
from measurand.shards import write_dataset
from pipelines.personality import instruments
from pipelines.personality.instruments import PRIVATE
from pipelines.personality.profiles import Block, Profile, plan
from pipelines.personality.profiles import instruments as needed
from pipelines.personality.prompts import expand, profile_table, questions
from pipelines.personality.wording import HERE
from schemas.personality.params import DOMAINS, Build, Params
from schemas.personality.tables import INSTRUMENTS, PROFILES, PROMPTS, SCALES

TEXTS = (
    ("biographies.csv", "50 biographies written for this project", "Apache-2.0"),
    ("trait_adjectives.csv", "52 antonym pairs, arXiv 2307.00184", "CC-BY-4.0"),
)


def build(
    params: Params,
    out: Path,
    runner: str,
    argv: Sequence[str] = (),
    *,
    journal: Path | None = None,
) -> None:
    """Write ``instruments``, ``scales``, ``profiles`` and ``prompts`` below ``out``.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`.
        argv: further Beam options.
        journal: folder of the model calls of builds; this one makes none.

    Raises:
        ParamsError: an instrument is not known, or is not the form that it is used as.
        InputError: a private instrument file does not fit.
        ConservationError: a question was neither written nor rejected.
    """
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    names = needed(params.build)
    items, scales = instruments.load(names, private_folder())
    _check_forms(params.build)
    settings = params.build.model_dump(mode="json")
    origin = instruments.sources(names)
    profiles = plan(params.build)
    write_dataset(out / "instruments", INSTRUMENTS, items, params=settings, sources=origin)
    write_dataset(out / "scales", SCALES, scales, params=settings, sources=origin)
    frames = profile_table(list(profiles), params.build.adjectives)
    write_dataset(out / "profiles", PROFILES, frames, params=settings, sources=_texts())

    folder, n_shards = out / "prompts", params.build.n_shards
    ask = Ask(params.build.model_dump_json(), beam.to_ipc(items))
    keys = [p.id for p in profiles]
    with beam.pipeline(runner, argv) as pipeline:
        sink = beam.make_shards(pipeline, keys, PROMPTS, folder, n_shards, ask, one_row=False)
    sink.finish(
        parents={
            name: read_manifest(out / name).logical_hash for name in ("instruments", "profiles")
        },
        params=settings,
        sources=[*origin, *_texts()],
        rows_in=sum(expected_questions(params.build, items).values()),
    )


def expected_questions(settings: Build, items: pa.Table) -> dict[str, int]:
    """Questions of each experiment by multiplication: what the pipeline is held to.

    Args:
        settings: the build section.
        items: a table INSTRUMENTS.
    """
    sizes = {
        row["values"]: row["counts"] for row in items["instrument_id"].value_counts().to_pylist()
    }
    v, r = settings.validity, settings.reversed_options
    frames = v.n_bios * len(v.instructions) * len(v.postambles)
    found = {"validity": frames * sum(sizes[name] for name in v.instruments)}
    if (s := settings.single) is not None:
        found["single"] = len(s.traits) * len(s.levels) * s.n_bios * sizes[s.instrument]
    if (c := settings.concurrent) is not None:
        rows = {"full": 32, "half": 16, "quarter": 8}[c.design]
        found["concurrent"] = rows * c.n_bios * sizes[c.instrument]
    if r is not None:
        found["reversed_options"] = r.n_bios * min(r.n_items, sizes[r.instrument])
    if (trial := settings.cue) is not None:
        found["cue"] = trial.n_bios * min(trial.n_items, sizes[trial.instrument])
    return found


class Ask:
    """Makes the prompts of profiles; see :data:`measurand.beam.Make`.

    Args:
        settings: the build section as JSON.
        items: a table INSTRUMENTS as Arrow IPC bytes; workers need not hold private texts.
    """

    def __init__(self, settings: str, items: bytes) -> None:
        self._settings = settings
        self._items = items

    @cached_property
    def _read(self) -> tuple[Build, dict[str, tuple[Profile, list[Block]]], list[dict[str, Any]]]:
        """Once a worker: parameters, what is asked under each profile, items."""
        build = Build.model_validate_json(self._settings)
        known = {p.id: (p, blocks) for p, blocks in plan(build).items()}
        return build, known, beam.from_ipc(self._items).to_pylist()

    def __call__(self, keys: list[str]) -> Iterator[tuple[pa.Table, pa.Table]]:
        """A table PROMPTS and a table REJECTED, the questions that cannot be asked, a profile."""
        build, known, items = self._read
        for key in keys:
            profile, blocks = known[key]
            beam.count(PROMPTS, "rows_in", sum(1 for _ in questions(blocks, items, build.seed)))
            yield expand(profile, blocks, items, build)


def private_folder() -> Path:
    """Where the user's own copies of copyrighted texts lie."""
    return project.root_or_here() / PRIVATE


def _check_forms(settings: Build) -> None:
    shaped = [s.instrument for s in (settings.single, settings.concurrent) if s is not None]
    for name in (settings.validity.first_form, settings.validity.second_form, *shaped):
        measured = {scale.domain for scale in instruments.instrument(name).scales.values()}
        if measured != set(DOMAINS):
            raise ParamsError(
                f"{name} does not measure the five domains",
                hint="forms and shaped instruments are Big Five questionnaires",
            )


def _texts() -> list[Source]:
    return [
        Source(name, f"pipelines/personality/{path}", licence, file_sha256(HERE / path))
        for path, name, licence in TEXTS
    ]
