"""Build the datasets of all sources: examples, moves, transitions.

Jobs (a game, an episode, a table) go into the pipeline and come out as rows, each from the seed of
its own name, so that neither order nor workers matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apache_beam

from measurand import beam, runs, shards
from measurand.parquet import rejected_table
from measurand.tables import Table
from pipelines.value_functions import boards, jobs, own_table
from pipelines.value_functions.engine import Engine, locate
from schemas.value_functions.params import SPLITS, Chess, File, Params
from schemas.value_functions.tables import EXAMPLES, MOVES, SOURCES, TRANSITIONS

Row = dict[str, Any]


def build(
    params: Params, out: Path, runner: str, argv: Sequence[str] = (), *, journal: Path
) -> None:
    """Write ``sources``, ``examples``, ``moves`` and ``transitions`` below ``out``.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`.
        argv: further Beam options.
        journal: not used: no model is called.

    Raises:
        CapabilityError: Stockfish, a list of words or a package is not installed.
        InputError: a user's table is missing or cannot be read.
        ParamsError: a source has too few clusters for its splits.
        InfraError: the engine failed.
        ConservationError: rows were lost.
    """
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    given, n_shards = params.build, params.build.n_shards
    # Whatever is not installed is said before hours are spent on the rest.
    _write_sources(params, out / "sources")
    tables = {s.id: own_table.read(s) for s in given.sources if isinstance(s, File)}
    for name, found in tables.items():
        for note in found.notes:
            print(f"build: {name}: {note}", flush=True)
    examples, rejected, origins = jobs.examples(params, tables)
    with beam.pipeline(runner, argv) as pipeline:
        rows = pipeline | "examples" >> apache_beam.Create([_blob(EXAMPLES, examples)])
        bad = pipeline | "unusable" >> apache_beam.Create(_blobs(rejected))
        tabular = beam.to_shards(rows, EXAMPLES, out / "examples", n_shards, "example_id",
                                 rejected=bad)  # fmt: skip
        played = beam.to_shards(
            pipeline
            | "episodes" >> apache_beam.Create(jobs.episodes(params))
            | "spread episodes" >> apache_beam.Reshuffle()
            | "play" >> apache_beam.Map(_played).with_output_types(bytes),
            TRANSITIONS, out / "transitions", n_shards, "episode",
        )  # fmt: skip
        valued = _chess(pipeline, params, out / "moves")
    settings = given.model_dump(mode="json")
    tabular.finish(params=settings, sources=origins)
    played.finish(params=settings)
    valued.finish(params=settings)


def _write_sources(params: Params, folder: Path) -> None:
    rows = []
    for source in params.build.sources:
        about = jobs.about(source, params.build.seed)
        if isinstance(source, Chess):
            engine = Engine(locate())
            about["engine"] = f"{engine.identity()}, {source.nodes} nodes"
            engine.close()
        rows.append({"source": source.id, "kind": source.kind, **about})
    shards.write_dataset(
        folder, SOURCES, runs.table(SOURCES, rows), params=params.build.model_dump(mode="json")
    )


def _blob(table: Table, rows: Sequence[Row]) -> bytes:
    return beam.to_ipc(runs.table(table, rows))


def _blobs(rejected: Sequence[tuple[str, str, str]]) -> list[bytes]:
    return [beam.to_ipc(rejected_table(rejected))] if rejected else []


def _played(job: jobs.Episode) -> bytes:
    return _blob(TRANSITIONS, jobs.play(job))


def _chess(pipeline: apache_beam.Pipeline, params: Params, out: Path) -> beam.Sink:
    """Games, positions that occur once, their moves with values."""
    once = (
        pipeline
        | "games" >> apache_beam.Create(jobs.games(params))
        | "spread games" >> apache_beam.Reshuffle()
        | "play games" >> apache_beam.ParDo(_Games())
        | "same positions" >> apache_beam.GroupByKey()
        | "keep one" >> apache_beam.FlatMap(_first).with_outputs("again", main="kept")
    )
    moves = (
        once.kept
        | "spread positions" >> apache_beam.Reshuffle()
        | "annotate" >> apache_beam.ParDo(_Annotate()).with_output_types(bytes)
    )
    again = once.again | "as rejected" >> apache_beam.Map(_again).with_output_types(bytes)
    return beam.to_shards(moves, MOVES, out, params.build.n_shards, "position_id", rejected=again)


class _WithEngine(apache_beam.DoFn):  # type: ignore[misc]
    """One engine a worker."""

    def setup(self) -> None:
        self._engine: Engine | None = None

    def engine(self) -> Engine:
        """Started when it is needed."""
        if self._engine is None:
            self._engine = Engine(locate())
        return self._engine

    def teardown(self) -> None:
        if self._engine is not None:
            self._engine.close()
        self._engine = None


class _Games(_WithEngine):
    def process(self, job: jobs.Game) -> Iterator[tuple[str, jobs.Position]]:
        engine = self.engine()
        engine.fresh()
        found = boards.game(
            job.words,
            job.positions,
            job.best,
            lambda fen: engine.search(fen, job.nodes)[0],
            job.named,
        )
        for key, fen in found:
            yield (
                f"{job.source}|{key}",
                jobs.Position(SPLITS.index(job.split), job.name, key, fen, job),
            )


class _Annotate(_WithEngine):
    def process(self, position: jobs.Position) -> Iterator[bytes]:
        game = position.game
        about = {
            "source": game.source,
            "position_id": position.key,
            "split": game.split,
            "game": game.name,
        }
        found = boards.annotate(position.fen, game.nodes, self.engine())
        yield _blob(MOVES, [{**about, **row} for row in found])


def _first(group: tuple[str, Iterable[jobs.Position]]) -> Iterator[Any]:
    """A position stays where it is trained on, and once."""
    kept, *others = sorted(group[1], key=lambda one: one[:4])
    yield kept
    for at, one in enumerate(others):
        yield apache_beam.pvalue.TaggedOutput("again", (at, one, kept.name))


def _again(one: tuple[int, jobs.Position, str]) -> bytes:
    at, position, where = one
    row = (f"{position.name}|{position.key[:16]}|{at}", "recurs", f"it is in {where} too")
    [blob] = _blobs([row])
    return blob
