"""Sections on placements: the report and the card show the same ones."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.agi_levels.context import Standing
from evaluators.agi_levels.levels import LEVELS
from evaluators.agi_levels.needs import norm_table
from evaluators.agi_levels.pictures import breadth, family_map, ladder
from evaluators.agi_levels.placing import Placement
from evaluators.agi_levels.profile import Profile
from measurand.reporting.document import Block, Cell, Section, Table, Text
from schemas.agi_levels.taxonomy import AUTONOMY, CUTS, NAMES, PRINCIPLES

FLAG_WORDS = {
    "norm_below_floor": "too few people for a higher level",
    "normal_assumed": "the group is taken as normal",
    "mean_only": "one mean of people",
    "tools_mismatch": "model and people had different tools",
    "contaminated": "items may have been in the training data",
    "ceiling": "scores at the top of the scale",
    "floor": "score at or below everybody",
    "group_unskilled_missing": "no norm of unskilled adults, so Emerging cannot be shown",
    "version_break": "another form of the task",
    "extrapolated": "outside of what the norm holds",
    "raters_not_told_apart": "no rating says whose it is",
    "not_skilled_adults": "the group is not skilled adults",
    "synthetic": "made-up norm",
    "score_without_error": "the score's own error is not known",
    "size_unknown": "the size of the group is not known",
}


def placement_section(standing: Standing) -> Section:
    """Every placement, also those that are missing one side."""
    # Scores first, then the norms that nobody's score stands against.
    rows = [_row(p) for p in sorted(standing.measured, key=lambda p: p.model == "-")]
    table = Table(
        "Every score against every norm",
        ["score", "finding", "percentile", *(f"P({NAMES[level]})" for level in LEVELS)],
        rows,
        [
            "Percentile: share of the group below, ties half; P: probability that it reaches the "
            f"cuts {', '.join(f'{cut:.0%}' for cut in CUTS)}. A level is claimed from a "
            f"probability of {standing.rules.claim:g} and a group that is large enough; from "
            f"{standing.rules.possible:g} it is possible; next is what the next level would "
            "need. P of a table of percentiles is by the lower end of its row, what is possible by "
            "the upper one."
        ],
    )
    return Section(
        "Every score among people",
        (table,),
        "Levels hold against the named group alone. The cuts are conventions of the paper; "
        "percentiles describe who took part, not jobs.",
    )


def _row(p: Placement) -> list[Cell]:
    place = p.place
    shown: Cell = {"value": None, "reason": place.reason or "no percentile"}
    if place.value is not None:
        shown = {"estimate": place.value, "lower": place.ci_lo, "upper": place.ci_hi,
                 "reason": place.reason}  # fmt: skip
    against = p.group or "no norm"
    many = "" if p.n is None else f", {p.n:,} people"
    score = "" if p.score is None else f" {p.score:.4g}"
    name = p.task if p.model == "-" else f"{p.model}: {p.task}{score}"
    more = [f"next: {p.needs}"] if p.needs else []
    more += [FLAG_WORDS[flag] for flag in p.flags]
    why = "this norm cannot show it" if p.p else "no percentile"
    nothing: Cell = {"value": None, "reason": why}
    return [
        {"text": name, "detail": f"{against}{many}"},
        {"text": p.words, "detail": "; ".join(more)},
        shown,
        *p.p,
        *(nothing,) * (len(LEVELS) - len(p.p)),
    ]


def strip_section(standing: Standing) -> Section | None:
    """The same score against all groups of its task; None where no task has two."""
    groups: dict[tuple[str, str], list[Placement]] = {}
    for p in standing.measured:
        if p.p:
            groups.setdefault((p.model, p.task), []).append(p)
    several = [own for own in groups.values() if len(own) > 1]
    if not several:
        return None
    return Section(
        "The same score against every group",
        tuple(ladder(own) for own in several),
        "Nothing changes here but the people. Without a named group a score has no level.",
    )


def norm_section(standing: Standing) -> Section | None:
    """Norms, and what they can show."""
    if not standing.norms:
        return None
    return Section("What a norm can show", (norm_table(standing.norms, standing.rules),))


def profile_section(standing: Standing) -> Section | None:
    """Families and generality."""
    if not standing.profiles:
        return None
    rows: list[list[Cell]] = []
    for found in standing.profiles:
        held = [_general(found, q) for q in standing.rules.coverages]
        said = found.reason or "assessed"
        rows.append([found.model, len(found.counted), len(found.families), *held, said])
    blocks: list[Block] = [
        Table(
            "General level by the share of tasks that has to reach it",
            ["model", "tasks that count", "families",
             *(f"{q:.0%} of tasks" for q in standing.rules.coverages), "rule of coverage"],
            rows,
            ["The paper asks for most tasks and does not say how many, so all three stand here. "
             "Tasks are taken as independent; where they have several runs, also as tasks whose "
             "runs err together, and a level needs both. "
             f"{standing.rules.min_tasks} tasks or more of {standing.rules.min_families} families, "
             f"{' and '.join(standing.rules.compulsory)} among them, are asked for before anything "
             "general is said. One benchmark never gives a general level."],
        )
    ]  # fmt: skip
    blocks += [_uncounted(found) for found in standing.profiles if found.uncounted]
    blocks += [family_map(found) for found in standing.profiles if found.families]
    if any(found.families for found in standing.profiles):
        blocks.append(breadth(standing.profiles))
    return Section(
        "Breadth",
        tuple(blocks),
        "Which tasks count together, by ability, and whether that is enough to speak of more than "
        "single tasks.",
    )


def _general(found: Profile, q: float) -> Cell:
    level = found.general.get(q)
    if level is not None:
        return f"{NAMES[level]} (general)"
    return {"value": None, "reason": found.reason or "no level is held"}


def _uncounted(found: Profile) -> Text:
    lines = [f"- {task}: {why}." for task, why in sorted(found.uncounted.items())]
    return Text(f"{found.model}, tasks that do not count:\n\n" + "\n".join(lines))


def principle_section(standing: Standing) -> Section:
    """The paper's six principles, each with its evidence or what is missing."""
    meta = any(f.name == "metacognition" for p in standing.profiles for f in p.families)
    evidence = [task for task in standing.tasks.values() if task.ecological_evidence]
    total = len(standing.tasks)
    said = (
        (True, "only answers are scored; nothing is read of how they come about"),
        (True, "levels by task and group stand apart from breadth"),
        (meta, "a task of metacognition counts" if meta else "no task of metacognition counts"),
        (True, "tasks are run by themselves; how a system is used is declared apart"),
        (
            bool(total) and len(evidence) == total,
            f"{len(evidence)} of {total} tasks say who values them and how that is known",
        ),
        (True, "every finding has what is possible beside what is claimed"),
    )
    rows: list[list[Cell]] = [
        [name, {"state": "pass" if met else "fail", "detail": why}]
        for name, (met, why) in zip(PRINCIPLES, said, strict=True)
    ]
    return Section(
        "Six principles",
        (Table("What the paper asks of a benchmark", ["principle", "here"], rows),),
        folded=True,
    )


def autonomy_section(standing: Standing) -> Section:
    """Declared autonomy, never inferred."""
    rows: list[list[Cell]] = [
        [
            one.deployment,
            f"{one.level} {AUTONOMY[one.level].name}",
            one.justification,
            "; ".join(risk for risk in AUTONOMY[one.level].risks if risk not in one.acknowledged)
            or "none",
            "; ".join(one.mitigations) or "none",
        ]
        for one in standing.autonomy
    ]
    table: Block = Text("No autonomy is declared, and none follows from a score.")
    if rows:
        heads = ["deployment", "level", "why", "risks not acknowledged", "mitigations"]
        table = Table("Autonomy as declared", heads, rows)
    levels: Sequence[Sequence[Cell]] = [
        [f"{level.number} {level.name}", level.leads, level.opened_by, "; ".join(level.risks)]
        for level in AUTONOMY
    ]
    risks = Table(
        "Levels of autonomy and the risks that come with them",
        ["level", "who leads", "performance that opens it", "new risks"],
        levels,
        ["Performance opens a level of autonomy and never asks for it: a lower one may be right."],
    )
    return Section("Autonomy", (table, risks), folded=True)
