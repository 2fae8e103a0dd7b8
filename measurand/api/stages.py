"""The stages of a system as functions: build, train, evaluate."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand import extras, folders, project, stores, times
from measurand import params as parameters
from measurand.api import dealt
from measurand.api.result import Result
from measurand.api.silence import collected
from measurand.attempts import attempt
from measurand.errors import InputError
from measurand.progress import Where, reporting

if TYPE_CHECKING:
    from measurand.reporting.document import Document
    from measurand.until import Until

OURS = (
    *("*.parquet", "*.tmp", "manifest.json", "provenance.json", ".gitignore"),
    # A saved model or adapter.
    *("*.safetensors", "config.json", "*_config.json", "tokenizer*.json", "*.jinja"),
)
"""Names of the files that stages write."""
WORKERS = "workers.json"
"""In the journal: what the workers of the last build were asked, for the provenance of results."""


class Stage(Result):
    """What a stage wrote.

    Attributes:
        folder: where it lies: a path, or a URL as text.
        seconds: wall time; of a run that was resumed, of its last part.
        notes: lines that the system said, where they were not printed.
        rank: of this process among those of ``torchrun``, 0 without them.
    """

    rank = 0

    def __init__(
        self, record: dict[str, Any], folder: Any, seconds: float, notes: Sequence[str] = ()
    ) -> None:
        super().__init__(record)
        self.folder = folder
        self.seconds = seconds
        self.notes = tuple(notes)

    def rows(self) -> list[dict[str, Any]]:
        """A row a table."""
        return [
            {"table": t["table"], "rows": t["rows"], "left_out": sum(t["rejected"].values())}
            for t in self.record["tables"]
        ]

    def document(self) -> Document:
        """The tables as a page."""
        from measurand.reporting.document import Document, Section, Table, Text

        record = self.record
        rows = tuple(
            (t["table"], t["rows"], sum(t["rejected"].values()), why(t["rejected"]))
            for t in record["tables"]
        )
        table = Table("Tables", ("table", "rows", "left out", "why"), rows)
        blocks = (table,) if rows else (Text("No table was written."),)
        title = f"{record['stage']} {record['system']}"
        return Document(title, record["folder"], None, (Section("Tables", blocks),))


def why(rejected: dict[str, int]) -> str:
    """Reasons with counts, the most frequent first."""
    found = sorted(rejected.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{count:,} {reason}" for reason, count in found)


@dataclass
class Run:
    """A stage that runs.

    Attributes:
        system: the system.
        params: its parsed parameters.
        out: folder that it writes to.
        seconds: wall time, known after the block.
        said: what the system printed.
        tables: what lies in the folder, known after the block.
        url: where the folder is published; empty where it stays.
    """

    system: project.System
    params: Any
    out: Path
    said: list[str]
    seconds: float = 0.0
    tables: Sequence[dict[str, Any]] = ()
    url: str = ""

    def found(self, stage: str, **more: Any) -> Stage:
        """The result, from the manifests that lie in the folder."""
        folder = self.url or shown(self.out, self.system.root)
        record = {"stage": stage, "system": self.system.name, "folder": folder, **more}
        notes = "".join(self.said).splitlines()
        whole = {**record, "tables": list(self.tables)}
        return Stage(whole, self.url or self.out, self.seconds, notes)


@contextmanager
def running(
    stage: str,
    system: str,
    params: str | Path | None,
    usual: Callable[[project.System], Path],
    out: str | Path | None,
    *,
    whole: bool,
    progress: Where,
    writes: bool = True,
) -> Iterator[Run]:
    """Around a stage: its parameters, its folder held against others, its time noted.

    Args:
        stage: its name.
        system: name of a system of the project here.
        params: parameter file; the one in force without.
        usual: where the stage of the project itself writes.
        out: another folder, or a URL where it is published when the block ends.
        whole: nothing in it is other than DVC would run, so its time is worth noting.
        progress: a callback, ``"stderr"``, or None for silence.
        writes: this process keeps others out of the folder; not where it helps one that does.

    Raises:
        InputError: no such system, or its folder is in use.
        ParamsError: the parameter file is not one of the system's.
        StoreError: the store of the URL failed.
    """
    with reporting(progress), collected(progress) as said, extras.named(stage):
        root = project.find_root()
        project.make_importable(root)
        one = project.system(root, system)
        declared = one.module("params").Params
        given = one.params if params is None else Path(params)
        place = out or usual(one)
        start = time.monotonic()
        with stores.target(place) as folder, folders.held(folder) if writes else nullcontext():
            url = stores.shown(str(place)) if stores.is_url(place) else ""
            run = Run(one, parameters.read(given, declared), folder, said, url=url)
            yield run
            run.tables = list(_tables(run.out))
        run.seconds = time.monotonic() - start
        if writes and whole and params is None and out is None:
            times.note(root, f"{stage}@{one.name}", run.seconds)


def build(
    system: str,
    *,
    params: str | Path | None = None,
    out: str | Path | None = None,
    journal: str | Path | None = None,
    runner: str | None = None,
    beam: Sequence[str] = (),
    progress: Where = None,
) -> Stage:
    """Build a system's dataset: byte-stable shards and a manifest.

    The last build stands until all tables of this one are written and checked.

    Args:
        system: name of a system of the project here.
        params: parameter file instead of ``params/<system>.yaml``.
        out: folder or URL to write to instead of ``data/<system>/dataset``.
        journal: folder of answered model calls, where a run goes on; ``journal/<system>`` without.
        runner: Beam runner; without, that of ``MEASURAND_RUNNER``, else ``FnApiRunner``.
        beam: its options, as ``["--job_endpoint=localhost:8073"]``.
        progress: a callback, ``"stderr"``, or None for silence.

    Raises:
        InputError: no such system; the folder holds what no stage writes, or another system's.
        MeasurandError: a package, a source or the runner is missing, or rows were lost.

    >>> import measurand
    >>> try:
    ...     measurand.build("no_such_system")
    ... except measurand.InputError as error:
    ...     print(error.code)
    bad_input
    """
    whole = journal is None
    with running(
        "build", system, params, lambda s: s.dataset, out, whole=whole, progress=progress
    ) as run:
        one = run.system
        _own_folder(run.out)
        _refuse_files_of_others(run.out)
        folders.refuse_others(run.out, one.name, project.systems(one.root))
        from measurand.beam import chosen, quiet, recorded

        quiet()
        kept = Path(journal or one.journal)
        name, words = chosen(runner, beam)
        # Tables belong together: all of them take their places, or those of the last build stay.
        with attempt(run.out) as folder, recorded() as asked:
            one.module("dataset").build(run.params, folder, name, words, journal=kept)
        _note_workers(kept / WORKERS, asked)
    return run.found("build")


def train(
    system: str,
    *,
    params: str | Path | None = None,
    out: str | Path | None = None,
    journal: str | Path | None = None,
    data: str | Path | None = None,
    progress: Where = None,
) -> Stage:
    """Train a system's models; ``record["trained"]`` is false for a system without training.

    The processes of ``torchrun`` train together: the first of them writes.

    Args:
        system: name of a system of the project here.
        params: parameter file instead of ``params/<system>.yaml``.
        out: folder or URL to write to instead of ``data/<system>/checkpoint``.
        journal: folder of unfinished trainings, where a run goes on; ``journal/<system>`` without.
        data: folder or URL with ``dataset/``; ``data/<system>`` without.
        progress: a callback, ``"stderr"``, or None for silence.

    Raises:
        InputError: no such system, or its folder holds what no stage writes; code ``no_rendezvous``
            or ``too_many_ranks``: not these processes together.
        MeasurandError: a package is missing, or the loss is no number.

    >>> import measurand
    >>> try:
    ...     measurand.train("no_such_system")
    ... except measurand.InputError as error:
    ...     print(error.code)
    bad_input
    """
    from measurand.training import ranks

    whole = journal is None and data is None
    several = ranks.asked()[1] > 1
    if several and out is not None and stores.is_url(out):
        raise InputError(
            f"--out {stores.shown(str(out))} with several ranks",
            hint="train into a folder that all of them see, and publish that",
        )
    with (
        ranks.joined(),
        running(
            "train", system, params, lambda s: s.checkpoint, out,
            whole=whole, progress=progress if ranks.first() else None, writes=ranks.first(),
        ) as run,
    ):  # fmt: skip
        one = run.system
        _own_folder(run.out).mkdir(parents=True, exist_ok=True)
        trained = one.has_training()
        if trained:
            kept = Path(journal or one.journal)
            with stores.sources(data or one.dataset.parent, ["dataset"]) as given:
                ranks.see(run.out, kept)
                one.module("train").train(run.params, given / "dataset", run.out, journal=kept)
        elif ranks.first():
            _write_json(run.out / "manifest.json", {"system": one.name, "trained": False})
        ranks.wait()
    made = run.found("train", trained=trained)
    made.rank = ranks.asked()[0]
    return made


def evaluate(
    system: str,
    *,
    params: str | Path | None = None,
    out: str | Path | None = None,
    journal: str | Path | None = None,
    model: str | None = None,
    limit: int | None = None,
    until: str | Path | None = None,
    data: str | Path | None = None,
    runner: str | None = None,
    beam: Sequence[str] = (),
    progress: Where = None,
) -> Stage:
    """Run models over a dataset and write item results; goes on where it was interrupted.

    With ``until``, or ``evaluate.until`` of the parameters, clusters are asked in one fixed random
    order and a model's run ends when the bets of the gate file are decided.

    With a runner that has workers, those make the calls; the results are the same.

    Args:
        system: name of a system of the project here.
        params: parameter file instead of ``params/<system>.yaml``.
        out: folder or URL to write to instead of ``reports/<system>/results``.
        journal: folder of answered model calls, where a run goes on; ``journal/<system>`` without.
        model: one model string instead of the parameters' list.
        limit: only the first prompts; marks the results partial.
        until: gate file whose ``sequential`` gates end the run when all are decided.
        data: folder or URL with ``dataset/`` and ``checkpoint/``; ``data/<system>`` without.
        runner: Beam runner whose workers ask; without, that of ``MEASURAND_RUNNER`` where it has
            workers and the system's calls can be dealt, else this process asks.
        beam: its options.
        progress: a callback, ``"stderr"``, or None for silence.

    Raises:
        InputError: no such system, no dataset, a limit below 1, or with ``until`` code
            ``no_sequence``, ``no_bets`` or ``no_stop``.
        RunnerError: the runner cannot deal this evaluation, or it failed.
        MeasurandError: a package or a model is missing, or too many calls failed.

    >>> import measurand
    >>> try:
    ...     measurand.evaluate("no_such_system")
    ... except measurand.InputError as error:
    ...     print(error.code)
    bad_input
    """
    whole = not (journal or model or limit is not None or until or data)
    with running(
        "evaluate", system, params, lambda s: s.results, out, whole=whole, progress=progress
    ) as run:
        from measurand import provenance

        one = run.system
        if limit is not None and limit < 1:
            raise InputError(f"--limit {limit}", hint="give a number above 0")
        _own_folder(run.out)
        kept = Path(journal or one.journal)
        with stores.sources(data or one.dataset.parent, ["dataset", "checkpoint"]) as given:
            if not (given / "dataset").is_dir():
                raise InputError(
                    f"{given}/dataset is not built", hint=f"run `measurand build {one.name}` first"
                )
            stops, calls = _stops(one, params, until, model, limit), kept
            more: dict[str, Any] = {}
            if stops is not None:
                more, calls = {"until": stops}, kept / stops.order.folder
            module = one.module("evaluate")

            def asks(folder: Path) -> None:
                module.evaluate(
                    run.params, given, model, folder, journal=calls, limit=limit, **more
                )

            stop = stops is not None
            asked = dealt.asked(asks, module, run.out, kept, runner, beam, until=stop)
        origin = provenance.collect(one.root)
        # While a stage runs, dvc.lock still describes the run before it.
        origin.pop("dvc_lock_sha256", None)
        if (kept / WORKERS).is_file():
            built = json.loads((kept / WORKERS).read_text(encoding="utf-8"))
            asked = [*built, *(one for one in asked if one not in built)]
        if asked:
            origin["workers"] = asked
        _write_json(run.out / "provenance.json", origin)
    return run.found("evaluate")


def _stops(
    one: project.System,
    params: str | Path | None,
    until: str | Path | None,
    model: str | None,
    limit: int | None,
) -> Until | None:
    """What ends the run early: the gate file that was given, else what the parameters say."""
    stop = parameters.read_until(one.params if params is None else Path(params))
    if until is not None:
        file = str(Path(until).resolve())
        stop = stop.model_copy(update={"gates": file}) if stop else parameters.Stop(gates=file)
    if stop is None:
        return None
    from measurand.until import Until, refuse_without

    if limit is not None:
        hint = "leave one of them out: a limit is for looking, not for deciding"
        raise InputError("--limit with --until", hint=hint)
    refuse_without(one.module("evaluate").evaluate, one.name)
    return Until(stop, one.root, model)


def shown(path: Path, root: Path) -> str:
    """A path as it is told: from the project's root where it lies below it."""
    absolute = path.resolve()
    return str(absolute.relative_to(root) if absolute.is_relative_to(root) else path)


