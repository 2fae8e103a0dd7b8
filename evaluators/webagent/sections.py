"""Report sections: agents, the square, failures, planner and summariser by length, losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluators.webagent.crossing import pairs, squares
from evaluators.webagent.evaluate.context import View
from evaluators.webagent.evaluate.failing import Walks, by_hand
from evaluators.webagent.evaluate.walking import KINDS, RULES
from evaluators.webagent.pictures import (
    SITES,
    failure_figure,
    films,
    length_figure,
    loss_figure,
    site_figure,
    square_figure,
)
from evaluators.webagent.pointing import BUCKETS, LENGTHS
from measurand.reporting.document import Block, Cell, Section, Table
from measurand.reporting.grid import Line, grid

LONGEST = 160
"""Signs of a program or sub-instruction that a table shows."""
_NAMES = {**{name: f"up to {most:,}" for name, most in LENGTHS.items()}, "over": "longer"}


def summary_section(view: View) -> Section:
    """One row an agent and site."""
    lines = [
        Line({"text": one.agent, "detail": SITES[site]}, one.agent, {"site": site} if site else {})
        for one in view.found.everyone
        for site in ("", *one.sites)
    ]
    table = grid(
        view.figures,
        "Share of episodes carried out, and share of what was asked for",
        "agent",
        lines,
        {
            "carried out": "success",
            "over templates": "success_over_templates",
            "score": "score",
            "failed browsers as failures": "success_infra_failed",
            "without a result": "missing_share",
        },
        [
            "Carried out: Wilson's interval over instructions that were tried once, else over "
            "instructions. Over templates: what other templates would give. Score: bootstrap over "
            "instructions."
        ],
    )
    return Section(
        "Every agent",
        (site_figure(view.found.everyone, view.figures), table),
        "An instruction is carried out when all attributes hold on the server and nothing else has "
        "changed there.",
    )


def square_section(view: View) -> Section:
    """What planner and summariser are worth, and what agents differ in otherwise."""
    figures = view.figures
    table = grid(
        figures,
        "Differences on the same instructions",
        ("agent", "minus"),
        [Line(one.agent, one.agent, {"over": other.agent}, [other.agent])
         for one, other in pairs(view.found)],
        {
            "carried out": "success_difference",
            "McNemar's exact p": "mcnemar",
            "score": "score_difference",
        },
        ["Paired by instruction and seed, with clusters of instructions. McNemar's test takes "
         "pairs as independent."],
    )  # fmt: skip
    every = squares(view.found)
    blocks: list[Block] = [square_figure(one, figures) for one in every]
    blocks.append(table)
    if every:
        blocks.append(
            grid(
                figures,
                "What the snippet adds with the planner's words, minus without them",
                "agent",
                [Line(one.both.agent, one.both.agent) for one in every],
                {"carried out": "success_interaction", "score": "score_interaction"},
            )
        )
    return Section(
        "Planner and summariser",
        tuple(blocks),
        "One writer with and without the planner's words, with and without the snippet.",
    )


def failure_section(view: View) -> Section:
    """Kinds and rules of first deviations, and a sample to check by hand."""
    everyone, figures = view.found.everyone, view.figures
    rules = grid(
        figures,
        "First deviations, as a share of all episodes",
        ("agent", "kind", "what happened"),
        [
            Line(one.agent, one.agent, {"kind": kind, "rule": rule}, [kind, words])
            for one in everyone
            for kind in KINDS
            for rule, words in RULES.items()
        ],
        {"share": "failure_share"},
        made="failure_share",
    )
    unknown = grid(
        figures,
        "Failed episodes without a successful one of the oracle to go by",
        "agent",
        [Line(one.agent, one.agent) for one in everyone],
        {"share of all episodes": "failure_unknown"},
    )
    blocks: list[Block] = [failure_figure(everyone, figures), rules, unknown]
    drawn = by_hand(Walks(view.found), view.found.params.report.by_hand)
    if drawn:
        blocks.append(_sample(drawn))
    return Section(
        "Where episodes fail",
        tuple(blocks),
        "As long as an agent has done the oracle's steps and no others, it is known what is due; "
        "the first step that is not due, or does not come off, is the first deviation.",
    )


def _sample(drawn: Sequence[dict[str, Any]]) -> Table:
    rows: list[list[Cell]] = []
    for one in drawn:
        episode, deviation, step = one["episode"], one["deviation"], one["step"]
        rows.append(
            [
                {"text": episode["episode_id"], "detail": episode["instruction"]},
                deviation.step + 1,
                {"text": deviation.kind, "detail": RULES[deviation.rule]},
                deviation.due,
                "END" if step is None else _short(step["sub_instruction"]),
                "" if step is None else _short(step["program"]),
            ]
        )
    return Table(
        f"{len(rows)} failures to check by hand",
        ["episode", "step", "told by rules", "due", "said", "program"],
        rows,
        ["Drawn at random among failures of what is measured, the same ones every time. The kinds "
         "are told by rules; read these before you trust them."],
    )  # fmt: skip


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 3]}..."


def pointing_section(view: View) -> Section:
    """Planner and summariser where it is known what is right, by the length of the page."""
    everyone, figures = view.found.everyone, view.figures
    whole = grid(
        figures,
        "Planner and summariser at steps whose reference is known",
        "agent",
        [Line(one.agent, one.agent) for one in everyone],
        {
            "exact plans": "plan_exact",
            "F1 of slots": "slot_f1",
            "precision": "ref_precision",
            "recall": "ref_recall",
            "F1": "ref_f1",
            "element in view": "in_view",
            "snippet over page": "snippet_ratio",
        },
        ["Precision, recall and F1 of the elements pointed at, against the oracle's, where what "
         "was said is due. In view: what the writer saw holds the element."],
    )  # fmt: skip
    by_length = grid(
        figures,
        "By words and signs of the page",
        ("agent", "page"),
        [Line(one.agent, one.agent, {"page": name}, [_NAMES[name]])
         for one in everyone for name in BUCKETS],
        {
            "exact plans": "plan_exact",
            "precision": "ref_precision",
            "recall": "ref_recall",
            "F1": "ref_f1",
            "element in view": "in_view",
            "snippet over page": "snippet_ratio",
            "score": "score",
        },
        made="in_view",
    )  # fmt: skip
    return Section(
        "What is said and pointed at",
        (whole, length_figure(everyone, figures), by_length),
        "Long pages are what a local attention with global tokens is for.",
    )


def loss_section(view: View) -> Section | None:
    """Losses of trained models; none where none was measured."""
    probes = view.found.probes
    if probes.is_empty():
        return None
    models = probes["model"].unique().sort().to_list()
    spans = [str(mu) for mu in probes["mu"].unique().sort().to_list()]
    table = grid(
        view.figures,
        "Nats a token",
        ("model", "part of"),
        [Line(model, model, {"kind": kind} if kind else {}, [kind or "all"])
         for model in models for kind in ("", *probes["kind"].unique().sort().to_list())],
        {"all spans": "loss", **{f"spans of {mu}": ("loss", {"mu": mu}) for mu in spans}},
        ["Bootstrap over pages. Losses of models with other mixtures can be compared here, since "
         "all were given the same masks; which mixture serves planners is not told by them."],
    )  # fmt: skip
    return Section(
        "Masked parts of pages",
        (loss_figure(view.found, view.figures), table),
        "How surprised a model is by what was masked, by kind of token and length of span.",
    )


def film_section(view: View) -> Section | None:
    """A success and a failure of each kind, as they were seen."""
    shown = films(view.results, view.found)
    if not shown:
        return None
    return Section("What episodes look like", tuple(shown), "", True)
