"""Where a project's files lie, and which systems stand in it."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from measurand.errors import InputError


@dataclass(frozen=True)
class System:
    """The file shape that every system shares.

    Attributes:
        name: the one word that names the system everywhere.
        root: the project's root.
    """

    name: str
    root: Path

    @property
    def params(self) -> Path:
        """The parameter file in force."""
        return self.root / "params" / f"{self.name}.yaml"

    @property
    def dataset(self) -> Path:
        """Folder that ``build`` writes."""
        return self.root / "data" / self.name / "dataset"

    @property
    def checkpoint(self) -> Path:
        """Folder that ``train`` writes."""
        return self.root / "data" / self.name / "checkpoint"

    @property
    def reports(self) -> Path:
        """Folder of everything that can be read."""
        return self.root / "reports" / self.name

    @property
    def results(self) -> Path:
        """Folder that ``evaluate`` writes."""
        return self.reports / "results"

    @property
    def journal(self) -> Path:
        """Folder of the model calls; outside every DVC output, since DVC empties those."""
        return self.root / "journal" / self.name

    @property
    def studies(self) -> Path:
        """Folder of figures of repeated trainings; small, in git."""
        return self.root / "studies" / self.name

    @property
    def gates(self) -> Path:
        """The gate file."""
        return self.root / "gates" / f"{self.name}.yaml"

    def module(self, kind: str) -> ModuleType:
        """Import a module of the system.

        Args:
            kind: ``schemas`` (the front page), ``params``, ``tables``, ``dataset``, ``train``,
                ``evaluate`` or ``report``.

        Raises:
            InputError: the system has no such module.
        """
        path = {
            "schemas": f"schemas.{self.name}",
            "params": f"schemas.{self.name}.params",
            "tables": f"schemas.{self.name}.tables",
            "dataset": f"pipelines.{self.name}.dataset",
            "train": f"pipelines.{self.name}.train",
            "evaluate": f"evaluators.{self.name}.evaluate",
            "report": f"evaluators.{self.name}.report",
        }[kind]
        try:
            return importlib.import_module(path)
        except ModuleNotFoundError as error:
            if error.name is not None and path.startswith(error.name):
                raise InputError(
                    f"{self.name} has no module {path}", hint="see docs/architecture.md"
                ) from error
            raise

    def has_training(self) -> bool:
        """Whether the system has a training stage."""
        import importlib.util

        return importlib.util.find_spec(f"pipelines.{self.name}.train") is not None


def find_root(start: Path | None = None) -> Path:
    """The nearest folder upwards that holds ``params.yaml`` and ``dvc.yaml``.

    Raises:
        InputError: there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file():
            return folder
    raise InputError(
        f"no project here: {here} and the folders above hold no params.yaml with dvc.yaml",
        hint="change into the project's folder",
    )


def make_importable(root: Path) -> None:
    """Let this process, and those that it starts, import the systems of a project.

    They are packages beside ``params.yaml``. An editable install has them on the path already.
    """
    here = str(root)
    if here not in sys.path:
        sys.path.append(here)
        # Workers of a build import them by name.
        known = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (known, here)))


def root_or_here() -> Path:
    """The project's root; where there is none the working folder, which is said once on stderr.

    For what is kept beside the work, such as fetched sources: a build can be run away from a
    project, and then its sources and models are looked for and kept where it was called.
    """
    try:
        return find_root()
    except InputError:
        here = Path.cwd()
        _say_where(here)
        return here


@cache
def _say_where(here: Path) -> None:
    print(f"no project here: sources and models are kept in {here}", file=sys.stderr)


def systems(root: Path) -> list[str]:
    """Names of the systems listed in ``params.yaml``."""
    from measurand import yamls

    found = yamls.load(root / "params.yaml")
    listed = found.get("systems") if isinstance(found, dict) else None
    if not isinstance(listed, list) or not all(isinstance(s, str) for s in listed):
        raise InputError("params.yaml has no list `systems`", hint="list one system a line")
    return listed


def system(root: Path, name: str) -> System:
    """The named system.

    Raises:
        InputError: it is not listed.
    """
    known = systems(root)
    if name not in known:
        raise InputError(f"unknown system {name!r}", hint=f"one of: {', '.join(known)}")
    return System(name, root)
