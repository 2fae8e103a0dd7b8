"""A gate file put to results of ours or to anybody's logs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from measurand.gates.verdict import Verdict


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
    from measurand.results import LOGGED, RESULTS
    from measurand.shards import write_dataset

    if results is None:
        return run_gates(file, root=root, out=out, models=models)
    if (results / MANIFEST).is_file() or (results / "items" / MANIFEST).is_file():
        return run_gates(file, root=root, results=results, out=out, models=models)
    rows = read([results], Wish())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "rows"
        spec = LOGGED if "item_sha256" in rows.table.column_names else RESULTS
        write_dataset(folder, spec, rows.table, params={"origin": rows.origin})
        return run_gates(file, root=root, results=folder, out=out, models=models)
