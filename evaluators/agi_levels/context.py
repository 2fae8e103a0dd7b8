"""What statistics and sections read: placements, profiles, and what they were made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.agi_levels import rated
from evaluators.agi_levels.gather import Calibration, calibrations, placements
from evaluators.agi_levels.placing import Placement, Result, missing
from evaluators.agi_levels.profile import Profile, profile
from measurand import shards, subject
from measurand.reporting import view
from measurand.results import STATISTICS, current
from pipelines.agi_levels import shipped
from schemas.agi_levels.norms import Declared, Family, Norm, Task
from schemas.agi_levels.params import Params, Provider, Rules
from schemas.agi_levels.tables import RATINGS, TEXTS

SYSTEM = "agi_levels"
CORPUS_FAMILIES: tuple[Family, ...] = ("linguistic", "social")


@dataclass(frozen=True)
class Standing:
    """Where everybody stands.

    Attributes:
        rules: when a level is claimed.
        norms: what people did.
        placements: every model against every norm of its tasks.
        profiles: of every model that is measured.
        calibrations: norms with single items.
        tasks: what is known of the tasks.
        autonomy: declarations.
    """

    rules: Rules
    norms: Sequence[Norm]
    placements: Sequence[Placement]
    profiles: Sequence[Profile]
    calibrations: Sequence[Calibration]
    tasks: Mapping[str, Task]
    autonomy: Sequence[Declared] = ()

    @property
    def measured(self) -> list[Placement]:
        """Placements of models that are no controls."""
        return [p for p in self.placements if not p.model.startswith(subject.CONTROLS)]


@dataclass(frozen=True)
class Rater(subject.Subject):
    """One model's ratings.

    Attributes:
        ratings: rows of RATINGS.
        texts: rows of TEXTS, by id.
        params: parameters.
    """

    ratings: Sequence[Mapping[str, Any]]
    texts: Mapping[str, Mapping[str, Any]]
    params: Params

    def of(self, corpus: str) -> list[Mapping[str, Any]]:
        """Ratings of one corpus."""
        return [row for row in self.ratings if row["corpus"] == corpus]

    @property
    def corpora(self) -> list[str]:
        """Corpora that it rated."""
        return subject.in_order({row["corpus"] for row in self.ratings}, _asked(self.params))


@dataclass(frozen=True)
class Found:
    """What sections read.

    Attributes:
        standing: placements and profiles.
        raters: who rated.
        params: parameters.
    """

    standing: Standing
    raters: Sequence[Rater]
    params: Params


View = view.View[Found]


def _asked(params: Params) -> list[str]:
    return [part.corpus for part in params.build.rated]


def raters(data: Path, results: Path, params: Params) -> list[Rater]:
    """Every model in a results folder, in the order of the parameters.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    texts = TEXTS.conform(shards.read_table(data / "dataset" / "texts")).to_pylist()
    by_id = {row["text_id"]: row for row in texts}
    rows = RATINGS.conform(shards.read_table(results / "ratings")).to_pylist()
    shared = (params.report.seed, params.report.resamples)
    return [
        Rater(SYSTEM, model, *shared, [r for r in rows if r["model"] == model], by_id, params)
        for model in subject.in_order({r["model"] for r in rows}, params.evaluate.models)
    ]


def standing(
    data: Path,
    everyone: Sequence[Rater],
    params: Params,
    reports: Path | None = None,
    answered: Sequence[Result] = (),
) -> Standing:
    """Place raters, answers to questions, finished scores and figures of other systems.

    Args:
        data: folder with ``dataset/``.
        everyone: who rated.
        params: parameters.
        reports: folder with the reports of all systems; None where there are none.
        answered: answers to questions, also of the respondents whose truth is known.
    """
    rules, report = params.report.rules, params.report
    norms = shipped.restored(shards.read_table(data / "dataset" / "norms"))
    given = [
        Result(
            one.model,
            Task(id=one.task, families=one.families, version=one.task_version, tools=one.tools),
            score=one.score,
            se=one.se,
        )
        for one in report.given
    ]
    given += answered
    found = placements(given, norms, rules, report.resamples, (SYSTEM, report.seed))
    found += [
        rated.place(rater.model, corpus, rater.of(corpus), rater.texts, rules)
        for rater in everyone
        for corpus in rater.corpora
    ]
    tasks = {result.task.id: result.task for result in given}
    tasks |= {c: Task(id=c, families=CORPUS_FAMILIES) for c in _asked(params)}
    for provider in report.providers:
        more, task = provided(provider, reports)
        found += more
        tasks[task.id] = task
    models = [p.model for p in found if p.model != "-" and not p.model.startswith(subject.CONTROLS)]
    return Standing(
        *(rules, norms, found),
        [profile(model, found, tasks, rules) for model in dict.fromkeys(models)],
        calibrations(norms, [r for r in given if not r.model.startswith(subject.CONTROLS)]),
        *(tasks, report.autonomy),
    )


def provided(provider: Provider, reports: Path | None) -> tuple[list[Placement], Task]:
    """A figure of another system as a task without people; no report is a row that says so.

    Args:
        provider: which figure.
        reports: folder with the reports of all systems.
    """
    slices = provider.slice.replace("=", " ").replace(",", "; ")
    name = f"{provider.system}: {provider.metric}{f' ({slices})' if slices else ''}"
    task = Task(id=name, families=provider.families)
    path = None if reports is None else reports / provider.system / "statistics.parquet"
    if path is None or not path.is_file():
        return [missing("-", name, f"no run: {provider.system} has no report")], task
    import pyarrow.parquet as pq

    table = STATISTICS.conform(current(pq.ParquetFile(path).read()))
    rows = [
        row
        for row in table.to_pylist()
        if row["metric"] == provider.metric
        and row["slice"] == provider.slice
        and provider.model in (None, row["model"])
    ]
    if not rows:
        return [missing("-", name, f"no run: {provider.system} reports no such figure")], task
    return [
        Placement(
            row["model"],
            name,
            score=row["estimate"],
            place=missing("", "", "no norm: no people took this task").place,
            words="no norm: no people took this task",
        )
        for row in rows
    ], task
