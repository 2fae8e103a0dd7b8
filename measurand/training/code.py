"""Which code decides a result: what a module uses of itself and of others, without docstrings."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_ENGINE = ("models", "stats.resample", "training", "web")
TRAINING = ("pipelines", "schemas", *(f"measurand.{name}" for name in _ENGINE))
"""Packages whose code decides a training, among what it imports; the rest of the engine writes
tables, messages and progress."""
MEASURING = (*TRAINING, "evaluators", "measurand.stats")
"""Packages whose code decides what is measured of it."""
ASIDE = frozenset(
    {("measurand.training.device", "peak_of"), ("measurand.training.code", "code_of")}
)
"""What is only written beside weights: how fast a device could be, and this identity."""
ALL = "*"

Part = tuple[str, str]
"""Module, and a name at its top or :data:`ALL`."""


def code_of(*files: Path, rooms: tuple[str, ...] = TRAINING) -> str:
    """Identity of the code of some modules: 16 hexadecimal digits.

    All of these modules counts, and of what they import from ``rooms`` the functions, classes and
    constants that are used, and those that these use, imports inside functions too. Comments and
    docstrings do not count; nor does a backend of models that is loaded by name, which has a
    fingerprint of its own.

    Args:
        files: modules of systems, each as ``<root>/<room>/<system>/<module>.py``.
        rooms: packages whose code counts.
    """
    found: dict[Part, str] = {}
    for file in files:
        root = file.parents[2]
        start = ".".join(file.relative_to(root).with_suffix("").parts)
        _follow(root, (start, ALL), rooms, found)
    digest = hashlib.sha256()
    for (module, name), text in sorted(found.items()):
        digest.update(f"{module} {name} {text}\n".encode())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class _Statement:
    """One statement at the top of a module: its code, and what it refers to."""

    text: str
    names: frozenset[str]
    imports: tuple[Part, ...]


@dataclass(frozen=True)
class _Module:
    """Statements by the name that they bind, those that bind none, and imported names."""

    bound: dict[str, tuple[_Statement, ...]]
    others: tuple[_Statement, ...]
    imported: dict[str, Part]


def _follow(root: Path, start: Part, rooms: tuple[str, ...], found: dict[Part, str]) -> None:
    ahead, seen = [start], set(ASIDE)
    while ahead:
        part = ahead.pop()
        module, name = part
        if part in seen or not any(f"{module}.".startswith(f"{room}.") for room in rooms):
            continue
        seen.add(part)
        inner = None if name == ALL else _file(root, f"{module}.{name}")
        path = _file(root, module)
        if inner is not None:
            ahead.append((f"{module}.{name}", ALL))
        elif path is not None:
            ahead += _used(module, name, _read(path.read_bytes()), found)


def _used(module: str, name: str, code: _Module, found: dict[Part, str]) -> Iterator[Part]:
    """Note the statements behind a name, and yield what they refer to."""
    if name in code.imported:
        yield code.imported[name]
        return
    if name == ALL or name not in code.bound:
        yield from ((module, other) for other in (*code.bound, *code.imported))
        statements = code.others
        name = ALL
    else:
        statements = (*code.bound[name], *code.others)
    found[module, name] = "\n".join(one.text for one in statements)
    for one in statements:
        yield from one.imports
        yield from ((module, n) for n in sorted(one.names) if n in code.bound)
        yield from (code.imported[n] for n in sorted(one.names) if n in code.imported)


def _file(root: Path, name: str) -> Path | None:
    """File of a module or package, None for a name inside a module."""
    # A project's engine may be installed elsewhere.
    top = root if (root / name.partition(".")[0]).is_dir() else Path(__file__).parents[2]
    path = top.joinpath(*name.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@lru_cache(maxsize=1024)
def _read(source: bytes) -> _Module:
    tree = ast.parse(source)
    bound: dict[str, tuple[_Statement, ...]] = {}
    others: list[_Statement] = []
    imported: dict[str, Part] = {}
    for node in _bare(tree).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported |= dict(_imports(node))
            continue
        inside = [i for i in ast.walk(node) if isinstance(i, ast.Import | ast.ImportFrom)]
        one = _Statement(
            ast.unparse(node),
            frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name)),
            tuple(part for each in inside for _, part in _imports(each)),
        )
        names = list(_binds(node))
        for name in names:
            bound[name] = (*bound.get(name, ()), one)
        if not names:
            others.append(one)
    return _Module(bound, tuple(others), imported)


def _bare(tree: ast.Module) -> ast.Module:
    """Without strings that stand alone: docstrings, and those below constants."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _is_text(one)] or [ast.Pass()]  # type: ignore[attr-defined]
    return tree


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Part]]:
    """(name here, what it is)."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield alias.asname or alias.name.partition(".")[0], (alias.name, ALL)
        elif node.module:
            yield alias.asname or alias.name, (node.module, alias.name)


def _binds(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
