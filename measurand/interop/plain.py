"""Plain tables (CSV, TSV, Excel, Parquet, JSON): a row per item, model and repeat.

Columns are found by the names of the results table (``item_id``, ``value``, ``model``, ``metric``,
``repeat``, ``cluster_id``, ``status``), or by what the user says; fields of records are named
``record.field``. Several score columns give several metrics. One column has to name the item, one
(``document``) may hold what the item says; without a model column the file's name is the model.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

import numpy as np
import pyarrow as pa

from measurand import summary_rows, understanding
from measurand.columns import labels, numbers, parse, shown
from measurand.errors import InputError
from measurand.guesses import code_warnings
from measurand.interop.account import Account, first
from measurand.interop.contents import Contents
from measurand.interop.rows import NOBODY, Collector, Log, Wish, plain
from measurand.packed import name_of
from measurand.responses import Responses, read_file
from measurand.results import STATUSES, slice_text

SYSTEM = "table"
SUFFIXES = (".csv", ".tsv", ".parquet", ".pq", ".xlsx")
LINES = (".jsonl", ".ndjson", ".json")
"""Read where they are named; in a folder they may be anything."""
_ALIASES = {
    "item_id": (
        *("id", "item", "sample_id", "question_id", "task_id", "doc_id", "instance_id"),
        *("problem_id", "example_id", "prompt_id", "qid"),
    ),
    "value": (
        *("score", "correct", "is_correct", "passed", "pass", "success", "resolved", "solved"),
        *("acc", "accuracy", "exact_match", "rating"),
    ),
    "model": ("model_name", "model_id", "llm"),
    "metric": ("metric_name", "scorer"),
    "repeat": ("epoch", "trial", "attempt", "rollout"),
    "cluster_id": ("cluster",),
}
"""Names under which others write these, in lower case; taken, and said, where a table has one."""
_FAULTS = frozenset(("error", "errors", "error_message", "exception", "failure_reason"))
"""Columns in which others say that there was no answer, in lower case."""
_SHARD = re.compile(r"[-_.]?(part[-_.]\d+(-[-\w]+)?|\d{5}-of-\d{5})")
"""What tells the parts of one table apart, such as ``-00000-of-00002`` or ``part-0``."""
_SHORTENED = re.compile(r"\d(\.\d+)?E\+\d\d", re.ASCII)
"""A long number as spreadsheets show it; what they show is what they save as CSV."""
_MOST_NAMED = 12
ROLES = ("item_id", "value", "model", "metric", "repeat", "cluster_id", "status", "document")


def logs(path: Path) -> list[Path]:
    """Tables at or below ``path``."""
    if path.is_file():
        return [path] if _is_table(path, (*SUFFIXES, *LINES)) else []
    return sorted(p for p in path.rglob("*") if p.is_file() and _is_table(p))


def _is_table(file: Path, suffixes: tuple[str, ...] = SUFFIXES) -> bool:
    return PurePath(name_of(file)).suffix.lower() in suffixes


def read(files: list[Path], wish: Wish) -> tuple[list[Log], list[str]]:
    """Rows of each file, and notes.

    Raises:
        InputError: code ``no_column``, ``bad_value``, ``bad_status`` or ``no_content``; a cell that
            is no number is named with its row.
    """
    found = []
    notes: list[str] = []
    for file in files:
        responses = read_file(file, dialect=wish.dialect)
        found.append(of_responses(responses, file, wish, notes))
    return found, [*notes, *alike(found)]


def alike(logs: list[Log]) -> list[str]:
    """A note on items of different models whose ids differ in form alone: they are not paired."""
    models: dict[str, set[str]] = {}
    for log in logs:
        columns = (log.table.column(name).to_pylist() for name in ("item_id", "model"))
        for item, model in set(zip(*columns, strict=True)):
            models.setdefault(item, set()).add(model)
    forms: dict[str, list[str]] = {}
    for item in models:
        forms.setdefault(_form(item), []).append(item)
    apart = [
        names
        for names in forms.values()
        if len(names) > 1 and not models[names[0]] & models[names[1]]
    ]
    if not apart:
        return []
    one, two = (ascii(name) for name in apart[0][:2])
    return [
        f"{len(apart):,} items of different models have ids that differ in form alone (capitals, "
        f"blanks, composed characters, leading zeros, the hour of a date), such as {one} and "
        f"{two}: they are two items here."
    ]


def _form(item: str) -> str:
    """What an id is, however it is written."""
    text = unicodedata.normalize("NFKC", item).casefold().strip().removeprefix("'")
    text = re.sub(r"[ t]00:00(:00(\.0+)?)?(z|\+00:00)?$", "", text)
    number = parse(text) if text[:1] in "+-.0123456789" else None
    return text if number is None else f"{number:.17g}"


def of_responses(responses: Responses, file: Path, wish: Wish, notes: list[str]) -> Log:
    """A table in memory as a log; ``file`` names it, and the model where no column does.

    Raises:
        InputError: as :func:`read`.
    """
    account = Account()
    table = _read(responses, file, wish, notes)
    notes += _not_used(responses, _roles(responses, wish)) + _shortened(responses.name, table)
    account.read.append((str(file), table.num_rows))
    if wish.describe:
        account.columns += understanding.columns(responses, _roles(responses, wish))
    account.understood += responses.understood
    return Log(str(file), table, "", "", account)


def _shortened(name: str, table: pa.Table) -> list[str]:
    """A note on ids of which a spreadsheet kept the first digits alone."""
    items = table.column("item_id").unique().to_pylist()
    found = [item for item in items if _SHORTENED.fullmatch(item)]
    if not found:
        return []
    return [
        f"{name}: {len(found):,} items are named such as {found[0]}: a spreadsheet shortened long "
        "numbers, and items that differed in the digits that are lost are one here. Save the table "
        "with ids as text."
    ]


def roles(columns: Mapping[str, str]) -> dict[str, str]:
    """Columns by role, as they are.

    Raises:
        InputError: code ``bad_argument``: there is no such role.
    """
    for role, column in columns.items():
        if role not in ROLES or not column:
            raise InputError(
                f"--map {role}={column}",
                hint=f"ROLE=COLUMN with a role of {', '.join(ROLES)}",
                code="bad_argument",
            )
    return dict(columns)


def _not_used(table: Responses, roles: Mapping[str, str]) -> list[str]:
    """Say which columns are not used; a note where one of them tells of failures."""
    idle = [name for name in table.names if name and name not in roles]
    if idle:
        table.say(f"{table.name}: columns that are not used: {first(idle, _MOST_NAMED)}.")
    notes = []
    for name in idle:
        failed = name.strip().lower() in _FAULTS and _filled(table, name)
        if failed and "status" not in roles.values():
            notes.append(
                f"{table.name}: column {name!r} is not used: {failed:,} rows have something in it "
                "and count by their score; a column `status` with infra_error leaves rows out."
            )
    return notes


def _filled(table: Responses, name: str) -> int:
    """Cells that say anything but no, none or nought."""
    none = ("false", "0", "0.0", "ok", "no", "[]", "{}")
    return sum(
        label is not None and label.lower() not in none for label in labels(table.column(name))
    )


def _roles(table: Responses, wish: Wish) -> dict[str, str]:
    """What each column is taken for."""
    found = {_column(table, role, wish): role for role in ROLES}
    found |= dict.fromkeys(wish.by, "slice")
    found |= dict.fromkeys(wish.values, "value")
    if wish.cluster is not None:
        found[wish.cluster] = "cluster_id"
    return {name: role for name, role in found.items() if name in table.names}


def _read(table: Responses, file: Path, wish: Wish, notes: list[str]) -> pa.Table:
    def named(role: str, *, required: bool = False) -> list[str | None] | None:
        column = _column(table, role, wish)
        if column in table.names:
            return table.ids(column)
        if required or role in wish.columns:
            raise _no_column(table, column, f"--map {role}=COLUMN")
        return None

    n = table.n_rows
    items = named("item_id", required=True)
    assert items is not None
    if None in items:
        raise InputError(
            f"{table.name}: row {items.index(None) + 1} names no item",
            hint="every row needs an item",
            code="no_item",
        )
    models = named("model") or [wish.model or _model_of(table, file)] * n
    documents = [None if d is None else _sha256(d) for d in named("document") or [None] * n]
    if wish.by_content:
        known = Contents()
        items = [
            known.name(d, str(i), f"{table.name}, row {at}", str(m))
            for at, (d, i, m) in enumerate(zip(documents, items, models, strict=True), 1)
        ]
    if wish.model is not None:
        models = [wish.model] * n
    metrics, repeats = named("metric"), named("repeat")
    for role, given in (("model", models), ("metric", metrics)):
        if given is not None and None in given:
            raise InputError(
                f"{table.name}: row {given.index(None) + 1} names no {role}",
                hint=f"every row needs a {role}, or the column is not mapped",
                code="no_name",
            )
    clusters = _cluster(table, wish, items)
    # A status that is asked for as a score is none of a call.
    scored = "status" not in wish.columns and _column(table, "status", wish) in wish.values
    statuses = (None if scored else named("status")) or [None] * n
    groups = [_labels(table, field) for field in wish.by]
    rows = Collector()
    columns = wish.values or (_column(table, "value", wish),)
    scores = [_scores(table, column, wish.scale) for column in columns]
    kept = _no_summaries(table, [str(i) for i in items], models, metrics, scores)
    for column, values in zip(columns, scores, strict=True):
        notes += code_warnings([values[kept]], f"{table.name}, {column}")
        names = [column] * n if metrics is None else metrics
        for i in kept:
            parts = {f: plain(g[i]) for f, g in zip(wish.by, groups, strict=True)}
            status, reason = _status(table.name, i, statuses[i], values[i])
            rows.add(
                *(str(models[i]), str(names[i]), items[i], _repeat(table.name, repeats, i)),
                *(str(clusters[i]), float(values[i]) if status == "ok" else None),
                *(status, reason, slice_text(parts), documents[i] or NOBODY, documents[i]),
            )
    return rows.table()


def _no_summaries(
    table: Responses,
    items: list[str],
    models: Sequence[str | None],
    metrics: Sequence[str | None] | None,
    scores: list[np.ndarray],
) -> list[int]:
    """Rows that are items, without those that sum up the others of their model."""
    groups = list(zip(models, metrics or [None] * len(items), strict=True))
    gone, left = summary_rows.of_items(items, groups, scores)
    summed = "sum up the others of their model and are left out"
    for rows, what in ((gone, summed), (left, "count as the others do")):
        if rows:
            names = first(sorted({items[row] for row in rows}))
            table.say(f"{table.name}: {len(rows):,} rows named {names} {what}.")
    return sorted(set(range(len(items))) - set(gone))


def _column(table: Responses, role: str, wish: Wish) -> str:
    """The column of a role: as the user says, of the role's name, or the one of a name like it."""
    if role in wish.columns or role in table.names:
        return wish.columns.get(role, role)
    plainly = {name: name.strip().lower() for name in table.names}
    for known in ((role,), _ALIASES.get(role, ())):
        found = [name for name, word in plainly.items() if word in known]
        if len(found) == 1 and (role != "repeat" or _counts(table, found[0])):
            found_it = f"{table.name}: column {found[0]!r} is taken for {role}"
            table.say(f"{found_it} (--map {role}=COLUMN).")
            return found[0]
    return role


