"""Runs told apart: two configurations of one model stand side by side, not on each other.

A harness writes the model and the task of a run in its log, and beside them its settings: arguments
of the task, of the model, of generation, solver, number of shots. Where two logs have one model and
task, the settings in which they differ become part of the name: of the task where the items are
others, of the model where they are the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc

from measurand import joining
from measurand.errors import InputError
from measurand.interop.account import Group, Own
from measurand.interop.rows import Log, Wish, plain, rename
from measurand.results import slice_parts, slice_text

TASK_ARGUMENTS = "task_args."
"""Start of the names of fields that choose the items of a task, or the way they are asked."""


def apart(logs: Sequence[Log], wish: Wish) -> list[str]:
    """Rename models and tasks of logs so that different runs have different names.

    Args:
        logs: what was read; changed in place.
        wish: fields to use; without any, those in which runs of one model and task differ.

    Returns:
        What was told apart by what, in words.

    Raises:
        InputError: code ``no_field``: no log has a field that was asked for.
    """
    for log, path in zip(logs, _paths([log.name for log in logs]), strict=True):
        log.more.setdefault("path", path)
    notes = _tasks(logs)
    if wish.label:
        return notes + _asked(logs, wish.label)
    return notes if wish.reruns == "repeats" else notes + _models(logs)


def _tasks(logs: Sequence[Log]) -> list[str]:
    """Tasks whose arguments differ and whose items are others get the arguments in their names."""
    notes = []
    for task in dict.fromkeys(log.task for log in logs if log.task):
        own = [log for log in logs if log.task == task]
        names = [f for f in _differing(own) if f.startswith(TASK_ARGUMENTS)]
        if not names or _same_items(own, names):
            continue
        for log in own:
            _rename_task(log, f"{task} ({_label(log, names)})")
        notes.append(f"{task}: tasks with other items are told apart by {_shown(names)}.")
    return notes


def _models(logs: Sequence[Log]) -> list[str]:
    """Models that have several logs of one task get the settings in their names that differ."""
    wanted: dict[str, dict[str, None]] = {}
    for model, task in dict.fromkeys((log.model, log.task) for log in logs if log.model):
        own = [log for log in logs if (log.model, log.task) == (model, task)]
        if len(own) > 1:
            wanted.setdefault(model, {}).update(dict.fromkeys(_differing(own)))
    notes = []
    for model, fields in wanted.items():
        if not fields:
            continue
        for log in logs:
            if log.model == model:
                _rename_model(log, f"{model} ({_label(log, list(fields))})")
        notes.append(f"Runs of {model} are told apart by {_shown(list(fields))}.")
    return notes


def _asked(logs: Sequence[Log], label: Sequence[str]) -> list[str]:
    names = []
    for word in label:
        known = {f for log in logs for f in (*log.fields, *log.more)}
        found = [f for f in sorted(known) if f == word or f.rsplit(".", 1)[-1] == word]
        if not found:
            raise InputError(
                f"no log has a field {word!r} for --label",
                hint=f"fields: {', '.join(sorted(known)) or 'none'}",
                code="no_field",
            )
        names.append(word if word in found else found[0])
    for log in logs:
        text = _label(log, names)
        if log.model:
            _rename_model(log, f"{log.model} ({text})")
        else:
            _rename(log, "model", _with(text))
    return [f"Runs are told apart by {_shown(names)}."]


def _with(text: str) -> Callable[[str], str]:
    return lambda name: f"{name} ({text})"


def _differing(logs: Sequence[Log]) -> list[str]:
    """Settings that not all of the logs have, or not with one value."""
    names = sorted({name for log in logs for name in log.fields})
    return [n for n in names if len({log.fields.get(n) for log in logs}) > 1]


def _same_items(logs: Sequence[Log], names: Sequence[str]) -> bool:
    """Whether logs that differ in these fields asked, where they meet, the same documents."""
    some = []
    for log in logs:
        items = log.table.select(["item_id", "item_sha256"]).cast(_TEXTS)
        side = pa.repeat(_label(log, names), items.num_rows)
        some.append(items.rename_columns(["item", "document"]).append_column("side", side))
    together = pa.concat_tables(some)
    if joining.two_documents(together):
        return False
    sides = together.group_by("item").aggregate([("side", "count_distinct")])
    return bool(pc.any(pc.greater(sides.column("side_count_distinct"), 1)).as_py())


_TEXTS = pa.schema([("item_id", pa.string()), ("item_sha256", pa.string())])


def _label(log: Log, names: Iterable[str]) -> str:
    values = {**log.more, **log.fields}
    return ", ".join(f"{n.rsplit('.', 1)[-1]}={values.get(n, '-')}" for n in names)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names)


def _paths(names: Sequence[str]) -> list[str]:
    """What tells the files of some paths apart: folders below the common one, or file names."""
    folders = [PurePath(name).parent for name in names]
    if len(set(folders)) <= 1:
        return [PurePath(name).name for name in names]
    common = os.path.commonpath([str(f) or "." for f in folders]) if _one_root(folders) else ""
    return [str(f.relative_to(common)) if common else str(f) for f in folders]


def _one_root(folders: Sequence[PurePath]) -> bool:
    return len({f.is_absolute() for f in folders}) == 1


def _rename_model(log: Log, name: str) -> None:
    _rename(log, "model", lambda _: name)
    log.account.own = [Own(o.log, name, o.task, o.metric, o.name, o.value) for o in log.account.own]
    log.model = name


def _rename_task(log: Log, name: str) -> None:
    """Items, clusters and slices carry the task's name."""
    old = f"{log.task}/"

    def moved(text: str) -> str:
        return f"{name}/{text[len(old) :]}" if text.startswith(old) else text

    _rename(log, "item_id", moved)
    _rename(log, "cluster_id", moved)
    _rename(log, "slice", lambda text: slice_text({**slice_parts(text), "task": plain(name)}))
    task, log.task = plain(log.task), name
    account = log.account
    account.own = [Own(o.log, o.model, plain(name), o.metric, o.name, o.value) for o in account.own]
    account.measures = {
        (plain(name) if t == task else t, m): found for (t, m), found in account.measures.items()
    }
    account.groups = [
        Group(g.name, tuple(plain(name) if t == task else t for t in g.tasks))
        for g in account.groups
    ]


def _rename(log: Log, column: str, change: Callable[[str], str]) -> None:
    log.table = rename(log.table, column, change)
