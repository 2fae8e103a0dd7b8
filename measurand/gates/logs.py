"""A gate file put to results of ours or to anybody's logs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from measurand.gates.verdict import Verdict
    from measurand.interop.rows import ItemRows


def verdict_of(
    file: Path,
    root: Path,
    results: Path | None = None,
    out: Path | None = None,
    models: Sequence[str] | None = None,
) -> Verdict:
    """Read logs where they are no results of ours, and put the gates to them.

    Args:
        file: gate file.
        root: folder that paths are relative to.
        results: results, or logs of another harness; the file's own without.
        out: folder where looks are counted.
        models: models to gate instead of those that the file lists.

    Raises:
        InputError: the logs cannot be read.
    """
    from measurand.gates import run_gates
    from measurand.interop.read import read
    from measurand.interop.rows import Wish
    from measurand.manifest import MANIFEST

    if results is None:
        return run_gates(file, root=root, out=out, models=models)
    if (results / MANIFEST).is_file() or (results / "items" / MANIFEST).is_file():
        return run_gates(file, root=root, results=results, out=out, models=models)
    return verdict_on(read([results], Wish()), file, root=root, out=out, models=models)


def verdict_on(
    rows: ItemRows,
    file: Path,
    *,
    root: Path = Path("."),
    out: Path | None = None,
    models: Sequence[str] | None = None,
    keep_in: Path | None = None,
) -> Verdict:
    """Put a gate file to item rows that were read.

    Args:
        rows: the rows.
        file: gate file.
        root: folder that paths in the file are relative to.
        out: folder where looks are counted.
        models: models to gate instead of those that the file lists.
        keep_in: new folder to keep the rows in.

    Raises:
        InputError: the file asks about another system than the rows are of.
    """
    from measurand.gates import run_gates
    from measurand.gates.gatefile import read_gate_file
    from measurand.gates.reading.comparable import same_system

    systems = rows.table.column("system").unique().to_pylist()
    same_system(systems, read_gate_file(file), "these rows")
    with tempfile.TemporaryDirectory() as scratch:
        # Verdicts name the folder and the one above it, which must not be another at every run.
        folder = keep_in or Path(scratch) / "read" / "rows"
        folder.parent.mkdir(exist_ok=True)
        keep(rows, folder)
        return run_gates(file, root=root, results=folder, out=out, models=models)


def keep(rows: ItemRows, folder: Path) -> None:
    """Write item rows into a new folder, as results that every verb reads."""
    from measurand.results import LOGGED, RESULTS
    from measurand.shards import write_dataset

    # What is written twice is the same: an unfinished run would otherwise pass for a whole one.
    spec = LOGGED if "item_sha256" in rows.table.column_names else RESULTS
    params = {"origin": rows.origin, "notes": list(rows.notes)}
    write_dataset(folder, spec, rows.table, params=params)
