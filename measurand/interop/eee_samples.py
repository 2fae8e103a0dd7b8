"""Samples of ``every_eval_ever``: the ``.jsonl`` beside its results, read and written.

Schema: instance_level_eval 0.3.0, and 0.2.1 whose fields are the same. What the format asks for and
no log says (the text of input and output) is written empty; a score without a value has no place in
it and is left out.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from measurand.interop.rows import Fields, Log, Wish, cluster_note
from measurand.interop.samples import Sample, Samples, each_line, found, head
from measurand.manifest import write_text
from measurand.results import slice_parts

SYSTEM = "every_eval_ever"
HARNESS = "every_eval_ever"
VERSION = "0.3.0"
_KEYS = (b'"schema_version"', b'"sample_id"', b'"evaluation_name"', b'"evaluation"')


def logs(path: Path) -> list[Path]:
    """Samples at or below ``path``."""
    return found(path, (".jsonl",), _is_log)


def _is_log(file: Path) -> bool:
    line = head(file).split(b"\n", 1)[0]
    return all(key in line for key in _KEYS)


def read(files: list[Path], wish: Wish) -> tuple[list[Log], list[str]]:
    """Rows of each model and evaluation of each file, and notes.

    Raises:
        InputError: code ``bad_log`` or ``no_field``.
    """
    fields = Fields()
    every = [log for file in files for log in _read(file, wish, fields)]
    return every, cluster_note(wish, fields)


def _read(file: Path, wish: Wish, fields: Fields) -> Iterator[Log]:
    taken: dict[tuple[str, str], Samples] = {}

    def take(line: dict[str, Any]) -> None:
        place = str(line["evaluation_name"]), str(line["model_id"])
        if place not in taken:
            taken[place] = Samples(*place, wish, fields)
        taken[place].take(_sample(line))

    each_line(file, HARNESS, take)
    for own in taken.values():
        yield own.log(file)


def _sample(line: dict[str, Any]) -> Sample:
    asked = line["input"]
    said = [asked.get("raw"), asked.get("reference"), asked.get("choices")]
    content = said if any(said) else line.get("sample_hash")
    fields = line.get("metadata") or {}
    told = line["evaluation"]
    scores = {"score": told["score"]}
    if told["score"] != float(bool(told["is_correct"])):
        scores["is_correct"] = told["is_correct"]
    failed = None if line.get("error") is None else str(line["error"])
    return Sample(str(line["sample_id"]), scores, content, fields, failed)


def write(table: pa.Table, model: str, evaluation_id: str, out: Path) -> dict[str, Any]:
    """Write a model's samples where the format wants them, below ``out``.

    Args:
        table: item rows.
        model: whose.
        evaluation_id: of the results that they belong to.
        out: folder that stands for the format's repository.

    Returns:
        What the results say of the file (``detailed_evaluation_results``).
    """
    own = table.filter(pc.and_(pc.equal(table.column("model"), model),
                               pc.equal(table.column("status"), "ok")))  # fmt: skip
    lines = [json.dumps(line, ensure_ascii=False, sort_keys=True, allow_nan=False)
             for line in _lines(own, model, evaluation_id)]  # fmt: skip
    text = "".join(f"{line}\n" for line in lines)
    digest = hashlib.sha256(text.encode()).hexdigest()
    folders = [re.sub(r"[^A-Za-z0-9._-]+", "-", part) or "unknown" for part in _place(model)]
    name = uuid.UUID(bytes=bytes.fromhex(digest[:32]), version=4)
    path = "/".join(("data", "measurand", *folders, f"{name}_samples.jsonl"))
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    write_text(out / path, text)
    return {
        "format": "jsonl",
        "file_path": path,
        "hash_algorithm": "sha256",
        "checksum": digest,
        "total_rows": len(lines),
    }


def _place(model: str) -> tuple[str, str]:
    developer, slash, name = model.partition("/")
    return (developer, name) if slash else ("unknown", model)


def _lines(own: pa.Table, model: str, evaluation_id: str) -> Iterator[dict[str, Any]]:
    hashes = own.column("item_sha256") if "item_sha256" in own.column_names else None
    for at, row in enumerate(own.to_pylist()):
        task = slice_parts(row["slice"]).get("task", "")
        yield {
            "schema_version": VERSION,
            "evaluation_id": evaluation_id,
            "evaluation_result_id": f"{task}/{row['metric']}/{model}",
            "model_id": model,
            "evaluation_name": f"{task}, {row['metric']}" if task else row["metric"],
            "sample_id": row["item_id"],
            "sample_hash": None if hashes is None else hashes[at].as_py(),
            "interaction_type": "single_turn",
            "input": {"raw": "", "reference": []},
            "output": {"raw": []},
            "messages": None,
            "answer_attribution": [],
            "evaluation": {"score": row["value"], "is_correct": row["value"] == 1},
            "metadata": {"cluster": row["cluster_id"], "repeat": str(row["repeat"])},
        }
