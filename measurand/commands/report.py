"""The report stage: item results -> statistics -> verdict -> report.json -> HTML and Markdown."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from measurand import project
from measurand.errors import InputError
from measurand.results import STATISTICS


def write_report(system: project.System, params: Any, data: Path, results: Path, out: Path) -> None:
    """Write everything that is derived from item results.

    Writes ``statistics.parquet``, ``verdict/``, ``metrics.json``, ``report.json``, ``report.html``
    and ``report.md`` into ``out``. All are functions of dataset, results, parameters and gate
    file, so a rebuild gives equal bytes.

    Args:
        system: the system.
        params: its parsed parameters.
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        out: folder to write to.
    """
    from measurand import gates, shards
    from measurand.report import document, render

    module = system.module("report")
    statistics = STATISTICS.validate(module.statistics(data, results, params))
    shards.write_shard(STATISTICS, statistics, out / "statistics.parquet")

    # A run of one model by hand is judged as that model; a project's own run as its file says.
    ran = sorted(set(statistics["model"].to_pylist()))
    verdict = gates.run_gates(
        system.gates,
        root=system.root,
        results=results,
        statistics=out / "statistics.parquet",
        models=ran if len(ran) == 1 else None,
    )
    scratch = out / ".verdict.tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    gates.write_outputs(verdict, scratch)
    shutil.rmtree(out / "verdict", ignore_errors=True)
    os.replace(scratch, out / "verdict")

    _write(out / "metrics.json", _metrics(statistics.to_pylist(), module.HEADLINES, verdict.state))
    content = module.section(data, results, statistics, params)
    content = dataclasses.replace(
        content,
        verdict=json.loads((out / "verdict" / "verdict.json").read_text(encoding="utf-8")),
        provenance=_provenance(system, params, data, results),
    )
    _write_text(out / "report.json", document.to_json(content))
    _write_text(out / "report.md", render.to_markdown(content))
    _write_text(out / "report.html", render.to_html(content))
    print_report(out)


def print_report(out: Path) -> None:
    """Print the first lines of a report and where it lies.

    Raises:
        InputError: there is no report.
    """
    from measurand.report import document, render

    path = out / "report.json"
    if not path.is_file():
        raise InputError(f"{path} is not there", hint="run `measurand report` or `dvc repro` first")
    print(render.overview(document.from_json(path.read_text(encoding="utf-8"))))
    print(f"\nreport: {os.path.relpath(out / 'report.html')} (also .md and .json)")


def _metrics(rows: list[dict[str, Any]], headlines: tuple[str, ...], state: str) -> dict[str, Any]:
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


def _provenance(system: project.System, params: Any, data: Path, results: Path) -> dict[str, Any]:
    """What the report was made from: hashes of data, results, gates; versions at evaluation."""
    from measurand import shards

    def hashes(folder: Path) -> dict[str, str]:
        return {
            m.parent.relative_to(folder).as_posix(): shards.read_manifest(m.parent).logical_hash
            for m in sorted(folder.rglob("manifest.json"))
        }

    at_evaluation = results / "provenance.json"
    gates = system.gates.read_bytes() if system.gates.exists() else b""
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
    _write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def _write_text(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
