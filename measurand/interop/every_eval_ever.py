"""Results as ``every_eval_ever`` JSON, the interchange format of EvalEval (schema 0.3.0).

One file a model. What the format asks for and no log says (who evaluated, how a model is deployed)
is written as unknown. A score without a value has no place in it and is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from measurand.interop import eee_samples
from measurand.manifest import write_text
from measurand.runs import slug

VERSION = "0.3.0"
_LIBRARIES = {"lm-evaluation-harness": "lm_eval", "Inspect": "inspect_ai", "Measurand": "measurand"}

Record = Mapping[str, Any]


def write(record: Record, out: Path, rows: pa.Table | None = None) -> list[Path]:
    """Write one file a model into a new folder, and its samples below ``data`` in it.

    Args:
        record: an analysis record (:mod:`measurand.analysis.record`).
        out: folder that does not exist yet.
        rows: item rows that the record was made of; without them no samples are written.

    Returns:
        The files of results.
    """
    out.mkdir(parents=True)
    files = []
    for model in sorted({m["model"] for score in record["scores"] for m in score["models"]}):
        file = out / f"{slug(model)}.json"
        content = document(record, model)
        if rows is not None:
            told = eee_samples.write(rows, model, content["evaluation_id"], out)
            content["detailed_evaluation_results"] = told
        text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False)
        write_text(file, text + "\n")
        files.append(file)
    return files


def document(record: Record, model: str) -> dict[str, Any]:
    """One model's results, as the schema wants them."""
    from measurand import provenance
    from measurand.version import __version__

    time = provenance.collect()["time"]
    seconds = "0" if time is None else str(int(datetime.fromisoformat(time).timestamp()))
    library = _LIBRARIES.get(record["origin"], "unknown")
    found = [
        _result(score, m)
        for score in record["scores"]
        for m in score["models"]
        if m["model"] == model and m["mean"]["value"] is not None
    ]
    return {
        "schema_version": VERSION,
        "evaluation_id": f"{library}/{model}/{seconds}",
        "retrieved_timestamp": seconds,
        "source_metadata": {
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "other",
            "additional_details": {"analysed_with": f"measurand {__version__}"},
        },
        "eval_library": {
            "name": library,
            "version": __version__ if library == "measurand" else "unknown",
        },
        "model_info": {
            "name": model,
            "id": model,
            "additional_details": {"deployment_type": "unknown", "model_availability": "unknown"},
        },
        "evaluation_results": found,
    }


def _result(score: Record, model: Record) -> dict[str, Any]:
    mean = model["mean"]
    uncertainty: dict[str, Any] = {"num_samples": mean["n"]}
    if mean["se"] is not None:
        uncertainty["standard_error"] = {"value": mean["se"], "method": mean["method"]}
    if mean["ci_lo"] is not None:
        uncertainty["confidence_interval"] = {
            "lower": mean["ci_lo"],
            "upper": mean["ci_hi"],
            "confidence_level": mean["confidence"],
            "method": mean["method"],
        }
    details = {
        "clusters": str(score["clusters"] or "items"),
        "repeats": str(model["repeats"]),
        **{f"rows_{name}": str(n) for name, n in model["lost"].items()},
    }
    agreement = model["repeat_reliability"]["value"]
    if agreement is not None:
        details["agreement_of_repeats_icc_a1"] = repr(agreement)
    return {
        "evaluation_result_id": f"{score['task']}/{score['metric']}/{model['model']}",
        "evaluation_name": score["name"],
        "source_data": {"dataset_name": score["task"] or score["name"], "source_type": "other"},
        "metric_config": {
            "metric_name": score["metric"],
            "metric_id": score["metric"],
            "lower_is_better": False,
            **_kind(score),
        },
        "score_details": {
            "score": mean["value"],
            "details": details,
            "uncertainty": uncertainty,
        },
    }


def _kind(score: Record) -> dict[str, Any]:
    if score["binary"]:
        return {"score_type": "binary"}
    # The format wants bounds and no log states them.
    return {"score_type": "continuous", "min_score": None, "max_score": None}
