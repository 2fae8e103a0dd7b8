"""The tables of a card: what was run, against whom, with what result; Arrow for further use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.agi_levels.context import Standing
from evaluators.agi_levels.levels import LEVELS
from evaluators.agi_levels.placing import Placement, Result
from evaluators.agi_levels.profile import Profile
from measurand.runs import table
from measurand.tables import Table
from pipelines.agi_levels import shipped
from schemas.agi_levels.norms import Declared, Task
from schemas.agi_levels.tables import AUTONOMY, GENERAL, NORMS, PLACEMENTS, PROFILE, RUNS, TASKS
from schemas.agi_levels.taxonomy import AUTONOMY as AXIS

Row = dict[str, Any]
NAMES = {2: "competent", 3: "expert", 4: "virtuoso"}
assert set(NAMES) == set(LEVELS)


def tables(results: Sequence[Result], standing: Standing) -> dict[str, tuple[Table, pa.Table]]:
    """Every table by its folder; ``autonomy`` is there where any is declared.

    Args:
        results: what models did.
        standing: placements and profiles.
    """
    found = {
        "tasks": (TASKS, table(TASKS, [_task(task) for task in standing.tasks.values()])),
        "norms": (NORMS, shipped.rows(standing.norms)),
        "runs": (RUNS, table(RUNS, [row for result in results for row in _runs(result)])),
        "placements": (PLACEMENTS, table(PLACEMENTS, [_placed(p) for p in standing.placements])),
        "profile": (PROFILE, table(PROFILE, [r for p in standing.profiles for r in _families(p)])),
        "general": (GENERAL, table(GENERAL, [r for p in standing.profiles for r in _general(p)])),
    }
    if standing.autonomy:
        rows = [_declared(one) for one in standing.autonomy]
        found["autonomy"] = (AUTONOMY, table(AUTONOMY, rows))
    return found


def _task(task: Task) -> Row:
    return {
        "task_id": task.id,
        "task_version": task.version,
        "families": list(task.families),
        "metric": task.metric,
        "headline": task.headline,
        "tools": task.tools,
        "contaminated": task.contaminated,
        "superhuman_basis": task.superhuman_basis,
        "ecological_evidence": task.ecological_evidence,
    }


def _runs(result: Result) -> Iterator[Row]:
    many = (~np.isnan(result.by_run)).sum(1) if result.by_run.size else np.ones(len(result.items))
    for item, cluster, score, n in zip(
        result.items, result.clusters, result.values, many, strict=True
    ):
        yield {
            "model": result.model,
            "task_id": result.task.id,
            "item_id": item,
            "cluster_id": cluster,
            "score": float(score),
            "repeats": int(n),
            "tools": result.task.tools,
        }


def _placed(p: Placement) -> dict[str, object]:
    chances = (*p.p, *(None,) * (3 - len(p.p)))
    return {
        "model": p.model,
        "task_id": p.task,
        "norm_id": p.norm,
        "group_name": p.group,
        "kind": p.kind,
        "m": p.score,
        "theta": p.place.value,
        "theta_strict": p.strict,
        "ci_lo": p.place.ci_lo,
        "ci_hi": p.place.ci_hi,
        "p_competent": chances[0],
        "p_expert": chances[1],
        "p_virtuoso": chances[2],
        "level": p.level,
        "possible_max": p.possible,
        "n_norm": p.n,
        "method": p.place.method or None,
        "flags": list(p.flags),
        "statement": p.words,
    }


def _families(found: Profile) -> Iterator[Row]:
    for family in found.families:
        yield {
            "model": found.model,
            "family": family.name,
            "tasks": family.tasks,
            "lowest": family.lowest,
            "median": family.median,
            **{f"share_{NAMES[level]}": family.shares[level] for level in LEVELS},
            **{f"half_{NAMES[level]}": family.half[level] for level in LEVELS},
        }


def _general(found: Profile) -> Iterator[Row]:
    for q, held in found.held.items():
        sharing = None if found.held_sharing is None else found.held_sharing[q]
        yield {
            "model": found.model,
            "coverage": f"{q:g}",
            "tasks": len(found.counted),
            "families": len(found.families),
            "level": found.general[q],
            "reason": found.reason,
            **{f"breadth_{NAMES[level]}": found.breadth[level] for level in LEVELS},
            **{f"held_{NAMES[level]}": held[level] for level in LEVELS},
            **{
                f"held_sharing_{NAMES[level]}": None if sharing is None else sharing[level]
                for level in LEVELS
            },
        }


def _declared(one: Declared) -> Row:
    level = AXIS[one.level]
    return {
        "deployment": one.deployment,
        "level": one.level,
        "name": level.name,
        "justification": one.justification,
        "acknowledged": list(one.acknowledged),
        "not_acknowledged": [risk for risk in level.risks if risk not in one.acknowledged],
        "mitigations": list(one.mitigations),
    }
