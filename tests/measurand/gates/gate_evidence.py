"""Evidence and gate files for the gates' tests."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from measurand.gates import Verdict, run_gates
from measurand.gates.deciding.decisions import Decision, Level
from measurand.gates.figures.bounds import Bounds
from measurand.gates.verdict import GateResult
from measurand.parquet import write_shard
from measurand.results import RESULTS, STATISTICS
from measurand.shards import write_dataset

NO_PROMPT = "0" * 64
DATA = {"toy": "d" * 64}


def rows(
    values: Iterable[float | None],
    *,
    model: str = "m",
    metric: str = "accuracy",
    cluster_size: int = 1,
    **more: Any,
) -> list[dict[str, Any]]:
    """One row of results per value; item i is ``i0000`` upward."""
    return [
        {
            "run_id": "r",
            "system": "toy",
            "model": model,
            "metric": metric,
            "item_id": f"i{i:05d}",
            "repeat": 0,
            "cluster_id": f"c{i // cluster_size:05d}",
            "value": None if value is None else float(value),
            "status": "ok",
            "reason": None,
            "slice": "",
            "seed": None,
            "prompt_tokens": None,
            "prompt_sha256": NO_PROMPT,
            **more,
        }
        for i, value in enumerate(values)
    ]


def results_table(content: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(content), schema=RESULTS.schema())


def write_items(
    folder: Path,
    content: Sequence[Mapping[str, Any]],
    *,
    parents: Mapping[str, str] = DATA,
    params: Mapping[str, Any] | None = None,
) -> Path:
    write_dataset(
        folder, RESULTS, results_table(content), n_shards=2, parents=parents, params=params or {}
    )
    return folder


def statistic(metric: str = "alpha", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(c.name for c in STATISTICS.columns)
    row |= {
        "system": "toy",
        "model": "m",
        "metric": metric,
        "slice": "",
        "estimate": 0.8,
        "ci_lo": 0.73,
        "ci_hi": 0.87,
        "confidence": 0.95,
        "lower": 0.75,
        "upper": 0.85,
        "method": "bootstrap",
        "n": 1000,
        "n_clusters": 50,
    }
    return row | more


def write_statistics(path: Path, content: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_shard(STATISTICS, pa.Table.from_pylist(list(content), schema=STATISTICS.schema()), path)
    return path


def gate(**more: Any) -> dict[str, Any]:
    """A threshold on items unless told otherwise."""
    base: dict[str, Any] = {"id": "g", "metric": "accuracy", "test": "threshold", "limit": 0.5}
    return base | more


def non_inferiority(
    baseline: Mapping[str, Any], margin: float = 0.05, **more: Any
) -> dict[str, Any]:
    base = gate(test="non_inferiority", margin={"abs": margin}, baseline=dict(baseline))
    del base["limit"]
    return base | more


def gate_file(*gates: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": 1, "system": "toy", "models": ["m"], "gates": list(gates)} | more


class Project:
    """A project folder with one system ``toy``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "reports" / "toy"
        self.out: Path | None = None

    def items(self, values: Iterable[float | None], **more: Any) -> Path:
        return write_items(self.folder / "results" / "items", rows(values, **more))

    def results(self, content: Sequence[Mapping[str, Any]], **more: Any) -> Path:
        return write_items(self.folder / "results" / "items", content, **more)

    def baseline(
        self, values: Iterable[float | None], name: str = "base", **more: Any
    ) -> dict[str, str]:
        write_items(self.root / name, rows(values, **more))
        return {"file": name}

    def statistics(self, *content: Mapping[str, Any]) -> Path:
        return write_statistics(self.folder / "statistics.parquet", content)

    def write(self, content: Mapping[str, Any], name: str = "gates.yaml") -> Path:
        path = self.root / name
        # Through JSON: parts that two gates share would become aliases, which are refused.
        plain = json.loads(json.dumps(dict(content)))
        path.write_text(yaml.safe_dump(plain), encoding="utf-8")
        return path

    def verdict(self, *gates: Mapping[str, Any], **more: Any) -> Verdict:
        return run_gates(self.write(gate_file(*gates, **more)), root=self.root, out=self.out)

    def one(self, *gates: Mapping[str, Any], **more: Any) -> GateResult:
        """The first gate's result."""
        verdict = self.verdict(*gates, **more)
        assert verdict.problem is None, verdict.problem
        return verdict.gates[0]


def gate_result(**flat: Any) -> GateResult:
    """A result from the flat figures that files hold."""

    def part(kind: Any, **known: Any) -> Any:
        names = [field.name for field in dataclasses.fields(kind)]
        return kind(**known | {name: flat.pop(name) for name in names if name in flat})

    decision = part(Decision)
    level = part(Level, **{"alpha": 0.05, "plain": 0.05})
    found = part(Bounds, **dict.fromkeys(("estimate", "lower", "upper")))
    return GateResult(**flat, decision=decision, level=level, found=found)


def bits(n: int, share: float) -> list[float]:
    """n scores of 0 and 1 with the stated share of ones, spread evenly."""
    ones = round(n * share)
    return [float(x) for x in np.diff(np.floor(np.arange(n + 1) * ones / n))]
