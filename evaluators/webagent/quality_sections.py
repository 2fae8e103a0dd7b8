"""Report sections: whether the instrument works, what it cost, how figures were made."""

from __future__ import annotations

import polars as pl

from evaluators.webagent.evaluate.context import ALL, View
from evaluators.webagent.evaluate.context import Subject as Agent
from measurand.reporting.document import Cell, Section, Table, Text
from measurand.reporting.grid import Line, Measure, grid, measures
from measurand.reporting.methods import methods
from measurand.subject import Subject
from schemas.webagent.tables import WHATS

_COUNTS: tuple[Measure, ...] = (
    ("states that came out otherwise when the requests were read again", "replays_other", {}),
    ("episodes whose requests were read again", "replayed", {}),
    ("requests elsewhere, all refused", "foreign_requests", {}),
    ("hostile programs that the guard let through", "guard_let_through", {}),
    ("programs that ran without a sandbox", "unboxed_share", {}),
    ("browsers that were still there", "browsers_left", {}),
    ("episodes without a result", "missing_share", {}),
    ("episodes on what is held out", "held_out_share", {}),
)

_TOKENS = ("prompt_tokens", "completion_tokens")


def instrument_section(view: View) -> Section:
    """Counts of this very run, and what became of programs."""
    whole = Subject("webagent", ALL, 0, 0)
    counts = measures(view.figures, "Checks of the run", [whole], _COUNTS)
    programs = grid(
        view.figures,
        "Programs, by what became of them",
        ("agent", "what"),
        [Line(one.agent, one.agent, {"what": what}, [what])
         for one in view.found.everyone for what in WHATS],
        {"share": "program_share"},
        made="program_share",
    )  # fmt: skip
    words = (
        "The one local server is the browser's proxy: what is asked for elsewhere is refused and "
        "counted. The state that a checker reads is folded from the session's log of requests a "
        "second time, by a reader that knows no page."
    )
    return Section("The instrument", (counts, Text(words), programs))


def cost_section(view: View) -> Section:
    """Time and tries of episodes, by agent."""
    runs = view.found.runs.with_columns(agent=pl.col("episode_id").str.split("|").list.last())
    columns = ("plan_ms", "write_ms", "run_ms")
    order = [one.agent for one in view.found.everyone]
    tokens = {one.agent: [_tokens(one, name) for name in _TOKENS] for one in view.found.everyone}
    means = runs.group_by("agent", maintain_order=True).agg(
        pl.len().alias("episodes"),
        pl.col("seconds", *columns).mean(),
        (pl.col("tries") > 1).sum().alias("again"),
    )
    rows: list[list[Cell]] = [
        [row["agent"], row["episodes"], row["seconds"], *(row[name] / 1000 for name in columns),
         row["again"], *tokens[row["agent"]]]
        for row in sorted(means.to_dicts(), key=lambda row: order.index(row["agent"]))
    ]  # fmt: skip
    table = Table(
        "What an episode took: seconds and tokens, on average",
        ["agent", "episodes", "whole", "planning and pointing", "writing", "programs",
         "tried again", "tokens read", "tokens written"],
        rows,
        ["Times belong to the run; a browser that died was replaced and the episode tried again. "
         "Tokens are those of trained planners and of models that write programs."],
    )  # fmt: skip
    return Section("Cost", (table,))


def _tokens(subject: Agent, name: str) -> Cell:
    """Tokens of models in an episode, on average over those that have a result."""
    known = [row[name] for steps in subject.steps.values() for row in steps]
    counted: list[int] = [count for count in known if count is not None]
    if not counted:
        return {"value": None, "reason": "no model acted"}
    return sum(counted) / len(subject.steps)


def method_section(view: View) -> Section:
    """How the figures were made, and what this is not."""
    return Section("Methods", (methods(__file__, view.found.params),))
