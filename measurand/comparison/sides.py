"""What is compared: item rows and statistics at a git revision, in a folder or in a file."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from measurand import git, project
from measurand.errors import InputError, MeasurandError
from measurand.interop.account import Account
from measurand.interop.rows import Wish
from measurand.results import RESULTS, STATISTICS, current

STATISTICS_FILE = "statistics.parquet"
GIT_SECONDS = 60


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes:
        name: as the user gave it, with the commit where it is a revision.
        items: rows of ``RESULTS``; None where there are none.
        statistics: rows of ``STATISTICS``; None where there are none.
        notes: what could not be had, and why.
        account: what was read of other harnesses' files, and what was left out.
    """

    name: str
    items: pa.Table | None
    statistics: pa.Table | None
    notes: tuple[str, ...] = ()
    account: Account = field(default_factory=Account)


def resolve(word: str, systems: Sequence[str], wish: Wish) -> Side:
    """The results that a word names: a path that exists, else a git revision.

    ``.`` names the working tree: the reports of the project's systems as they lie.

    Args:
        word: path or revision.
        systems: systems to take of a revision or the working tree; all of the project's if empty.
        wish: how to read logs of other harnesses.

    Raises:
        InputError: there is neither such a path nor such a revision, or nothing in it.
    """
    path = Path(word)
    if word == ".":
        return _project("the working tree", project.find_root(), systems)
    if path.exists():
        return _path(word, path, wish)
    try:
        root = project.find_root()
    except InputError as error:
        raise _no_side(word) from error
    return _revision(word, root, systems)


def _path(word: str, path: Path, wish: Wish) -> Side:
    file = path / STATISTICS_FILE if path.is_dir() else path
    statistics = _statistics(file) if file.suffix == ".parquet" and file.is_file() else None
    if path.is_file() and statistics is not None:
        return Side(word, None, statistics)
    if statistics is not None and not _has_items(path):
        return Side(word, None, statistics, (f"{word} holds statistics and no item rows.",))
    from measurand.interop.read import read

    found = read([path], wish)
    notes = tuple(f"{word}: {note}" for note in found.notes)
    return Side(word, found.table, statistics, notes, found.account)


def _has_items(folder: Path) -> bool:
    from measurand.gates.reading.evidence import items_path

    return items_path(folder) != folder or (folder / "manifest.json").is_file()


def _project(word: str, root: Path, systems: Sequence[str]) -> Side:
    items, statistics, notes = [], [], []
    for name in systems or project.systems(root):
        system = project.system(root, name)
        table = _statistics(system.reports / STATISTICS_FILE)
        if table is None:
            notes.append(f"{name} has no report in the working tree.")
            continue
        statistics.append(table)
        if system.results.is_dir():
            from measurand.gates.reading.evidence import items_path, load_items

            items.append(load_items(items_path(system.reports)).table)
        else:
            notes.append(f"{name}: no item rows in the working tree (`dvc pull` brings them).")
    return _side(word, items, statistics, notes)


def _revision(word: str, root: Path, systems: Sequence[str]) -> Side:
    from measurand.gates.questions import Baseline
    from measurand.gates.reading import baselines
    from measurand.gates.reading.evidence import items_path

    try:
        commit = baselines.commit_of(word, root)
    except MeasurandError as error:
        if git.refusal(root) or git.is_shallow(root):
            why, todo = git.unknown(word, root)
            raise InputError(
                f"{word!r} is no path here, and {why}", hint=todo, code="no_side"
            ) from error
        raise _no_side(word) from error
    items, statistics, notes = [], [], []
    for name in systems or project.systems(root):
        system = project.system(root, name)
        content = _show(root, commit, f"reports/{name}/{STATISTICS_FILE}")
        if content is None:
            notes.append(f"{name} has no report at {word}.")
            continue
        statistics.append(
            _checked(pq.ParquetFile(pa.BufferReader(content)).read(), f"{word}: {name}")
        )
        try:
            there = items_path(system.reports)
            if there == system.reports:
                there = system.results / "items"
            items.append(baselines.resolve(Baseline(ref=commit), there, root)[0].table)
        except MeasurandError as error:
            # What DVC says of its cache holds paths of this machine.
            why = Exception.__str__(error).partition(" (ERROR")[0]
            notes.append(f"{name}: item rows at {word} cannot be had: {why}.")
    return _side(f"{word} ({commit[:12]})", items, statistics, notes)


def _no_side(word: str) -> InputError:
    return InputError(
        f"{word!r} is neither a path nor a git revision here",
        hint="give a revision, a folder or a file; . is the working tree",
        code="no_side",
    )


def _side(name: str, items: list[pa.Table], statistics: list[pa.Table], notes: list[str]) -> Side:
    if not statistics:
        raise InputError(
            f"{name}: {' '.join(notes) or 'no system'}",
            hint="run `measurand report` there, or name systems with --system",
            code="no_results",
        )
    columns = [c.name for c in RESULTS.columns]
    rows = pa.concat_tables([t.select(columns) for t in items]) if items else None
    return Side(name, rows, pa.concat_tables(statistics), tuple(notes))


def _show(root: Path, commit: str, path: str) -> bytes | None:
    """A file at a commit, or None where the commit has none of this name."""
    done = subprocess.run(
        ["git", "-C", str(root), "show", f"{commit}:./{path}"],
        capture_output=True,
        timeout=GIT_SECONDS,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None


def _statistics(file: Path) -> pa.Table | None:
    """The statistics in a file, or None where it holds something else."""
    if not file.is_file():
        return None
    try:
        table = pq.ParquetFile(file).read()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{file}: {error}", hint="write it again", code="bad_parquet") from error
    return _checked(table, str(file)) if "estimate" in table.column_names else None


def _checked(table: pa.Table, where: str) -> pa.Table:
    table = current(table)
    missing = [c.name for c in STATISTICS.columns if c.name not in table.column_names]
    if missing:
        raise InputError(
            f"{where}: no columns {missing}",
            hint=f"statistics keep to table {STATISTICS.name} {STATISTICS.version}",
            code="schema_drift",
        )
    return table.select([c.name for c in STATISTICS.columns])
