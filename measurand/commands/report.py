"""The report stage: item results -> statistics -> verdict -> report.json -> HTML and Markdown."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

from measurand import project
from measurand.manifest import write_text
from measurand.results import RESULTS, STATISTICS
from measurand.tables import Table


def write_report(
    system: project.System, params: Any, data: Path, results: Path, out: Path, gates: Path | None
) -> None:
    """Write everything that is derived from item results.

    Writes ``statistics.parquet``, ``verdict/``, ``metrics.json``, ``scores.csv``, ``report.json``,
    ``report.html`` and ``report.md`` into ``out``. All are functions of dataset, results,
    parameters and gate file, so a rebuild gives equal bytes.

    Args:
        system: the system.
        params: its parsed parameters.
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        out: folder to write to.
        gates: gate file; None writes no verdict.
    """
    from measurand import trainings
    from measurand.parquet import write_shard
    from measurand.reporting import again, dictionary, document, render, scores, view
    from measurand.statistics import statistics_table

    module = system.module("report")
    statistics = one = STATISTICS.validate(module.statistics(data, results, params))
    study = trainings.read(system, params, data / "dataset")
    if study is not None:
        study = study.held(one.to_pylist(), module.moves)
        statistics = statistics_table([study.widen(row) for row in one.to_pylist()])
    write_shard(STATISTICS, statistics, out / "statistics.parquet")

    verdict = _verdict(system.root, gates, results, out)
    state = None if verdict is None else verdict["state"]
    metrics = _metrics(statistics.to_pylist(), module.HEADLINES, state)
    _write(out / "metrics.json", metrics)
    write_text(out / "scores.csv", _plot_rows(metrics))
    content = view.assemble(module, data, results, statistics, params)
    every = scores.section(statistics.to_pylist(), module.HEADLINES, verdict)
    against = getattr(module, "AGAINST", {})
    retold = study and again.section(one, statistics, study, module.HEADLINES, against)
    own = [t for t in vars(system.module("tables")).values() if isinstance(t, Table)]
    tables = list({t.name: t for t in (*own, RESULTS, STATISTICS)}.values())
    content = dataclasses.replace(
        content,
        verdict=verdict,
        sections=tuple(
            s for s in (*content.sections, retold, every, dictionary.section(tables)) if s
        ),
        provenance=_provenance(gates, params, data, results),
    )
    write_text(out / "report.json", document.to_json(content))
    write_text(out / "report.md", render.to_markdown(content))
    write_text(out / "report.html", render.to_html(content))


def _verdict(root: Path, file: Path | None, results: Path, out: Path) -> dict[str, Any] | None:
    """Run the gates and write their outputs; no gates, no folder."""
    import pyarrow.parquet as pq

    from measurand.gates import run_gates, write_outputs

    scratch = out / ".verdict.tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    if file is not None:
        path = out / "statistics.parquet"
        # A run of one model by hand is judged as that model; a project's run as its file says.
        ran = sorted(set(pq.read_table(path, columns=["model"])["model"].to_pylist()))
        write_outputs(
            run_gates(
                file,
                root=root,
                results=results,
                statistics=path,
                models=ran if len(ran) == 1 else None,
            ),
            scratch,
        )
    shutil.rmtree(out / "verdict", ignore_errors=True)
    if file is None:
        return None
    os.replace(scratch, out / "verdict")
    found: dict[str, Any] = json.loads((out / "verdict" / "verdict.json").read_text("utf-8"))
    return found


def _metrics(
    rows: list[dict[str, Any]], headlines: tuple[str, ...], state: str | None
) -> dict[str, Any]:
    """Headline figures, nested for ``dvc metrics diff``: model -> metric[slice] -> figures."""
    tree: dict[str, Any] = {"verdict": state}
    for row in rows:
        if row["metric"] not in headlines or row["estimate"] is None:
            continue
        name = row["metric"] + (f"[{row['slice']}]" if row["slice"] else "")
        figures = {"estimate": row["estimate"], "ci_lo": row["ci_lo"], "ci_hi": row["ci_hi"]}
        rounded = {k: round(v, 6) for k, v in figures.items() if v is not None}
        tree.setdefault(row["model"], {})[name] = rounded
    return tree


def _plot_rows(metrics: dict[str, Any]) -> str:
    """The same figures as CSV, for ``dvc plots diff``: one row a score, empty ends where none."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("score", "estimate", "ci_lo", "ci_hi"))
    for model, figures in sorted(metrics.items()):
        for name, figure in sorted(figures.items()) if isinstance(figures, dict) else ():
            ends = (figure.get(key) for key in ("ci_lo", "ci_hi"))
            rows.writerow((f"{model}: {name}", figure["estimate"], *ends))
    return text.getvalue()


def _provenance(gate_file: Path | None, params: Any, data: Path, results: Path) -> dict[str, Any]:
    """What the report was made from: hashes of data, results, gates; versions at evaluation."""
    from measurand.manifest import read_manifest

    def hashes(folder: Path) -> dict[str, str]:
        return {
            m.parent.relative_to(folder).as_posix(): read_manifest(m.parent).logical_hash
            for m in sorted(folder.rglob("manifest.json"))
        }

    at_evaluation = results / "provenance.json"
    gates = gate_file.read_bytes() if gate_file is not None and gate_file.exists() else b""
    return {
        "evaluation": json.loads(at_evaluation.read_text(encoding="utf-8"))
        if at_evaluation.exists()
        else None,
        "dataset": hashes(data / "dataset"),
        "results": hashes(results),
        "gates_sha256": hashlib.sha256(gates).hexdigest(),
        "parameters": params.model_dump(mode="json"),
    }


def _write(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")
