"""How episodes fail, and whether the instrument can be trusted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl

from evaluators.compwob.context import ALL, SYSTEM, Subject
from evaluators.compwob.evaluate.checks import AGAIN
from measurand import shards
from measurand.results import Rows
from measurand.statistics import exact, statistic_row
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import cluster_mean, proportion
from measurand.subject import frame
from schemas.compwob.params import ORDERS

COUNTED = ("foreign_requests", "browsers_left", "names_seen", "seeds_shared", "infra_errors")
"""Checks that are counts."""


def failure_rows(subject: Subject) -> Rows:
    """Why episodes failed, at which part, and how much longer successes took than the oracle's.

    ``failure_share``: of all episodes, by reason; ``first_failing``: of the failed compositions, by
    the first part that was not done.
    """
    for order in ORDERS:
        mine = subject.of(order)
        if mine.is_empty():
            continue
        kinds = Counter(
            reason.split(":")[0]
            for reason, success in mine.select("done_reason", "success").iter_rows()
            if not success
        )
        for kind, count in sorted(kinds.items()):
            here = {"order": order, "reason": kind}
            yield subject.row("failure_share", here, proportion(count, len(mine)))
        failed = mine.filter((pl.col("success") == 0) & (pl.col("n_parts") > 1))
        firsts = Counter(_first(states) for states in failed["part_states"].to_list())
        for part, count in sorted(firsts.items()):
            here = {"order": order, "part": str(part + 1)}
            yield subject.row("first_failing", here, proportion(count, len(failed)))
    tokens = subject.episodes.drop_nulls("prompt_tokens")
    solved = int(tokens["success"].sum()) if len(tokens) else 0
    spent = int(tokens.select(pl.col("prompt_tokens") + pl.col("completion_tokens")).sum().item())
    if len(tokens):
        found = exact(spent / solved, n=len(tokens)) if solved else undefined("no success")
        yield subject.row("tokens_per_success", {}, found)


def reference_rows(subject: Subject) -> Rows:
    """``bad_reference_share``: of all actions, by why the element named could not be acted on.

    Exact for this very run; without a reason in the slice all of them together.
    """
    known = subject.episodes.drop_nulls("bad_references")
    actions = int(known["steps"].sum())
    if not actions:
        why = "no action was taken" if len(known) else "an older run, which did not look"
        yield subject.row("bad_reference_share", {}, undefined(why, n=0))
        return
    kinds = Counter(known["bad_references"].explode().drop_nulls().to_list())
    yield subject.row("bad_reference_share", {}, exact(kinds.total() / actions, n=actions))
    for kind, count in sorted(kinds.items()):
        share = exact(count / actions, n=actions)
        yield subject.row("bad_reference_share", {"reason": kind}, share)


def _first(states: list[int]) -> int:
    return next((i for i, state in enumerate(states) if state != 1), len(states) - 1)


def step_rows(subject: Subject, oracle: Subject | None) -> Rows:
    """``extra_steps``: steps of a success beyond the oracle's for the same problem."""
    if oracle is None or oracle is subject:
        return
    keys = ["task", "order", "seed"]
    pairs = subject.episodes.filter(pl.col("success") == 1).join(
        oracle.episodes.filter(pl.col("success") == 1), on=keys, suffix="_oracle"
    )
    for order in ORDERS:
        mine = pairs.filter(pl.col("order") == order)
        if mine.is_empty():
            continue
        extra = (mine["steps"] - mine["steps_oracle"]).to_numpy().astype(np.float64)
        found = cluster_mean(extra, mine["task"].to_numpy())
        yield subject.row("extra_steps", {"order": order}, found)


def instrument_rows(subjects: list[Subject], results: Path) -> Rows:
    """Replays, by agent and of all, and the checks of the whole run."""
    items = frame(shards.read_table(results / "items", ["model", "metric", "value"]))
    played = [(s.agent, len(s.episodes), s.lost) for s in subjects]
    played.append((ALL, sum(n for _, n, _ in played), sum(lost for *_, lost in played)))
    for agent, n, lost in played:
        mine = items if agent == ALL else items.filter(pl.col("model") == agent)
        for metric in AGAIN:
            some = mine.filter(pl.col("metric") == metric).drop_nulls("value")
            found = _share(some["value"].to_numpy())
            yield statistic_row(SYSTEM, agent, metric, {}, found)
        share = exact(lost / (n + lost), n=n + lost)
        yield statistic_row(SYSTEM, agent, "missing_share", {}, share)
    for check in shards.read_table(results / "checks").to_pylist():
        if check["name"] in COUNTED:
            count = exact(float(check["count"]), n=check["of"])
            yield statistic_row(SYSTEM, ALL, check["name"], {}, count)


def _share(values: np.ndarray) -> Estimate:
    if len(values) == 0:
        return undefined("nothing was played again", n=0)
    return exact(float(values.mean()), n=len(values))
