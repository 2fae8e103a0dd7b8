"""Report sections on complexity, failures, the instrument, cost and method."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evaluators.compwob.checks import AGAIN
from evaluators.compwob.complexity import PREDICTORS
from evaluators.compwob.context import ORDERS, Subject, View
from evaluators.compwob.pictures import WORDS, scatter_figure
from measurand import shards
from measurand.report.document import Block, Cell, Section, Table, Text
from measurand.report.lookup import Figures
from measurand.subject import frame
from schemas.compwob.params import ORDERS as EVERY_ORDER

REASONS = {
    "wrong": "a part was done wrongly at the end",
    "order": "a part was done before an earlier one",
    "step_limit": "the actions ran out",
    "gave_up": "the agent stopped acting",
    "timeout": "time ran out",
}
QUIRKS = """What the published pages do and these do not: two parts share one Submit button; widget
options and choice options share one radio group. What both do: buttons of a sequence can cover each
other, and several buttons can carry the same label.

Reversed sentences follow the rule of the published pages that could be read; those of five, six and
seven parts follow it by inference."""

RELIABILITY = """The reliability beside a success or a gap is that of a task's own mean over its
seeds, ICC(1,k): how far other seeds would tell the same tasks apart. Beside a mixture it is that of
a task's mean over the mixture's trained models, Cronbach's alpha. Rates of single tasks, p values,
counts and what is predicted have none."""


def complexity_section(view: View) -> Section:
    """Success against the length of the sentence and the size of the page."""
    everyone, figures = view.found, view.figures
    blocks: list[Block] = []
    for subject in everyone:
        varies = subject.of("forward")["success"].n_unique() > 1
        if varies:
            blocks.append(scatter_figure(subject, "forward"))
            blocks.append(_slopes(subject, figures))
    if not blocks:
        blocks = [Text("Every agent solved all compositions, or none: nothing can be regressed.")]
    return Section(
        "Complexity",
        tuple(blocks),
        "Longer sentences come with larger pages and more parts. Each predictor is regressed by "
        "itself; the variance inflation says how far they could be told apart in these tasks.",
    )


def _slopes(subject: Subject, figures: Figures) -> Table:
    rows: list[list[Cell]] = []
    for order in ORDERS:
        for name, words in PREDICTORS.items():
            here = {"order": order, "predictor": name}
            rows.append(
                [
                    {"text": words, "detail": WORDS[order]},
                    figures.cell(subject.agent, "slope", **here),
                    figures.cell(subject.agent, "slope", **here, parts="2")
                    if name != "n_parts"
                    else {"value": None, "reason": "fixed"},
                    figures.cell(subject.agent, "pearson", **here),
                    figures.cell(subject.agent, "spearman", **here),
                    figures.cell(subject.agent, "vif", **here),
                ]
            )
    return Table(
        f"{subject.agent}: success and complexity",
        ["predictor", "log-odds by a standard deviation", "within two parts",
         "Pearson's r of tasks", "Spearman's rho of tasks", "variance inflation"],
        rows,
        ["Logistic regressions over episodes with errors clustered by task."],
    )  # fmt: skip


def failure_section(view: View) -> Section:
    """Why episodes failed."""
    everyone, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    for subject in everyone:
        for order in EVERY_ORDER:
            for reason, words in REASONS.items():
                here = {"order": order, "reason": reason}
                if figures.get(subject.agent, "failure_share", **here) is not None:
                    cell = figures.cell(subject.agent, "failure_share", **here)
                    rows.append([{"text": subject.agent, "detail": WORDS[order]}, words, cell])
    return Section(
        "How episodes fail",
        (
            Table("Share of all episodes, by reason", ["agent", "reason", "share"], rows),
            _firsts(everyone, figures),
            _steps(everyone, figures),
        ),
    )


def _firsts(everyone: Sequence[Subject], figures: Figures) -> Table:
    rows: list[list[Cell]] = []
    for subject in everyone:
        for order in ORDERS:
            shares = [
                figures.cell(subject.agent, "first_failing", order=order, part=str(part))
                for part in (1, 2, 3, 4)
                if figures.get(subject.agent, "first_failing", order=order, part=str(part))
            ]
            if shares:
                none: list[Cell] = [{"value": None, "reason": "no such failure"}]
                rows.append(
                    [
                        {"text": subject.agent, "detail": WORDS[order]},
                        *shares,
                        *none * (4 - len(shares)),
                    ]
                )
    return Table(
        "First part that was not done, as a share of failed compositions",
        ["agent", "first", "second", "third", "fourth"],
        rows,
    )


def _steps(everyone: Sequence[Subject], figures: Figures) -> Table:
    rows: list[list[Cell]] = []
    for subject in everyone:
        cells = [figures.cell(subject.agent, "extra_steps", order=order) for order in EVERY_ORDER]
        if any(figures.metrics(subject.agent, "extra_steps")):
            rows.append([subject.agent, *cells])
    return Table(
        "Actions of a success beyond the oracle's for the same problem",
        ["agent", *(WORDS[order] for order in EVERY_ORDER)],
        rows,
    )


def instrument_section(view: View) -> Section:
    """Whether episodes can be had again, and what left the machine."""
    everyone, figures, results = view.found, view.figures, view.results
    rows: list[list[Cell]] = [
        [
            subject.agent,
            *(figures.cell(subject.agent, metric) for metric in AGAIN),
            figures.cell(subject.agent, "missing_share"),
        ]
        for subject in everyone
    ]
    again = Table(
        "Some episodes, played again from their rows",
        ["agent", "same sentence and first page", "same reward", "same page at every step",
         "episodes without a result"],
        rows,
    )  # fmt: skip
    checks: list[list[Cell]] = [
        [check["name"].replace("_", " "), check["count"], check["of"], check["detail"] or ""]
        for check in shards.read_table(results / "checks").to_pylist()
    ]
    counts = Table("Checks of the run", ["check", "count", "of", "found"], checks)
    refused = sum(shards.read_table(results / "runs", ["refused"]).column(0).to_pylist())
    words = (
        "All requests of a browser go to one local server, which is its proxy and lets nothing "
        "out. Foreign requests are those that a page made. The browser by itself asked its maker's "
        f"services {refused} times and was refused."
    )
    return Section("The instrument", (again, counts, Text(words)))


def cost_section(view: View) -> Section:
    """Time and tries."""
    results = view.results
    runs = frame(shards.read_table(results / "runs"))
    parts = runs.with_columns(pl.col("episode_id").str.split("|").alias("id")).with_columns(
        pl.col("id").list.get(1).alias("order"), pl.col("id").list.get(3).alias("agent")
    )
    columns = ("wall_ms", "reset_ms", "observe_ms", "agent_ms", "act_ms")
    means = parts.group_by("agent", "order").agg(
        pl.len().alias("episodes"),
        *(pl.col(name).mean() for name in columns),
        (pl.col("attempts") > 1).sum().alias("again"),
    )
    rows: list[list[Cell]] = [
        [
            {"text": row["agent"], "detail": WORDS[row["order"]]},
            row["episodes"],
            *(row[name] / 1000 for name in columns),
            row["again"],
        ]
        for row in means.sort("agent", "order").to_dicts()
    ]
    table = Table(
        "Seconds an episode took, on average",
        ["agent", "episodes", "whole", "building", "reading", "deciding", "acting",
         "tried again"],
        rows,
        ["Times belong to the run; a browser that died was replaced and the seed tried again."],
    )  # fmt: skip
    return Section("Cost", (table,))


def method_section(view: View) -> Section:
    """What was asked, how it differs from the published pages, how far a score can be repeated."""
    everyone, figures = view.found, view.figures
    given = everyone[0].params.evaluate
    rule = {
        "strict": "a part done before an earlier one fails the episode",
        "flags": "only the last part's commit tests the others, as on the published pages",
    }[given.order_rule]
    error = {
        "latch": "a wrong attempt can be mended until the last part's commit",
        "terminal": "a wrong attempt ends the episode",
    }[given.error_rule]
    words = (
        f"- {given.seeds} seeds a task, from {given.first_seed}; demonstrations have seeds below.\n"
        f"- Order: {rule}.\n- Mistakes: {error}.\n- Clicks: {given.click}; where something covers "
        "the element, the click is given to it and counted.\n- Success is the full reward of every "
        "part's own page."
    )
    return Section(
        "Method",
        (Text(words), Text(QUIRKS), Text(RELIABILITY), _reliability(everyone, figures)),
        "Furuta et al. 2023 (arXiv 2311.18751) report 94.0 on base tasks and 24.9 on compositions "
        "for prompted models, 85.4 and 54.8 for transferred ones, and less on reversed sentences. "
        "The direction can be compared, the cells cannot: models, pages and budget are others.",
    )


def _reliability(everyone: Sequence[Subject], figures: Figures) -> Table:
    rows: list[list[Cell]] = []
    for subject in everyone:
        agent = subject.agent
        for order in EVERY_ORDER:
            cell = figures.cell(agent, "task_icc", of="success", order=order)
            if figures.get(agent, "task_icc", of="success", order=order) is not None:
                gap: Cell = {"value": None, "reason": "base tasks alone"}
                if order != "single":
                    gap = figures.cell(agent, "task_icc", of="gap_base", order=order)
                rows.append([{"text": agent, "detail": WORDS[order]}, cell, gap])
    return Table(
        "Reliability of a task's mean over its seeds",
        ["agent", "success", "parts alone minus composed"],
        rows,
        ["Intervals by a bootstrap over tasks. Where all episodes, or the means of all tasks, are "
         "alike, there is nothing to tell apart. Below 0, seeds of a task differ more than tasks."],
    )  # fmt: skip
