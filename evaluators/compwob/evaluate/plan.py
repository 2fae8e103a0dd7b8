"""Which episodes an agent plays, and what each of them is as an item result."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from measurand import runs
from pipelines.compwob.environment import Spec
from pipelines.compwob.tasks import NAMES, Composition, compose, composition
from schemas.compwob.params import AgentRun, Order, Params

Row = dict[str, Any]
SYSTEM = "compwob"


def compositions_of(params: Params, run: AgentRun) -> list[Composition]:
    """Compositions that an agent plays, the user's own ones last.

    Raises:
        InputError: a name is not made of base tasks.
    """
    names = run.compositions or params.evaluate.compositions or NAMES
    extra = params.evaluate.extra_compositions if run.compositions is None else ()
    found = [composition(name) for name in names] + [compose(parts) for parts in extra]
    return list(dict.fromkeys(found))


def tasks_of(params: Params, run: AgentRun) -> list[tuple[Composition, Order]]:
    """Every task with its wording: base tasks first, then compositions."""
    together = compositions_of(params, run)
    parts = dict.fromkeys(part for task in together for part in task.parts)
    base = parts if run.base is None else dict.fromkeys(run.base)
    found: list[tuple[Composition, Order]] = [(composition(name), "single") for name in base]
    return found + [(task, order) for task in together for order in run.orders]


def specs_of(params: Params, run: AgentRun) -> Iterator[Spec]:
    """Every episode of an agent, seed by seed within a task."""
    first = params.evaluate.first_seed
    for task, order in tasks_of(params, run):
        for seed in range(first, first + (run.seeds or params.evaluate.seeds)):
            yield Spec(task, order, seed)


def items_of(episode: Row, identity: str) -> Iterator[Row]:
    """Item results of an episode: ``success``."""
    success = episode["success"]
    yield item(episode, identity, "success", None if success is None else float(success))


def item(episode: Row, identity: str, metric: str, value: float | None, *, repeat: int = 0) -> Row:
    """One item result; the task is the cluster."""
    seen = f"{episode['utterance']}\0{episode['html_sha256']}"
    failed = episode["status"] != "ok"
    missing = "the browser failed" if value is None and not failed else None
    return runs.item_row(
        SYSTEM,
        episode["agent"],
        metric,
        f"{episode['task']}|{episode['order']}|{episode['seed']}",
        value,
        run_id=identity,
        prompt_sha256=hashlib.sha256(seen.encode()).hexdigest(),
        cluster_id=episode["task"],
        repeat=repeat,
        status="infra_error" if failed or missing else "ok",
        reason=episode["reason"] if failed else missing,
        parts={
            "category": episode["category"],
            "order": episode["order"],
            "parts": str(episode["n_parts"]),
        },
        seed=episode["seed"],
        prompt_tokens=episode["prompt_tokens"],
    )
