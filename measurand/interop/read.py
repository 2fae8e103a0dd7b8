"""Whose results lie at a path, and their item rows, with an account of everything given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pyarrow as pa

from measurand.dialects import Dialect
from measurand.errors import InputError
from measurand.interop import (
    chats,
    eee_samples,
    helm,
    inspect_log,
    labels,
    lm_eval,
    plain,
    promptfoo,
    verifiers,
)
from measurand.interop.account import Account, Group, first
from measurand.interop.rows import ItemRows, Log, Wish, finish
from measurand.interop.rows import plain as as_text
from measurand.manifest import MANIFEST, is_foreign
from measurand.results import RESULTS

HARNESSES: dict[str, tuple[ModuleType, str]] = {
    lm_eval.SYSTEM: (lm_eval, lm_eval.HARNESS),
    inspect_log.SYSTEM: (inspect_log, "Inspect"),
    helm.SYSTEM: (helm, helm.HARNESS),
    eee_samples.SYSTEM: (eee_samples, eee_samples.HARNESS),
    verifiers.SYSTEM: (verifiers, verifiers.HARNESS),
    promptfoo.SYSTEM: (promptfoo, promptfoo.HARNESS),
    chats.SYSTEM: (chats, chats.HARNESS),
    plain.SYSTEM: (plain, "plain tables"),
}
_READ = (
    "samples_*.jsonl of lm-eval, .eval and .json of Inspect, runs of HELM, results of verifiers "
)
_READ += "and promptfoo, chat logs with scores, .csv, .tsv, .xlsx, .parquet, also "
_READ += ".gz and .zst, a .jsonl that is named, or our results"
#: Files that harnesses write beside their logs and that hold no results of items.
_COMPANIONS = (
    *("logs.json", "listing.json", "eval-set.json", ".eval-set-id"),
    *("run_spec.json", "scenario.json", "scenario_state.json", "stats.json"),
)


def read(paths: Sequence[Path], wish: Wish) -> ItemRows:
    """Item rows of all logs at or below the paths, which must come from one harness.

    Our own results (a folder with manifests) are read as they are.

    Raises:
        InputError: code ``no_file``, ``no_log``, ``not_read`` (a named file is no results),
            ``two_harnesses``, ``bad_argument`` (an option that the harness has no use for), or
            what a reader raises.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file", hint="check the path", code="no_file")
    if any(map(_ours, paths)):
        return _own(paths, wish)
    system, files, account = _chosen(paths)
    module, origin = HARNESSES[system]
    _refuse_idle(wish, system, origin)
    logs, notes = module.read(files, wish)
    return of_logs(logs, notes, wish, system, account)


def of_logs(
    logs: list[Log],
    notes: list[str],
    wish: Wish,
    system: str = plain.SYSTEM,
    account: Account | None = None,
) -> ItemRows:
    """Item rows of logs that were read: each counted once, runs of one model told apart.

    Raises:
        InputError: what a reader raises.
    """
    account = account or Account()
    logs = _once(logs, account)
    notes = [*notes, *labels.apart(logs, wish)]
    account.join(log.account for log in logs)
    account.groups += _sets(logs)
    origin = HARNESSES[system][1]
    return ItemRows(finish(logs, system, wish, account), origin, tuple(notes), account)


def _chosen(paths: Sequence[Path]) -> tuple[str, list[Path], Account]:
    """The harness, its files, and what else lies at the paths."""
    found = {
        name: list(dict.fromkeys(f for p in paths for f in module.logs(p)))
        for name, (module, _) in HARNESSES.items()
    }
    account = Account()
    twice = _twice(paths, found, account)
    found = {name: [file for file in files if file not in twice] for name, files in found.items()}
    owner = {file: name for name, files in reversed(found.items()) for file in files}
    named = {path: owner.get(path) for path in paths if path.is_file() and path not in twice}
    if unread := [path for path, system in named.items() if system is None]:
        raise InputError(f"{unread[0]}: no results in it", hint=f"give {_READ}", code="not_read")
    # A folder of logs may hold exported tables too; then the logs are meant. A named file is meant.
    present = [name for name in found if name in owner.values()]
    if len(present) > 1 and plain.SYSTEM in present and plain.SYSTEM not in named.values():
        present.remove(plain.SYSTEM)
    if not present:
        raise InputError(
            f"no results at {', '.join(map(str, paths))}", hint=f"give {_READ}", code="no_log"
        )
    if len(present) > 1:
        examples = [f"{n} ({next(f for f in owner if owner[f] == n).name})" for n in present]
        raise InputError(
            f"results of {' and '.join(examples)}",
            hint="one harness at a time",
            code="two_harnesses",
        )
    system = present[0]
    files = [file for file in found[system] if owner[file] == system]
    _others(paths, [*files, *twice], owner, HARNESSES[system][1], account)
    return system, files, account