def _counts(table: Responses, name: str) -> bool:
    """Whether a column holds nothing but whole numbers from 0 on, as repeats have."""
    found = numbers(table.column(name))
    x = found.values[~np.isnan(found.values)]
    return not found.n_bad and len(x) == table.n_rows and bool(((x >= 0) & (x % 1 == 0)).all())


def _model_of(table: Responses, file: Path) -> str:
    """The model of a table that names none: its file; of the parts of a table, what they share."""
    stem = PurePath(name_of(file)).stem
    part = _SHARD.search(stem)
    if part is None or part.end() != len(stem):
        return stem
    name = stem[: part.start()] or file.resolve().parent.name or stem
    table.say(f"{table.name}: a part of {name}, which names the model (--model).")
    return name


def _cluster(table: Responses, wish: Wish, items: list[str | None]) -> list[str | None]:
    column = wish.cluster or _column(table, "cluster_id", wish)
    if column not in table.names:
        if wish.cluster is not None or "cluster_id" in wish.columns:
            raise _no_column(table, column, "--cluster COLUMN")
        return items
    found = labels(table.column(column))
    if None in found:
        raise InputError(
            f"{table.name}: row {found.index(None) + 1} has no cluster in {column!r}",
            hint="every row needs one",
            code="no_cluster",
        )
    return found


