"""The stages of ``dvc.yaml`` and what ``dvc.lock`` says of their last run, read without DVC.

Of ``dvc.yaml`` what this project uses is understood: plain stages, ``foreach`` over a list (written
out, or named in ``params.yaml``) with ``${item}``, dependencies, parameters, outputs and metrics.
Whatever else a file may hold is refused, not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measurand import yamls
from measurand.errors import InputError

OUTPUTS = ("outs", "metrics", "plots")
_KNOWN = {"cmd", "deps", "params", "desc", "frozen", *OUTPUTS}
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        name: ``build`` or ``build@personality``.
        cmd: its command line.
        deps: paths that it reads.
        params: parameter file -> keys that it reads; no keys means the whole file.
        outs: paths that it writes.
    """

    name: str
    cmd: str
    deps: tuple[str, ...] = ()
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outs: tuple[str, ...] = ()


def read_stages(root: Path) -> dict[str, Stage]:
    """Stages by name, each after the stages whose outputs it reads.

    Raises:
        InputError: code ``bad_graph``: the file cannot be read or uses what is not understood.
    """
    raw = _load(root / "dvc.yaml")
    values = _load(root / "params.yaml") if (root / "params.yaml").exists() else {}
    found: dict[str, Stage] = {}
    for name, body in _mapping(raw.get("stages") or {}, "stages").items():
        for full, one in _expanded(name, _mapping(body, name), values):
            found[full] = _stage(full, one)
    return _ordered(found)


def read_lock(root: Path) -> dict[str, dict[str, Any]]:
    """What the last run of each stage recorded, by name; empty without a lock.

    Raises:
        InputError: code ``bad_graph``: the lock cannot be read.
    """
    path = root / "dvc.lock"
    if not path.exists():
        return {}
    return dict(_mapping(_load(path).get("stages") or {}, "dvc.lock"))


def upstream(stages: Mapping[str, Stage]) -> dict[str, tuple[str, ...]]:
    """For each stage, those whose outputs it reads."""
    makers = [(out, stage.name) for stage in stages.values() for out in stage.outs]
    return {
        name: tuple(
            dict.fromkeys(maker for dep in stage.deps for out, maker in makers if _inside(dep, out))
        )
        for name, stage in stages.items()
    }


def _inside(dep: str, out: str) -> bool:
    return dep == out or dep.startswith(out + "/") or out.startswith(dep + "/")


def _expanded(
    name: str, body: Mapping[str, Any], values: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "foreach" not in body:
        yield name, _filled(body, values)
        return
    if set(body) != {"foreach", "do"}:
        raise _strange(name, f"keys {sorted(set(body) - {'foreach', 'do'})} beside foreach")
    items = _filled(body["foreach"], values)
    if not isinstance(items, list):
        raise _strange(name, "foreach over something other than a list")
    for item in items:
        yield f"{name}@{item}", _filled(body["do"], {**values, "item": item})


def _filled(part: Any, values: Mapping[str, Any]) -> Any:
    """``part`` with every ``${name}`` replaced."""
    if isinstance(part, str):
        whole = _VARIABLE.fullmatch(part)
        if whole:
            return _value(whole[1], values)
        return _VARIABLE.sub(lambda found: str(_value(found[1], values)), part)
    if isinstance(part, list):
        return [_filled(one, values) for one in part]
    if isinstance(part, dict):
        return {_filled(key, values): _filled(one, values) for key, one in part.items()}
    return part


def _value(name: str, values: Mapping[str, Any]) -> Any:
    here: Any = values
    for key in name.strip().split("."):
        if not isinstance(here, Mapping) or key not in here:
            raise _strange("dvc.yaml", f"no value for ${{{name}}}")
        here = here[key]
    return here


def _stage(name: str, body: Mapping[str, Any]) -> Stage:
    if unknown := sorted(set(body) - _KNOWN):
        raise _strange(name, f"keys {unknown}")
    cmd = body.get("cmd")
    if not isinstance(cmd, str):
        raise _strange(name, "a command that is no single line")
    params: dict[str, tuple[str, ...]] = {}
    for entry in body.get("params") or ():
        if isinstance(entry, str):
            params["params.yaml"] = (*params.get("params.yaml", ()), entry)
        else:
            for file, keys in _mapping(entry, f"{name}: params").items():
                params[file] = (*params.get(file, ()), *(keys or ()))
    outs = [_path(entry) for kind in OUTPUTS for entry in body.get(kind) or ()]
    return Stage(name, cmd, tuple(map(_path, body.get("deps") or ())), params, tuple(outs))


def _path(entry: Any) -> str:
    """A path, which may carry options: ``reports/x: {cache: false}``."""
    if isinstance(entry, str):
        return entry
    return str(next(iter(_mapping(entry, "outs"))))


def _ordered(stages: dict[str, Stage]) -> dict[str, Stage]:
    before = upstream(stages)
    found: dict[str, Stage] = {}
    waiting = list(stages)
    while waiting:
        ready = [name for name in waiting if all(one in found for one in before[name])]
        if not ready:
            raise _strange("dvc.yaml", f"stages that wait for each other: {sorted(waiting)}")
        found |= {name: stages[name] for name in ready}
        waiting = [name for name in waiting if name not in found]
    return found


def _load(path: Path) -> Mapping[str, Any]:
    try:
        return _mapping(yamls.load(path) or {}, str(path))
    except InputError as error:
        raise InputError(Exception.__str__(error), hint=error.hint, code="bad_graph") from error
    except OSError as error:
        hint = "mend the file"
        raise InputError(f"{path}: {error.strerror}", hint=hint, code="bad_graph") from error


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _strange(where, f"{type(value).__name__} where a mapping belongs")
    return value


def _strange(where: str, what: str) -> InputError:
    return InputError(
        f"{where}: {what}", hint="this is not understood here; ask `dvc status`", code="bad_graph"
    )
