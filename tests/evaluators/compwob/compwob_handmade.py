"""Results of agents whose successes are set by a rule: what the statistics are tried on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evaluators.compwob.evaluate import plan
from measurand import runs, shards
from measurand.costs import COSTS
from measurand.results import RESULTS
from pipelines.compwob.environment import Spec
from schemas.compwob.params import Params
from schemas.compwob.tables import CHECKS, EPISODES, FILMS, RUNS

Rule = Callable[[Spec], bool]
TASKS = [
    "click-button_click-link",
    "click-option_login-user",
    "click-link_enter-text",
    "click-button-sequence_click-option_login-user",
    "click-link_click-button_click-dialog",
    "click-option_login-user-transition",
]


def params(agents: dict[str, Rule], seeds: int = 6, **more: Any) -> Params:
    return Params.model_validate(
        {
            "train": {"mixtures": ["uniform", "rebalanced"], "seeds": 2},
            "evaluate": {
                "agents": [{"agent": name} for name in agents],
                "compositions": TASKS,
                "seeds": seeds,
                **more,
            },
            "report": {"resamples": 200},
        }
    )


def _episode(agent: str, spec: Spec, success: bool) -> dict[str, Any]:
    n = len(spec.task.parts)
    digest = hashlib.sha256(f"{spec.task.name}{spec.seed}".encode()).hexdigest()
    return {
        "episode_id": f"{spec.task.name}|{spec.order}|{spec.seed}|{agent}",
        "task": spec.task.name, "order": spec.order, "seed": spec.seed, "agent": agent,
        "parts": list(spec.task.parts), "category": spec.task.category, "n_parts": n,
        "layout": spec.task.layout, "order_rule": "strict", "error_rule": "latch",
        "click": "mouse", "utterance": "Do it.",
        "instruction_tokens": 10 * n + len(spec.task.name) % 7 + spec.seed % 3,
        "html_sha256": digest, "html_chars": 900 * n, "html_nodes": 11 * n + spec.seed % 5,
        "max_subtree": 8 + len(spec.task.name) % 5 + spec.seed % 2, "depth": 5 + n % 2,
        "steps": 2 * n, "success": success, "reward": 1.0 if success else -1.0,
        "done_reason": "final" if success else f"wrong:{n - 1}",
        "part_states": [1] * (n - 1) + [1 if success else -1], "covered": 0, "parse_errors": 0,
        "bad_references": [] if success else ["gone", "no_field"] if n == 3 else ["gone"],
        "prompt_tokens": None, "completion_tokens": None, "status": "ok", "reason": None,
        "browser": "Chromium 1", "env_sha256": "0" * 64,
    }  # fmt: skip


def episodes(given: Params, agents: dict[str, Rule]) -> Iterator[dict[str, Any]]:
    for run in given.evaluate.agents:
        for spec in plan.specs_of(given, run):
            yield _episode(run.agent, spec, agents[run.agent](spec))


def write(folder: Path, given: Params, agents: dict[str, Rule]) -> Path:
    """A results folder."""
    rows = list(episodes(given, agents))
    items = [item for row in rows for item in plan.items_of(row, "run")]
    items += [
        plan.item(row, "run", metric, 1.0, repeat=1)
        for row in rows[::20]
        for metric in ("rebuild_agreement", "replay_reward", "replay_pages")
    ]
    checks = [
        {"name": name, "count": 0, "of": 100, "detail": None}
        for name in ("foreign_requests", "browsers_left", "names_seen", "seeds_shared")
    ]
    times = [
        {"episode_id": row["episode_id"], "attempts": 1, "wall_ms": 900.0, "reset_ms": 100.0,
         "observe_ms": 100.0, "agent_ms": 1.0, "act_ms": 600.0, "foreign": [], "refused": 1,
         "failures": "", "retries": None}
        for row in rows
    ]  # fmt: skip
    film = [
        {"task": TASKS[0], "step": i, "category": "two", "agent": "oracle", "seed": 1,
         "utterance": "<b>Do</b> it.", "action": "click button", "success": True,
         "picture": b"\xff\xd8\xff", "width": 260, "height": 520, "box": [1.0, 2.0, 3.0, 4.0]}
        for i in range(2)
    ]  # fmt: skip
    tables = {"episodes": (EPISODES, rows), "items": (RESULTS, items), "checks": (CHECKS, checks),
              "runs": (RUNS, times), "films": (FILMS, film),
              "costs": (COSTS, [])}  # fmt: skip
    for name, (spec, some) in tables.items():
        table = runs.table(spec, some) if some else spec.schema().empty_table()
        shards.write_dataset(folder / name, spec, table)
    return folder
