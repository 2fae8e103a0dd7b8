"""Build the dataset of levels: the taxonomy, norms, and texts with the ratings of people.

Corpora go through the pipeline by name; each is read and drawn from inside a step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apache_beam
import pyarrow as pa

from measurand import beam, hutto, project
from measurand.errors import ParamsError
from measurand.parquet import rejected_table
from measurand.runs import table
from measurand.shards import write_dataset
from pipelines.agi_levels import quiz, rated, shipped
from schemas.agi_levels.norms import Items, Norm
from schemas.agi_levels.params import Build, Params
from schemas.agi_levels.questions import Quiz
from schemas.agi_levels.tables import NORMS, QUESTIONS, TAXONOMY, TEXTS
from schemas.agi_levels.taxonomy import AUTONOMY, LEVELS, PAPER, PAPER_VERSION


def build(
    params: Params,
    out: Path,
    runner: str,
    argv: Sequence[str] = (),
    *,
    journal: Path | None = None,
) -> None:
    """Write ``taxonomy``, ``norms``, ``questions`` and ``texts`` below ``out``.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`.
        argv: further Beam options.
        journal: folder of the model calls of builds; this one makes none.

    Raises:
        ParamsError: a file of norms or questions is not there, people answered other questions, or
            a corpus has fewer texts than are asked for.
        InfraError: the corpora cannot be fetched.
        ConservationError: a text was neither written nor rejected.
    """
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    settings = params.build.model_dump(mode="json")
    write_dataset(out / "taxonomy", TAXONOMY, taxonomy_rows(), params=settings)
    found = [shipped.read(name) for name in params.build.norms]
    norms = [norm for some, _ in found for norm in some]
    sources = [source for _, source in found]
    write_dataset(out / "norms", NORMS, shipped.rows(norms), params=settings, sources=sources)
    asked = [quiz.read(name) for name in params.build.quizzes]
    _refuse_unfit([one for one, _ in asked], norms)
    questions = quiz.rows([one for one, _ in asked])
    sources = [source for _, source in asked]
    write_dataset(out / "questions", QUESTIONS, questions, params=settings, sources=sources)

    archive = hutto.fetch(project.root_or_here() / "data" / "sources")
    with beam.pipeline(runner, argv) as pipeline:
        drawn = (
            pipeline
            | "corpora" >> apache_beam.Create([part.corpus for part in params.build.rated])
            | "spread" >> apache_beam.Reshuffle()
            | "draw"
            >> apache_beam.ParDo(Draw(params.build.model_dump_json(), str(archive))).with_outputs(
                "rejected", main="texts"
            )
        )
        sink = beam.to_shards(
            drawn.texts,
            TEXTS,
            out / "texts",
            params.build.n_shards,
            "text_id",
            rejected=drawn.rejected,
        )
    written = sink.finish(params=settings, sources=[hutto.SOURCE])
    wanted = sum(part.texts for part in params.build.rated)
    if written.rows != wanted:
        raise ParamsError(
            f"build.rated: {wanted} texts asked for, {written.rows} fit",
            hint=f"ask for fewer, or allow other lengths; left out: {dict(written.rejected)}",
        )


def _refuse_unfit(quizzes: Sequence[Quiz], norms: Sequence[Norm]) -> None:
    """Refuse questions that are not those of their norm."""
    known = {norm.id: norm for norm in norms}
    for one in quizzes:
        norm = known.get(one.norm)
        asked = {question.id for question in one.questions}
        if not isinstance(norm, Items) or norm.task != one.task or set(norm.items) != asked:
            raise ParamsError(
                f"build.quizzes: {one.task} has other questions than norm {one.norm}",
                hint="list the norm's file in build.norms; both name the same questions",
            )


def taxonomy_rows() -> pa.Table:
    """The paper's two tables as TAXONOMY."""
    shared = {"source": PAPER, "paper_version": PAPER_VERSION}
    performance: list[dict[str, Any]] = [
        {
            **shared,
            "axis": "performance",
            "level": level.number,
            "name": level.name,
            "aliases": level.aliases,
            "cut": level.cut,
            "reference_group": level.reference,
            "risks": (),
        }
        for level in LEVELS
    ]
    autonomy: list[dict[str, Any]] = [
        {
            **shared,
            "axis": "autonomy",
            "level": level.number,
            "name": level.name,
            "aliases": (),
            "cut": None,
            "reference_group": level.leads,
            "risks": level.risks,
        }
        for level in AUTONOMY
    ]
    return table(TAXONOMY, performance + autonomy)


class Draw(apache_beam.DoFn):  # type: ignore[misc]
    """From the name of a corpus to its texts, and to what is left out.

    Args:
        settings: the build section as JSON.
        archive: where the corpora lie.
    """

    def __init__(self, settings: str, archive: str) -> None:
        self._settings = settings
        self._archive = archive

    def process(self, corpus: str) -> Iterator[Any]:
        """Yield a table TEXTS and a table REJECTED."""
        build = Build.model_validate_json(self._settings)
        [part] = [part for part in build.rated if part.corpus == corpus]
        texts, ratings = hutto.read(Path(self._archive), corpus)
        beam.count(TEXTS, "rows_in", len(texts))
        rows, rejected = rated.draw(part, texts, ratings, build.held, build.seed)
        if rows:
            yield beam.to_ipc(table(TEXTS, rows))
        if rejected:
            yield apache_beam.pvalue.TaggedOutput("rejected", beam.to_ipc(rejected_table(rejected)))
