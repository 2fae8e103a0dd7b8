"""A small dataset made by hand: every task, regime and label map, without tokenizer or Beam."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from measurand import shards
from measurand.journal import canonical_json
from measurand.tables import Table
from pipelines.many_shot import example, labels, layout, selection, tasks
from pipelines.many_shot.example import Example
from schemas.many_shot.params import Curve, Params, Task
from schemas.many_shot.tables import POOL, PROMPTS, RATIONALES

MODELS = [{"model": "oracle:majority"}]
TASKS: list[dict[str, Any]] = [
    {
        "id": "line",
        "source": {"kind": "linear", "features": 3, "seed": 0},
        "train": 16,
        "dev": 2,
        "test": 6,
        "layout": {"question": "In", "answer": "Out"},
        "curves": [
            {"shots": [0, 2, 6], "seeds": 2},
            {"label_map": "flipped", "shots": [0, 2], "seeds": 2},
            {"distinct": 2, "shots": [2], "seeds": 2},
            {"regime": "unsupervised", "shots": [0, 2], "seeds": 1, "demonstrations": 2},
        ],
    },
    {
        "id": "sums",
        "source": {"kind": "arithmetic", "terms": 2, "digits": 1},
        "train": 8,
        "dev": 2,
        "test": 4,
        "layout": {"question": "Q", "answer": "A", "answer_cue": "So"},
        "answer_tokens": 6,
        "stop": ["\n"],
        "curves": [
            {"shots": [0, 1], "seeds": 2},
            {"rationale": "program", "shots": [1], "seeds": 2},
            {"regime": "reinforced", "rationale": "model", "shots": [1], "seeds": 1},
        ],
    },
    {
        "id": "bits",
        "source": {"kind": "parity", "bits": 4},
        "train": 6,
        "dev": 0,
        "test": 4,
        "answer_tokens": 8,
        "curves": [{"shots": [0, 2], "seeds": 1, "orders": 2}],
    },
]
WRITER = {
    "model": "oracle:solver",
    "tasks": ["sums"],
    "problems": 8,
    "samples": 1,
    "examples": 1,
    "temperature": 1.0,
    "max_tokens": 8,
    "seed": 0,
    "batch_size": 8,
}


def params_of(
    models: list[dict[str, Any]] = MODELS, tasks: list[dict[str, Any]] = TASKS, **evaluate: Any
) -> Params:
    writer = WRITER if any(task["id"] == "sums" for task in tasks) else None
    build = {"tasks": tasks, "rationales": writer, "n_shards": 2}
    return Params.model_validate({"build": build, "evaluate": {"models": models, **evaluate}})


def make(folder: Path, given: list[dict[str, Any]] = TASKS) -> Path:
    """Write ``pool``, ``prompts`` and ``rationales``; returns the data folder."""
    pool: list[dict[str, Any]] = []
    prompts: list[dict[str, Any]] = []
    solved: list[dict[str, Any]] = []
    for task in params_of(tasks=given).build.tasks:
        drawn = tasks.examples(task, 0, folder)
        parts: dict[str, list[Example]] = {"train": [], "test": [], "dev": []}
        sizes = {"train": task.train, "test": task.test, "dev": task.dev}
        for e in drawn.examples:
            own = drawn.split[e.key] if drawn.split else None
            part = own or next((p for p in parts if len(parts[p]) < sizes[p]), None)
            if part is not None:
                parts[part].append(e)
        pool += [_example(task, part, e) for part, some in parts.items() for e in some]
        prompts += [p for curve in task.curves for p in _prompts(task, curve, parts)]
        if task.id == "sums":
            # One test question has no verified solution.
            solved += [_solution(task, e) for e in parts["test"][1:]]
    for spec, rows in ((POOL, pool), (PROMPTS, prompts), (RATIONALES, solved)):
        n = 2 if spec is PROMPTS else 1
        name = spec.name.split(".")[1]
        shards.write_dataset(folder / "dataset" / name, spec, _table(spec, rows), n_shards=n)
    return folder


def _table(spec: Table, rows: list[dict[str, Any]]) -> Any:
    return spec.from_columns({c.name: [row[c.name] for row in rows] for c in spec.columns})


def _example(task: Task, part: str, e: Example) -> dict[str, Any]:
    return {
        "task": task.id,
        "example_id": example.example_id(task.id, e),
        "split": part,
        "group_id": example.group_id(task.id, e.group),
        "input": e.input,
        "target": e.target,
        "options": None if e.options is None else list(e.options),
        "answer_idx": None if e.options is None else e.options.index(e.target),
        "rationale": e.rationale,
        "rationale_source": e.rationale_source,
        "verifier": e.verifier,
        "details": canonical_json(dict(e.details)),
        "source_package": "measurand",
        "source_version": "1",
        "source_key": e.key,
        "n_input_tokens": 1,
        "n_target_tokens": 1,
    }


def _prompts(task: Task, curve: Curve, parts: dict[str, list[Example]]) -> list[dict[str, Any]]:
    rows = []
    for k in curve.shots:
        for seed in range(curve.seeds if k else 1):
            for order in range(curve.orders if k else 1):
                rows.append(_prompt(task, curve, k, seed, order, parts))
    return rows


def _prompt(
    task: Task, curve: Curve, k: int, seed: int, order: int, parts: dict[str, list[Example]]
) -> dict[str, Any]:
    classes = [None if e.options is None else e.options.index(e.target) for e in parts["train"]]
    chosen = selection.permutation(classes, "test", seed)
    at = selection.shots(chosen, k, curve.distinct, *(["order", order] if order else []))
    shown = [_shot(task, curve, parts["train"][i], curve.regime == "unsupervised") for i in at]
    ends = [_shot(task, curve, e, False) for e in parts["dev"][: curve.demonstrations]]
    prefix = layout.prefix(task.layout, shown, curve.regime, ends)
    return {
        "prompt_id": f"{task.id}|{curve.name}|k{k}|s{seed}|o{order}",
        "task": task.id,
        "curve": curve.name,
        "regime": curve.regime,
        "label_map": curve.label_map,
        "rationale": curve.rationale,
        "k": k,
        "seed": seed,
        "order": order,
        "k_requested": k,
        "shot_ids": [example.example_id(task.id, parts["train"][i]) for i in at],
        "shot_offsets": list(range(k)),
        "demonstration_ids": [],
        "prefix": prefix,
        "prefix_sha256": hashlib.sha256(prefix.encode()).hexdigest(),
        "n_tokens": 1,
        "max_query_tokens": 1,
        "answer_budget": 1,
        "context_limit": 96,
        "boundary_stable": True,
        "tokenizer_sha256": "0" * 64,
    }


def _shot(task: Task, curve: Curve, e: Example, bare: bool) -> str:
    if bare:
        return layout.bare(task.layout, e.input)
    answer = e.target
    if e.options is not None:
        answer = labels.words(e.options, curve.label_map)[e.options.index(e.target)]
    solution = e.rationale if curve.rationale != "none" else None
    return layout.shot(task.layout, e.input, answer, solution)


def _solution(task: Task, e: Example) -> dict[str, Any]:
    return {
        "task": task.id,
        "example_id": example.example_id(task.id, e),
        "split": "test",
        "sample": 0,
        "model": "oracle:solver",
        "temperature": 1.0,
        "seed": 0,
        "text": "Counting up. So 1",
        "rationale": "Counting up.",
        "extracted": e.target,
        "correct": True,
        "chosen": True,
        "n_tokens": 4,
        "status": "ok",
        "reason": None,
    }