def _tables(out: Path) -> Iterator[dict[str, Any]]:
    """Rows of each table in a folder, and how many were left out for which reason."""
    from measurand.manifest import MANIFEST, is_foreign, read_manifest

    for path in sorted(out.glob(f"*/{MANIFEST}")):
        if not is_foreign(path):
            found = read_manifest(path.parent)
            rejected = dict(found.rejected)
            yield {"table": path.parent.name, "rows": found.rows, "rejected": rejected}


def _own_folder(out: Path) -> Path:
    """Refuse to write into a folder that holds something other than an earlier output."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file", hint="give a folder")
    files = (p for p in out.rglob("*") if p.is_file()) if out.is_dir() else ()
    if strange := next((p for p in files if not any(p.match(name) for name in OURS)), None):
        raise InputError(
            f"{out} holds {strange.relative_to(out)}, which no stage writes",
            hint="give an empty or new folder",
        )
    return out


def _note_workers(file: Path, asked: list[dict[str, Any]]) -> None:
    """Keep what the workers of a build were asked; a build in one process asks none."""
    if asked:
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_json(file, asked)
    else:
        file.unlink(missing_ok=True)


def _refuse_files_of_others(out: Path) -> None:
    """Refuse a dataset's folder with a file that no build wrote: the next build takes its place."""
    from measurand.shards import is_build_file

    for path in out.rglob("*") if out.is_dir() else ():
        if path.is_file() and not (is_build_file(path) or path.name.startswith(".git")):
            raise InputError(
                f"{out} holds {path.relative_to(out)}, which no build wrote",
                hint="move the file, or choose another folder",
            )


def _write_json(path: Path, value: Any) -> None:
    from measurand.manifest import write_text

    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")
