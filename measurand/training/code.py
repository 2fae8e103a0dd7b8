"""Which code decides a result: modules and what they import, without comments and docstrings."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_ENGINE = ("models", "stats.resample", "training", "web")
TRAINING = ("pipelines", "schemas", *(f"measurand.{name}" for name in _ENGINE))
"""Packages whose code decides a training, among what it imports; the rest of the engine writes
tables, messages and progress."""
MEASURING = (*TRAINING, "evaluators", "measurand.stats")
"""Packages whose code decides what is measured of it."""


def code_of(*files: Path, rooms: tuple[str, ...] = TRAINING) -> str:
    """Identity of the code of some modules: 16 hexadecimal digits.

    All that they import from ``rooms`` counts, imports inside functions too; a backend of models
    that is loaded by name does not, and has a fingerprint of its own.

    Args:
        files: modules of systems, each as ``<root>/<room>/<system>/<module>.py``.
        rooms: packages whose code counts.
    """
    found: dict[str, str] = {}
    for file in files:
        root = file.parents[2]
        _follow(root, ".".join(file.relative_to(root).with_suffix("").parts), rooms, found)
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(f"{name} {found[name]}\n".encode())
    return digest.hexdigest()[:16]


def _follow(root: Path, start: str, rooms: tuple[str, ...], found: dict[str, str]) -> None:
    ahead = [start]
    while ahead:
        name = ahead.pop()
        path = _file(root, name)
        if name in found or path is None:
            continue
        found[name], named = _read(path.read_bytes())
        ahead += [one for one in named if any(f"{one}.".startswith(f"{room}.") for room in rooms)]


def _file(root: Path, name: str) -> Path | None:
    """File of a module or package, None for a name inside a module."""
    # A project's engine may be installed elsewhere.
    top = root if (root / name.partition(".")[0]).is_dir() else Path(__file__).parents[2]
    path = top.joinpath(*name.split("."))
    return next(
        (p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _read(source: bytes) -> tuple[str, tuple[str, ...]]:
    """Hash of a module's code, and the names that it may import."""
    tree = ast.parse(source)
    named = tuple(_imports(tree))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # Strings that stand alone: docstrings, and those below constants.
            node.body = [one for one in body if not _is_text(one)] or [ast.Pass()]  # type: ignore[attr-defined]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest(), named


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
