"""The evidence of one run: what is read, once, and the warnings that gather on the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
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
                self._kept[key] = load()
            except EvidenceError as error:
                self._kept[key] = error
            except OSError as error:
                self._kept[key] = EvidenceError(f"cannot be read: {error}", hint="check the path")
        if isinstance(self._kept[key], EvidenceError):
            raise self._kept[key]
        return self._kept[key]


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
