"""Report sections on complexity, failures, the instrument, cost and method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from evaluators.compwob.complexity import PREDICTORS
from evaluators.compwob.context import ORDERS, Subject, View
from evaluators.compwob.evaluate.checks import AGAIN
from evaluators.compwob.pictures import WORDS, scatter_figure
from evaluators.compwob.sections import by_order
from measurand import shards
from measurand.reporting.document import Block, Cell, Section, Table, Text
from measurand.reporting.grid import Line, grid
from measurand.reporting.lookup import Figures
from measurand.reporting.methods import methods
from measurand.subject import frame
from schemas.compwob.params import ORDERS as EVERY_ORDER

_AGAIN = ("same sentence and first page", "same reward", "same page at every step")
REASONS = {
    "wrong": "a part was done wrongly at the end",
    "order": "a part was done before an earlier one",
    "step_limit": "the actions ran out",
    "gave_up": "the agent stopped acting",
    "timeout": "time ran out",
}

REFERENCES = {
    "no_number": "no number was given",
    "never_seen": "no page showed the number",
    "gone": "it was there before",
    "disabled": "it was switched off",
    "no_field": "it takes no text",
    "no_list": "it is no list",
    "no_such_option": "the list has no such option",
}


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
    def within(line: Line) -> Cell:
        if line.parts["predictor"] == "n_parts":
            return {"value": None, "reason": "fixed"}
        return figures.cell(line.model, "slope", **line.parts, parts="2")

    return grid(
        figures,
        f"{subject.agent}: success and complexity",
        "predictor",
        [
            Line(
                {"text": words, "detail": WORDS[order]},
                subject.agent,
                {"order": order, "predictor": name},
            )
            for order in ORDERS
            for name, words in PREDICTORS.items()
        ],
        {
            "log-odds by a standard deviation": "slope",
            "within two parts": within,
            "Pearson's r of tasks": "pearson",
            "Spearman's rho of tasks": "spearman",
            "variance inflation": "vif",
        },
        ["Logistic regressions over episodes with errors clustered by task."],
    )


def failure_section(view: View) -> Section:
    """Why episodes failed."""
    everyone, figures = view.found, view.figures
    reasons = grid(
        figures,
        "Share of all episodes, by reason",
        ("agent", "reason"),
        [
            Line(line.head, line.model, {**line.parts, "reason": reason}, [words])
            for line in by_order(everyone, EVERY_ORDER)
            for reason, words in REASONS.items()
        ],
        {"share": "failure_share"},
        made="failure_share",
    )
    steps = grid(
        figures,
        "Actions of a success beyond the oracle's for the same problem",
        "agent",
        [
            Line(subject.agent, subject.agent)
            for subject in everyone
            if any(figures.metrics(subject.agent, "extra_steps"))
        ],
        {WORDS[order]: ("extra_steps", {"order": order}) for order in EVERY_ORDER},
    )
    named = grid(
        figures,
        "Actions on an element that could not be acted on, as a share of all actions",
        ("agent", "why"),
        [
            Line(subject.agent, subject.agent, {"reason": reason} if reason else {}, [words])
            for subject in everyone
            for reason, words in {"": "all of them", **REFERENCES}.items()
        ],
        {"share": "bad_reference_share"},
        ["Such an action does nothing, but counts as one. The reason stands with the step."],
        made="bad_reference_share",
    )
    return Section("How episodes fail", (reasons, _firsts(everyone, figures), named, steps))


def _firsts(everyone: Sequence[Subject], figures: Figures) -> Table:
    def share(part: int) -> Callable[[Line], Cell]:
        def cell(line: Line) -> Cell:
            here = {**line.parts, "part": str(part)}
            if figures.get(line.model, "first_failing", **here) is None:
                return {"value": None, "reason": "no such failure"}
            return figures.cell(line.model, "first_failing", **here)

        return cell

    parts = ("first", "second", "third", "fourth")
    table = grid(
        figures,
        "First part that was not done, as a share of failed compositions",
        "agent",
        by_order(everyone, ORDERS),
        {name: share(part) for part, name in enumerate(parts, 1)},
    )
    none = {"value": None, "reason": "no such failure"}
    return replace(table, rows=[row for row in table.rows if any(c != none for c in row[1:])])


def instrument_section(view: View) -> Section:
    """Whether episodes can be had again, and what left the machine."""
    again = grid(
        view.figures,
        "Some episodes, played again from their rows",
        "agent",
        [Line(subject.agent, subject.agent) for subject in view.found],
        {**dict(zip(_AGAIN, AGAIN, strict=True)), "episodes without a result": "missing_share"},
    )
    checks: list[list[Cell]] = [
        [check["name"].replace("_", " "), check["count"], check["of"], check["detail"] or ""]
        for check in shards.read_table(view.results / "checks").to_pylist()
    ]
    counts = Table("Checks of the run", ["check", "count", "of", "found"], checks)
    refused = sum(shards.read_table(view.results / "runs", ["refused"]).column(0).to_pylist())
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
    params = view.found[0].params
    rule = {
        "strict": "a part done before an earlier one fails the episode",
        "flags": "only the last part's commit tests the others, as on the published pages",
    }[params.evaluate.order_rule]
    error = {
        "latch": "a wrong attempt can be mended until the last part's commit",
        "terminal": "a wrong attempt ends the episode",
    }[params.evaluate.error_rule]
    return Section(
        "Method",
        (methods(__file__, params, rule=rule, error=error), _reliability(view)),
        "Furuta et al. 2023 (arXiv 2311.18751) report 94.0 on base tasks and 24.9 on compositions "
        "for prompted models, 85.4 and 54.8 for transferred ones, and less on reversed sentences. "
        "The direction can be compared, the cells cannot: models, pages and budget are others.",
    )


def _reliability(view: View) -> Table:
    def gap(line: Line) -> Cell:
        if line.parts["order"] == "single":
            return {"value": None, "reason": "base tasks alone"}
        return view.figures.cell(line.model, "task_icc", of="gap_base", **line.parts)

    success = ("task_icc", {"of": "success"})
    return grid(
        view.figures,
        "Reliability of a task's mean over its seeds",
        "agent",
        by_order(view.found, EVERY_ORDER),
        {"success": success, "parts alone minus composed": gap},
        ["Intervals by a bootstrap over tasks. Where all episodes, or the means of all tasks, are "
         "alike, there is nothing to tell apart. Below 0, seeds of a task differ more than tasks."],
        made=success,
    )  # fmt: skip
