"""Runs that end when their gates are decided.

Clusters are asked in one fixed random order, in whole batches. After each batch the bets of the
gate file (``sequential``) are put to the answers so far; a model's run ends when all of them are
decided, or the sample is used up. Bets hold at every look, so stopping costs no error.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand.errors import InputError
from measurand.params import Stop
from measurand.sequence import Order

if TYPE_CHECKING:
    import pyarrow as pa

    from measurand.gates.questions import Gate, GateFile
    from measurand.gates.verdict import GateResult

#: Errors of a gate that more answers may mend; all others end the run.
WAITING = {
    *("empty_slice", "missing_metric", "infra_errors"),
    *("nan_value", "too_many_dropped", "uneven_drop"),
}
#: A pass that only says that nothing was found yet.
WEAK = "no_regression_shown"


class Until:
    """The gates that end a run.

    Args:
        stop: gate file, seed and batch.
        root: folder that paths in the gate file are relative to.
        model: the only model that is asked; it is judged in place of those that the file lists.

    Raises:
        GateFileError: the gate file cannot be used.
        InputError: code ``no_bets``: no gate of it bets; ``no_stop``: a gate of it bets in a way
            that does not hold at every look.
    """

    def __init__(self, stop: Stop, root: Path, model: str | None = None) -> None:
        from measurand.gates.gatefile import read_gate_file
        from measurand.gates.reading.sources import open_sources

        file = root / stop.gates
        spec = read_gate_file(file)
        self.order = Order(stop.seed, stop.clusters)
        self._digest = spec.digest()
        self.bets = tuple(gate for gate in spec.gates if gate.sequential is not None)
        _check(self.bets, spec, str(file))
        self.spec = spec if model is None else spec.model_copy(update={"models": (model,)})
        self._sources = open_sources(self.spec, root, None, None)
        self._asked: list[dict[str, Any]] = []

    def open(self, model: str, items: pa.Table, parents: Mapping[str, str]) -> list[str]:
        """Names of the bets on a model that are not decided.

        Args:
            model: model string.
            items: its item results so far, as ``measurand.results.RESULTS``.
            parents: logical hashes of the datasets that it is asked from.

        Raises:
            InputError: with the gate's own code, where no further answer can mend an error of it.
        """
        found = self._judged(model, items, parents)
        return [one.name for one in found if not decided(one)]

    def _judged(
        self, model: str, items: pa.Table, parents: Mapping[str, str]
    ) -> Iterator[GateResult]:
        from measurand.gates.cases import cases
        from measurand.gates.reading.evidence import Evidence
        from measurand.gates.run import judge
        from measurand.results import RESULTS

        evidence = Evidence(
            *(items, "", "the answers so far"),
            parents=parents,
            version=RESULTS.version,
            sequence=self.order.seed,
        )
        self._sources.put(evidence)
        spec = self.spec
        if spec.models is None:
            # A model without an answer that counts has undecided bets, and not none.
            spec = spec.model_copy(update={"models": (model,)})
        for gate in self.bets:
            for case in cases(gate, spec, self._sources):
                if case.result.model != model:
                    continue
                found = judge(case)
                if found.state == "error" and found.reason_code not in WAITING:
                    raise InputError(
                        f"--until: {found.sentence}",
                        hint="mend the gate file; what was answered is kept",
                        code=found.reason_code,
                    )
                yield found

    def names(self, model: str) -> bool:
        """Whether a bet may be on a model."""
        return any(
            listed is None or model in listed
            for listed in (gate.models or self.spec.models for gate in self.bets)
        )

    def note(self, **row: Any) -> None:
        """Keep how far a model's run came."""
        self._asked.append(row)

    def record(self) -> dict[str, Any]:
        """The order, and how far each model's run came, for the manifest of the item results."""
        return {
            "seed": self.order.seed,
            "batch": self.order.batch,
            "gates_sha256": self._digest,
            "models": self._asked,
        }


def _check(bets: tuple[Gate, ...], spec: GateFile, file: str) -> None:
    """Refuse gate files whose bets do not say when to stop."""
    if not bets:
        raise InputError(
            f"{file}: no gate bets, so nothing says when enough was asked",
            hint="give a gate on items `sequential: {low: 0, high: 1}`, the range of its score",
            code="no_bets",
        )
    for gate in bets:
        if gate.margin is not None and gate.margin.rel is not None:
            what = f"gate {gate.id}: a margin that is a share moves with the sample"
            raise InputError(f"{file}: {what}", hint="give margin: {abs: ...}", code="no_stop")
        if spec.settings(gate).cluster != "cluster_id":
            what = f"gate {gate.id}: bets on {spec.settings(gate).cluster}, not on what is asked"
            raise InputError(f"{file}: {what}", hint="leave cluster out", code="no_stop")
    if spec.family is not None and spec.family.correction != "none":
        what = "a family's level is known when all its gates are, at the end"
        hint = "put the gates that end a run into a file of their own, without family"
        raise InputError(f"{file}: family: {what}", hint=hint, code="no_stop")


def decided(result: GateResult) -> bool:
    """Whether a bet is won or lost; that nothing was found yet decides nothing."""
    return result.state in ("pass", "fail") and result.reason_code != WEAK


def refuse_without(evaluate: Callable[..., None], system: str) -> None:
    """Refuse a system whose evaluation takes no ``until``.

    Raises:
        InputError: code ``no_sequence``.
    """
    if "until" not in inspect.signature(evaluate).parameters:
        raise InputError(
            f"{system} cannot end early: its items are not asked as independent clusters",
            hint="evaluate it without --until and without evaluate.until",
            code="no_sequence",
        )
