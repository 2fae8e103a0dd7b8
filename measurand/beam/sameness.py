"""The same code in every worker: what each process is asked before the first row.

Every step that travels carries a question. Beam's workers ask it when they read the step, before
they give it a row, so that a process with other code, other packages or without the folder of the
build ends the job and writes nothing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import platform
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand.beam.work import places_of
from measurand.errors import PlaceError, WorkerError

if TYPE_CHECKING:
    from apache_beam import Pipeline

PACKAGES = {
    "apache-beam": "apache_beam",
    "ale-py": "ale_py",
    "av": "av",
    "chess": "chess",
    "cloudpickle": "cloudpickle",
    "lxml": "lxml",
    "minatar": "minatar",
    "numpy": "numpy",
    "polars": "polars",
    "pyarrow": "pyarrow",
    "pydantic": "pydantic",
    "reasoning-gym": "reasoning_gym",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "shapely": "shapely",
    "sympy": "sympy",
    "tokenizers": "tokenizers",
    "torch": "torch",
    "transformers": "transformers",
    "vllm": "vllm",
    "unified-planning": "unified_planning",
    "warcio": "warcio",
}
"""Distributions that the bytes of a dataset may depend on, and the module of each."""
_KNOWN = {"apache_beam", "measurand", "__main__", *sys.stdlib_module_names}
_GUARD = "_measurand_same_code"
_ASKED: ContextVar[list[dict[str, Any]] | None] = ContextVar("asked", default=None)


@contextmanager
def recorded() -> Iterator[list[dict[str, Any]]]:
    """What the workers of each job within this block were asked."""
    asked: list[dict[str, Any]] = []
    before = _ASKED.set(asked)
    try:
        yield asked
    finally:
        _ASKED.reset(before)


def ask_workers(built: Pipeline) -> None:
    """Put the question into every step of a pipeline, before it is handed over."""
    from apache_beam import DoFn
    from apache_beam.pipeline import PipelineVisitor

    found: list[Any] = []

    class Steps(PipelineVisitor):  # type: ignore[misc]
        def visit_transform(self, node: Any) -> None:
            if isinstance(fn := getattr(node.transform, "fn", None), DoFn):
                found.append(fn)

    built.visit(Steps())
    asked = facts({type(fn).__module__ for fn in found} | set(map(_module_of, found)))
    if (record := _ASKED.get()) is not None and asked not in record:
        record.append(asked)
    guard = _Guard(json.dumps({**asked, "places": _places(built)}, sort_keys=True))
    for fn in found:
        # First of its state, so that it is read before what another version may not have.
        fn.__dict__ = {_GUARD: guard, **{k: v for k, v in vars(fn).items() if k != _GUARD}}


def facts(modules: set[str]) -> dict[str, Any]:
    """What this process computes with.

    Args:
        modules: names of the modules that steps come from.

    Returns:
        ``python``: its version. ``packages``: versions of those of :data:`PACKAGES` that this
        process uses; ``others``: of those that are only installed. ``sources``: sha256 over the
        files of Measurand, of each system that is loaded, and of the modules given.
    """
    installed = {name: _version(name) for name in PACKAGES}
    used = {name for name, module in PACKAGES.items() if module in sys.modules}
    return {
        "python": platform.python_version(),
        "packages": {n: v for n, v in installed.items() if v and n in used},
        "others": {n: v for n, v in installed.items() if v and n not in used},
        "sources": {name: sha for name in _packages(modules) if (sha := source_hash(name))},
    }


def differences(asked: Mapping[str, Any]) -> list[str]:
    """What this process has otherwise than was asked, each with both sides."""
    own = platform.python_version()
    pairs: list[tuple[str, str, str | None]] = [("Python", asked["python"], own)]
    pairs += [(name, wanted, _version(name)) for name, wanted in asked["packages"].items()]
    pairs += [(name, wanted, _version(name) or wanted) for name, wanted in asked["others"].items()]
    pairs += [
        (f"source of {name}", wanted[:12], (source_hash(name) or "")[:12] or None)
        for name, wanted in asked["sources"].items()
    ]
    return [
        f"{what}: {wanted} at the driver, {found or 'none'} at the worker"
        for what, wanted, found in pairs
        if wanted != found
    ]


def source_hash(name: str) -> str | None:
    """Sha256 over the names and bytes of a package's files, or a module's; null without it."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    places = [Path(place) for place in spec.submodule_search_locations or ()]
    if not places and spec.origin:
        return _hash([(name, Path(spec.origin))]) if Path(spec.origin).is_file() else None
    return _hash(
        [
            (path.relative_to(place).as_posix(), path)
            for place in places
            for path in sorted(place.rglob("*"))
            if path.is_file() and not _is_made(path.relative_to(place))
        ]
    )


class _Guard:
    """Asks the process that reads it from a step; in the process that made it, nothing."""

    def __init__(self, asked: str) -> None:
        self._asked = asked

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return _answer, (self._asked,)


@cache
def _answer(asked: str) -> None:
    """Compare this process with what was asked; once a process.

    Raises:
        WorkerError: naming everything that differs.
        PlaceError: the folder of the build is not there.
    """
    wanted = json.loads(asked)
    node = platform.node()
    if bad := differences(wanted):
        raise WorkerError(
            f"the worker on {node} has other code: {'; '.join(bad)}",
            hint="give workers the driver's environment and checkout, and start them again",
        )
    for place in wanted["places"]:
        if not Path(place).is_file():
            raise PlaceError(
                f"the worker on {node} does not see {Path(place).parent}, where it has to write",
                hint="driver and workers must share the folder under one path",
            )


def _places(built: Pipeline) -> list[str]:
    """A file in each folder that workers write to, by which they know it."""
    places = []
    for folder in places_of(built):
        place = folder / f".place-{secrets.token_hex(4)}.tmp"
        place.touch()
        places.append(str(place))
    return places


def _module_of(fn: Any) -> str:
    """Where the function that a step wraps was defined."""
    inner = getattr(fn, "_fn", None) or getattr(fn, "fn", None)
    return str(getattr(inner, "__module__", None) or type(fn).__module__)


def _packages(modules: set[str]) -> list[str]:
    """Measurand, the systems that are loaded, and what else the modules belong to."""
    rooms = ("pipelines", "schemas", "evaluators")
    names = {"measurand"}
    for module in [*modules, *(m for m in sys.modules if m.split(".")[0] in rooms[:2])]:
        parts = module.split(".")
        if parts[0] in rooms:
            if len(parts) > 1:
                names.add(".".join(parts[:2]))
        elif parts[0] not in _KNOWN and not _is_installed(module):
            names.add(module)
    return sorted(names)


def _is_installed(module: str) -> bool:
    """Whether a module belongs to a distribution, which its version tells."""
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return "site-packages" in Path(file).parts


def _is_made(path: Path) -> bool:
    """Whether a file is compiled code or an editor's."""
    hidden = any(part.startswith(".") or part == "__pycache__" for part in path.parts)
    return hidden or path.suffix == ".pyc" or path.name.endswith("~")


def _hash(files: list[tuple[str, Path]]) -> str:
    digest = hashlib.sha256()
    for name, path in files:
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
