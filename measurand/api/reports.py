"""Reports of systems, and all stages in one go."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand import folders, project, stores
from measurand.api.result import Result
from measurand.api.stages import Stage, build, evaluate, running, train
from measurand.errors import InputError
from measurand.progress import Where

if TYPE_CHECKING:
    import pyarrow as pa

    from measurand.reporting.document import Document


STATISTICS = "statistics.parquet"


class Report(Result):
    """A system's report, as it lies in its folder or at a URL.

    Attributes:
        folder: where ``report.html``, ``statistics.parquet`` and ``verdict/`` lie: a path, or a
            URL as text.
        seconds: wall time; 0 of one that was there.

    Raises:
        InputError: there is no report.
        StoreError: the store of a URL failed.
    """

    def __init__(self, folder: str | Path, seconds: float = 0.0) -> None:
        from measurand.parquet import read_shard

        url = stores.is_url(folder)
        self.folder: Any = stores.shown(str(folder)) if url else Path(folder)
        self.seconds = seconds
        with stores.sources(folder, [""]) as here:
            path = here / "report.json"
            if not path.is_file():
                raise InputError(
                    f"{self.folder}/report.json is not there",
                    hint="run `measurand report` or `dvc repro` first",
                )
            self._text = path.read_text(encoding="utf-8")
            # What was fetched is gone after this block.
            self._fetched = read_shard(here / STATISTICS) if url else None
        super().__init__(json.loads(self._text))

    @property
    def verdict(self) -> Mapping[str, Any] | None:
        """The gates' verdict; None where none was put."""
        found: Mapping[str, Any] | None = self.record["verdict"]
        return found

    @property
    def findings(self) -> tuple[str, ...]:
        """What the first screen says, the main finding first."""
        return tuple((self.record["opening"] or {}).get("findings", ()))

    def document(self) -> Document:
        """The report as plain data."""
        from measurand.reporting.document import from_json

        return from_json(self._text)

    def to_json(self) -> str:
        """``report.json``, byte for byte."""
        return self._text

    def render(self, form: str = "text") -> str:
        """As :meth:`Result.render`; text is the first screen, as ``measurand report`` shows it."""
        if form != "text":
            return super().render(form)
        from measurand.reporting.render import overview

        return overview(self.document()) + "\n"

    def rows(self) -> list[dict[str, Any]]:
        """A row a statistic."""
        found: list[dict[str, Any]] = self.to_arrow().to_pylist()
        return found

    def to_arrow(self) -> pa.Table:
        """All statistics, in the columns of ``measurand.results.STATISTICS``."""
        from measurand.parquet import read_shard

        if self._fetched is not None:
            return self._fetched
        return read_shard(self.folder / STATISTICS)


def report(
    system: str,
    *,
    params: str | Path | None = None,
    out: str | Path | None = None,
    gates: str | Path | None = None,
    results: str | Path | None = None,
    data: str | Path | None = None,
    progress: Where = None,
) -> Report:
    """Statistics, gates and report from item results; reads files only, calls no model.

    Args:
        system: name of a system of the project here.
        params: parameter file instead of ``params/<system>.yaml``.
        out: folder or URL to write to instead of ``reports/<system>``.
        gates: gate file instead of ``gates/<system>.yaml``; ``"none"`` for no verdict.
        results: folder or URL of an evaluation's results; ``reports/<system>/results`` without.
        data: folder or URL with ``dataset/`` and ``checkpoint/``; ``data/<system>`` without.
        progress: a callback, ``"stderr"``, or None for silence.

    Raises:
        InputError: no such system, no results, or results of another system.
        StoreError: the store of a URL failed.

    >>> import measurand
    >>> try:
    ...     measurand.report("no_such_system")
    ... except measurand.InputError as error:
    ...     print(error.code)
    bad_input
    """
    whole = not (gates or results or data)
    with running(
        "report", system, params, lambda s: s.reports, out, whole=whole, progress=progress
    ) as run:
        from measurand.commands.report import write_report

        one = run.system
        with (
            stores.sources(data or one.dataset.parent, ["dataset", "checkpoint"]) as given,
            stores.sources(results or one.results, [""]) as evaluated,
        ):
            if not evaluated.is_dir():
                raise InputError(
                    f"{evaluated} is not there", hint=f"run `measurand evaluate {one.name}` first"
                )
            for folder in (given / "dataset", evaluated):
                folders.refuse_others(folder, one.name, project.systems(one.root))
            run.out.mkdir(parents=True, exist_ok=True)
            asked = None if gates == "none" else Path(gates or one.gates)
            write_report(one, run.params, given, evaluated, run.out, asked)
    return Report(out if out and run.url else run.out, run.seconds)


def run(
    system: str,
    *,
    out: str | Path,
    params: str | Path | None = None,
    model: str | None = None,
    runner: str | None = None,
    limit: int | None = None,
    until: str | Path | None = None,
    gates: str | Path | None = None,
    on_stage: Callable[[Stage], None] | None = None,
    progress: Where = None,
) -> Report:
    """Build, train, evaluate and report into one folder; run again to go on.

    Args:
        system: name of a system of the project here.
        out: folder for data, journal and report.
        params: parameter file instead of ``params/<system>.yaml``.
        model: one model string instead of the parameters' list.
        runner: Beam runner of the build; without, that of ``MEASURAND_RUNNER``.
        limit: only the first prompts of each model.
        until: gate file whose ``sequential`` gates end each model's run when all are decided.
        gates: gate file of the verdict; without, that of ``until``, else ``gates/<system>.yaml``,
            or none where ``params`` is given.
        on_stage: called with each stage before the report when it is done.
        progress: a callback, ``"stderr"``, or None for silence.

    Raises:
        InputError: no such system, or the folder is another's or in use.
        MeasurandError: what the stages raise.

    >>> import measurand, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     try:
    ...         measurand.run("no_such_system", out=folder)
    ...     except measurand.InputError as error:
    ...         print(error.code)
    bad_input
    """
    root = project.find_root()
    name = project.system(root, system).name
    out = Path(out)
    data, results, journal = out / "data", out / "results", out / "journal"
    told = on_stage or (lambda stage: None)
    with folders.held(out):
        folders.refuse_others(data / "dataset", name, project.systems(root))
        folders.claim(out, name)
        told(
            build(
                name,
                params=params,
                journal=journal,
                out=data / "dataset",
                runner=runner,
                progress=progress,
            )
        )
        told(
            train(
                name,
                params=params,
                journal=journal,
                data=data,
                out=data / "checkpoint",
                progress=progress,
            )
        )
        told(
            evaluate(
                name,
                params=params,
                journal=journal,
                data=data,
                out=results,
                model=model,
                limit=limit,
                until=until,
                progress=progress,
            )
        )
        return report(
            name,
            params=params,
            data=data,
            results=results,
            out=out / "report",
            gates=gates or until or ("none" if params else None),
            progress=progress,
        )
