"""The sample that gates need, from a pilot."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from measurand.api.frames import NAME, Source, is_path
from measurand.api.result import Result, columns
from measurand.api.wishes import Pairs, ReadingOptions, names_of, pairs_of, rows_of, wish
from measurand.progress import Where, reporting

if TYPE_CHECKING:
    from measurand.gates.questions import GateFile
    from measurand.reporting.document import Document


class Plan(Result):
    """What each gate needs, and why where nothing can be said."""

    _columns = columns(
        gate="text", model="text", slice="text", power="number", reason="text",
        clusters="count", items_per_cluster="count", items="count", repeats="count",
        calls="count", tokens="number", seconds="number",
    )  # fmt: skip

    def document(self) -> Document:
        """The page of ``measurand plan``."""
        from measurand.planning.page import document

        return document(self.record)

    def rows(self) -> list[dict[str, Any]]:
        """A row a gate, model and slice."""
        names = ("clusters", "items_per_cluster", "items", "repeats", "calls", "tokens", "seconds")
        found = []
        for gate in self.record["gates"]:
            planned = gate["plan"] or dict.fromkeys(names)
            own = {name: gate[name] for name in ("gate", "model", "slice", "power", "reason")}
            found.append({**own, **{name: planned[name] for name in names}})
        return found


def plan(
    gates: str | Path,
    pilot: Source,
    *,
    power: float | None = None,
    width: float | None = None,
    truth: float | None = None,
    price: Pairs | None = None,
    most: Pairs | None = None,
    budget: Pairs | None = None,
    models: str | Sequence[str] = (),
    root: str | Path = ".",
    progress: Where = None,
    **reading: Unpack[ReadingOptions],
) -> Plan:
    """Clusters, items, repeats and labels that gates need, from the variance of a pilot.

    Source: see docs/statistics.md; the figures are those of ``measurand plan``.

    Args:
        gates: gate file.
        pilot: results of few items: a path, a frame with a row an item, or :class:`Rows`.
        power: wished chance that a gate passes (a regression test: finds the loss); the gate's own
            without.
        width: wished width of the 95% interval, in place of a decision.
        truth: true score of a threshold's model, true difference of other tests; no change for
            non-inferiority and equivalence, the pilot's figure for the others without.
        price: of a ``cluster``, an ``item``, a ``call``, in any one unit.
        most: ``clusters``, ``items`` a cluster, ``repeats`` an item that there can be at most.
        budget: ``cost``, ``calls``, ``tokens`` or ``seconds`` that may be spent.
        models: models to plan for instead of those that the gate file lists.
        root: folder that paths in the gate file are relative to.
        progress: a callback, ``"stderr"``, or None for silence.
        **reading: see :class:`measurand.api.wishes.ReadingOptions`.

    Raises:
        InputError: the gate file, the pilot or an argument cannot be used; the code says why.

    >>> import measurand, pathlib, tempfile
    >>> text = "{id: acc, metric: score, test: threshold, limit: .5, min_n: 2, min_clusters: 2}"
    >>> scores = {"item_id": [*"abcdefgh"], "model": ["m"] * 8, "value": [1, 1, 0, 1, 1, 0, 1, 1]}
    >>> scores["metric"] = ["score"] * 8
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gates = pathlib.Path(folder, "gates.yaml")
    ...     _ = gates.write_text(f"{{version: 1, results: x, gates: [{text}]}}")
    ...     measurand.plan(gates, scores, truth=0.7).rows()[0]["items"]
    37
    """
    from measurand.planning.record import plan as record_of
    from measurand.planning.wish import wish as asked

    what = asked(
        power=power,
        width=width,
        truth=truth,
        price=pairs_of(price, "price"),
        most=pairs_of(most, "most"),
        budget=pairs_of(budget, "budget"),
    )
    with reporting(progress):
        from measurand.gates.gatefile import read_gate_file

        spec = read_gate_file(Path(gates))
        if named := names_of(models):
            spec = spec.model_copy(update={"models": named})
        name = Path(pilot).name if is_path(pilot) else NAME
        if is_path(pilot) and _ours(Path(pilot)):
            where = Path(pilot)
            return Plan(record_of(spec, where, what, root=Path(root), ours=True, name=name))
        with tempfile.TemporaryDirectory() as scratch:
            # Reasons name the folder and the one above it, which must not be another at every run.
            kept = _kept(pilot, reading, spec, Path(scratch) / "read" / "rows")
            return Plan(record_of(spec, kept, what, root=Path(root), ours=False, name=name))


def _ours(path: Path) -> bool:
    """Whether it is a folder that an evaluation wrote."""
    from measurand.gates.reading.evidence import items_path
    from measurand.manifest import MANIFEST

    return (items_path(path) / MANIFEST).is_file()


def _kept(pilot: Source, reading: ReadingOptions, spec: GateFile, folder: Path) -> Path:
    """The pilot's rows in a folder that gates read."""
    from measurand.gates.logs import keep
    from measurand.gates.reading.comparable import same_system

    rows = rows_of(pilot, wish(**reading))
    same_system(rows.table.column("system").unique().to_pylist(), spec, "these rows")
    folder.parent.mkdir()
    keep(rows, folder)
    return folder