def _twice(
    paths: Sequence[Path], found: Mapping[str, Sequence[Path]], account: Account
) -> set[Path]:
    """Files that are left out: hidden ones of a folder, and links to files that are given too.

    A system keeps copies under hidden names: ``._x.csv``, ``.ipynb_checkpoints/``. The file itself
    is kept where a link to it lies beside it.
    """
    every = dict.fromkeys(file for files in found.values() for file in files)
    out: set[Path] = set()
    for folder in (path for path in paths if path.is_dir()):
        for file in every:
            if file not in paths and file.is_relative_to(folder):
                parts = file.relative_to(folder).parts
                if any(part.startswith(".") for part in parts):
                    account.leave("file", "/".join(parts), "hidden: give it by its name")
                    out.add(file)
    kept: dict[Path, Path] = {}
    for file in sorted((f for f in every if f not in out), key=Path.is_symlink):
        known = kept.setdefault(file.resolve(), file)
        # Links to one file elsewhere, as a cache makes them, may be two results that are equal.
        if known is not file and not known.is_symlink():
            account.leave("file", str(file), f"the same file as {known}")
            out.add(file)
    return out


def _others(
    paths: Sequence[Path],
    files: Sequence[Path],
    owner: dict[Path, str],
    origin: str,
    account: Account,
) -> None:
    """Name the files of the given folders that are not read."""
    taken, endings = set(files), Counter[str]()
    lm = origin == HARNESSES[lm_eval.SYSTEM][1]
    results = {lm_eval.results_file(file) for file in files} if lm else set()
    for folder in (path for path in paths if path.is_dir()):
        for file in sorted(folder.rglob("*")):
            if file.is_symlink() and not file.exists():
                account.leave("file", str(file.relative_to(folder)), "a link to nothing")
            if not file.is_file() or file in taken or file.name in _COMPANIONS:
                continue
            if file in owner:
                why = f"a table beside logs of {origin}: give it alone"
                account.leave("file", str(file.relative_to(folder)), why)
            elif file in results:
                continue
            elif file.suffix == ".json" and (
                file.name.startswith("results_") or (results and file.name == "results.json")
            ):
                why = "results without samples: run with --log_samples"
                account.leave("file", str(file.relative_to(folder)), why)
            else:
                endings[file.suffix or file.name] += 1
    if endings:
        kinds = first(sorted(endings))
        account.understood.append(f"{endings.total():,} other files hold no results ({kinds}).")


def _refuse_idle(wish: Wish, system: str, origin: str) -> None:
    """Refuse options that would be ignored."""
    if system == plain.SYSTEM:
        return
    idle = {
        "--map": wish.columns,
        "--values": wish.values,
        "--separator, --missing-codes and others": wish.dialect != Dialect(),
    }
    if system == lm_eval.SYSTEM:
        idle |= {"--scale": wish.scale}
    if given := [option for option, value in idle.items() if value]:
        raise InputError(
            f"{given[0]} has no use for logs of {origin}",
            hint="leave it out: the logs say what their fields mean",
            code="bad_argument",
        )


def _once(logs: list[Log], account: Account) -> list[Log]:
    """Logs without second copies of one run: converted ones, and those that were begun again."""
    last: dict[tuple[str, str, str], Log] = {}
    for log in logs:
        run = (log.more.get("task_id") or log.name, log.model, log.task)
        last[run] = max(last.get(run, log), log, key=lambda one: one.more.get("date", ""))
    kept: dict[str, Log] = {}
    for log in logs:
        again = last[log.more.get("task_id") or log.name, log.model, log.task]
        if again.more.get("eval_id") != log.more.get("eval_id"):
            account.leave("file", log.name, f"begun again as {again.name}, samples carried over")
            continue
        key = log.more.get("eval_id") or log.name
        if key in kept:
            account.leave("file", log.name, f"the same run as {kept[key].name}")
        else:
            kept[key] = log
    return list(kept.values())


def _sets(logs: Sequence[Log]) -> list[Group]:
    """Tasks that were run as one set."""
    tasks: dict[str, dict[str, None]] = {}
    for log in logs:
        if name := log.more.get("set"):
            tasks.setdefault(name, {})[as_text(log.task)] = None
    return [Group(f"set {name}", tuple(found)) for name, found in tasks.items() if len(found) > 1]


def _ours(path: Path) -> bool:
    return path.is_dir() and any(not is_foreign(m) for m in path.rglob(MANIFEST))


def _own(paths: Sequence[Path], wish: Wish) -> ItemRows:
    from measurand.gates.reading.evidence import items_path, load_items

    if strange := [path for path in paths if not _ours(path)]:
        raise InputError(
            f"{strange[0]}: no results of ours, as {next(filter(_ours, paths))} is",
            hint="one kind of results at a time",
            code="two_harnesses",
        )
    if wish != replace(Wish(), reruns=wish.reruns, describe=wish.describe):
        raise InputError(
            "our own results name their models, clusters and slices themselves",
            hint="leave out --cluster, --by, --model, --label, --map, --values, --scale and others",
            code="bad_argument",
        )
    found = [load_items(items_path(path)) for path in paths]
    notes = [
        f"{e.where}: a partial run (--limit): good for looking, not for deciding."
        for e in found
        if e.partial
    ]
    table = pa.concat_tables([e.table for e in found], promote_options="default")
    key = list(RESULTS.key)
    distinct = table.group_by(key, use_threads=False).aggregate([]).num_rows
    if distinct < table.num_rows:
        raise InputError(
            f"{table.num_rows - distinct:,} rows occur twice: several runs of one model",
            hint="give one run's results, or compare two with `measurand compare`",
            code="reruns",
        )
    account = Account(read=[(e.where, e.table.num_rows) for e in found])
    return ItemRows(table, "Measurand", tuple(notes), account)