def _labels(table: Responses, field: str) -> list[str | None]:
    if field not in table.names:
        raise _no_column(table, field, "--by COLUMN")
    return labels(table.column(field))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _scores(table: Responses, column: str, scale: Mapping[str, float]) -> np.ndarray:
    if column not in table.names:
        raise _no_column(table, column, "--values COLUMN ...")
    found = table.numbers(column, scale)
    if found.n_bad:
        cells = ", ".join(f"row {row}: {cell!r}" for row, cell in found.bad)
        raise InputError(
            f"{table.name}: {found.n_bad} cells of {column!r} are no numbers ({cells})",
            hint="scores are plain decimals; leave a missing one empty, or name what means none "
            "with --missing-codes; give --scale WORD=NUMBER ... for words",
            code="bad_value",
        )
    return found.values


def _status(name: str, i: int, given: str | None, value: float) -> tuple[str, str | None]:
    given = None if given is None else given.strip().lower()
    if given is not None and given not in STATUSES:
        raise InputError(
            f"{name}: row {i + 1}: status {given!r}",
            hint=f"one of {', '.join(STATUSES)}; rename the column if it tells something else",
            code="bad_status",
        )
    missing = bool(np.isnan(value))
    status = given or ("skipped" if missing else "ok")
    if status == "ok" and missing:
        return "skipped", "no value"
    return status, None if status == "ok" else "no value" if given is None else given


def _repeat(name: str, repeats: list[str | None] | None, i: int) -> int:
    text = None if repeats is None else repeats[i]
    if text is None:
        return 0
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not (0 <= number <= 32767 and number == int(number)):
        raise InputError(
            f"{name}: row {i + 1}: repeat {text!r}", hint="0, 1, 2, ...", code="bad_value"
        )
    return int(number)


def _no_column(table: Responses, column: str, how: str) -> InputError:
    return InputError(
        f"{table.name} has no column {column!r}; it has {shown(list(table.names))}",
        hint=f"name it with {how}",
        code="no_column",
    )
