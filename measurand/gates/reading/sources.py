"""The evidence of one run: what is read, once, and the warnings that gather on the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.questions import Baseline, GateFile
from measurand.gates.reading import baselines
from measurand.gates.reading.evidence import Evidence, items_path, load_items, load_statistics


@dataclass
class Sources:
    """Evidence of one run, each read once; a failure is kept and raised again."""

    spec: GateFile
    root: Path
    items_folder: Path
    statistics_file: Path
    warnings: list[str] = field(default_factory=list)
    _kept: dict[Any, Any] = field(default_factory=dict)

    def put(self, items: Evidence) -> None:
        """Take item results at hand, such as the answers of a run that goes on."""
        self._kept["items"] = items

    def items(self) -> Evidence:
        """The candidate's item results."""
        return _whole(self._once("items", lambda: load_items(self.items_folder)))

    def statistics(self) -> Evidence:
        """The candidate's statistics."""
        results = self.items_folder if os.path.isdir(self.items_folder) else None
        return _whole(
            self._once("statistics", lambda: load_statistics(self.statistics_file, results))
        )

    def baseline(self, baseline: Baseline) -> tuple[Evidence, str]:
        """The baseline's item results and its name."""
        key = (baseline.file, baseline.ref, baseline.role)
        found: tuple[Evidence, str] = self._once(
            key, lambda: baselines.resolve(baseline, self.items_folder, self.root)
        )
        return _whole(found[0]), found[1]

    def labels(self, file: str, metric: str, model: str) -> dict[str, float]:
        """People's label of each item that has one; the file is relative to the root."""
        from measurand.gates.reading.labels import labels_of

        found: dict[str, float] = self._once(
            ("labels", file, metric, model), lambda: labels_of(self.root / file, metric, model)
        )
        return found

    def warn(self, text: str) -> None:
        """Note a warning once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def _once(self, key: Any, load: Callable[[], Any]) -> Any:
        if key not in self._kept:
            try:
                self._kept[key] = self._named(load())
            except EvidenceError as error:
                text = self._shown(str(Exception.__str__(error)))
                self._kept[key] = EvidenceError(text, code=error.code, hint=error.hint)
            except OSError as error:
                text = self._shown(f"cannot be read: {error}")
                self._kept[key] = EvidenceError(text, hint="check the path")
        if isinstance(self._kept[key], EvidenceError):
            raise self._kept[key]
        return self._kept[key]

    def _named(self, found: Any) -> Any:
        """Evidence whose messages say what it is called, not where this machine keeps it."""
        if isinstance(found, tuple):
            return tuple(map(self._named, found))
        if isinstance(found, Evidence):
            return replace(found, where=self._shown(found.where))
        return self._shown(found) if isinstance(found, str) else found

    def _shown(self, text: str) -> str:
        """Paths below the root relative to it, of evidence elsewhere the folder's name on."""
        root = os.path.abspath(self.root)
        folders = (root, str(self.root), *(str(p.parent) for p in self._given()))
        for folder in sorted(set(folders), key=len, reverse=True):
            if os.path.isabs(folder) and folder != os.sep:
                kept = "" if folder in (root, str(self.root)) else f"{os.path.basename(folder)}/"
                text = text.replace(f"{folder}/", kept)
        return text

    def _given(self) -> tuple[Path, ...]:
        root = Path(os.path.abspath(self.root))
        both = (self.items_folder, self.statistics_file)
        return tuple(path for path in both if not path.is_relative_to(root))


def open_sources(
    spec: GateFile, root: Path, results: Path | None, statistics: Path | None
) -> Sources:
    """Where a gate file's evidence lies; ``results`` and ``statistics`` override it."""
    folder = (
        root / spec.results if spec.results is not None else root / "reports" / str(spec.system)
    )
    given = items_path(results) if results is not None else items_path(folder)
    table = folder if os.path.isfile(folder) else folder / "statistics.parquet"
    return Sources(spec, root, given, statistics or table)


def _whole(evidence: Evidence) -> Evidence:
    if evidence.partial:
        raise EvidenceError(
            f"{evidence.where}: a partial run (--limit), good for looking, not for deciding",
            code="partial_run",
            hint="evaluate without --limit",
        )
    return evidence
