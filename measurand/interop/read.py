"""Whose results lie at a path, and their item rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pyarrow as pa

from measurand.errors import InputError
from measurand.interop import inspect_log, lm_eval, plain
from measurand.interop.rows import ItemRows, Wish, finish
from measurand.manifest import MANIFEST, is_foreign
from measurand.results import RESULTS

HARNESSES: dict[str, tuple[ModuleType, str]] = {
    lm_eval.SYSTEM: (lm_eval, "lm-evaluation-harness"),
    inspect_log.SYSTEM: (inspect_log, "Inspect"),
    plain.SYSTEM: (plain, "plain tables"),
}


def read(paths: Sequence[Path], wish: Wish) -> ItemRows:
    """Item rows of all logs at or below the paths, which must come from one harness.

    Our own results (a folder with manifests) are read as they are.

    Raises:
        InputError: code ``no_file``, ``no_log``, ``two_harnesses``, or what a reader raises.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file", hint="check the path", code="no_file")
    if any(map(_ours, paths)):
        return _own(paths)
    found = {
        name: [f for p in paths for f in module.logs(p)] for name, (module, _) in HARNESSES.items()
    }
    # A folder of logs may hold exported tables too; then the logs are meant.
    present = [name for name, files in found.items() if files]
    if len(present) > 1 and plain.SYSTEM in present:
        present.remove(plain.SYSTEM)
    if not present:
        raise InputError(
            f"no results at {', '.join(map(str, paths))}",
            hint="samples_*.jsonl of lm-eval, .eval of Inspect, .csv, .parquet, or our results",
            code="no_log",
        )
    if len(present) > 1:
        raise InputError(
            f"logs of {' and '.join(present)}", hint="one harness at a time", code="two_harnesses"
        )
    module, origin = HARNESSES[present[0]]
    tables, notes = module.read(found[present[0]], wish)
    return ItemRows(finish(tables, module.SYSTEM, wish.reruns), origin, tuple(notes))


def _ours(path: Path) -> bool:
    return path.is_dir() and any(not is_foreign(m) for m in path.rglob(MANIFEST))


def _own(paths: Sequence[Path]) -> ItemRows:
    from measurand.gates.evidence import items_path, load_items

    found = [load_items(items_path(path)) for path in paths]
    notes = [
        f"{e.where}: a partial run (--limit): good for looking, not for deciding."
        for e in found
        if e.partial
    ]
    table = pa.concat_tables([e.table for e in found])
    key = list(RESULTS.key)
    distinct = table.group_by(key, use_threads=False).aggregate([]).num_rows
    if distinct < table.num_rows:
        raise InputError(
            f"{table.num_rows - distinct:,} rows occur twice: several runs of one model",
            hint="give one run's results, or compare two with `measurand compare`",
            code="reruns",
        )
    return ItemRows(table, "Measurand", tuple(notes))
