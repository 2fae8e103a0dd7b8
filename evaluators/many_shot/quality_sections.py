"""Report sections on what the findings rest on: leaks, prompts, solutions, answers, cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evaluators.many_shot.bias import word
from evaluators.many_shot.context import Subject, View
from evaluators.many_shot.pictures import point_lines
from evaluators.many_shot.quality import rejected_prompts
from measurand import shards, soundness
from measurand.manifest import MANIFEST
from measurand.reporting.document import Block, Cell, Section, Table, Text
from measurand.reporting.grid import Line, Measure, grid, measures
from measurand.reporting.lookup import Figures
from measurand.reporting.methods import methods
from measurand.subject import measured

MOST_REJECTED = 20
"""Rejected prompts that are listed."""


def leak_section(view: View) -> Section:
    """Proof that no test question stands among the shots."""
    data = view.data
    rows: list[list[Cell]] = [
        [
            r["task"],
            r["n_test"],
            r["n_shown"],
            r["shared_ids"],
            r["shared_groups"],
            r["shared_texts"],
            r["near_duplicates"],
            {"value": r["max_jaccard"], "reason": "no two texts share a word sequence"},
            r["removed"],
            f"{r['found']} of {r['planted']}",
        ]
        for r in shards.read_table(data / "dataset" / "leakage").to_pylist()
    ]
    table = Table(
        "Search for test questions among everything that the written prompts show",
        ["task", "questions", "shown", "same identity", "same group", "same text",
         "near-duplicates", "closest pair", "removed before", "planted leaks found"],
        rows,
        [
            "Same text: after lower-casing and dropping punctuation. Near-duplicates: Jaccard "
            "similarity of word sequences at or above the limit, candidates by MinHash. Removed: "
            "training examples too close to a question. Planted: altered copies of questions that "
            "the search was tried on."
        ],
    )  # fmt: skip
    return Section("Nothing leaked", (table,), "A build with a leak is refused; this is the proof.")


def bias_section(view: View) -> Section | None:
    """Does a model favour a word? The word that it says too often, point by point."""
    tables = [
        grid(
            view.figures,
            f"Label bias of {subject.model}: the word that is said too often",
            ("task and curve", "K", "word"),
            _most_said(subject, view.figures),
            {"bias": "label_bias"},
            ["Share of answers with the word minus share of questions where it is right: 0 "
             "is no bias. Intervals over shot sets; without shots over questions. The "
             "statistics hold every word."],
        )
        for subject in measured(view.found)
    ]  # fmt: skip
    shown = tuple(table for table in tables if table.rows)
    return Section("Label bias", shown) if shown else None


def _most_said(subject: Subject, figures: Figures) -> Iterator[Line]:
    for line in point_lines(subject):
        at = line.parts
        words = range(len(subject.options.get(at["task"], ())))
        found = {
            i: figures.value(line.model, "label_bias", **at, **{"class": str(i)}) for i in words
        }
        known = {index: value for index, value in found.items() if value is not None}
        if known:
            most = max(known, key=lambda index: known[index])
            name = word(subject, at["task"], at["curve"], most)
            yield Line(line.head, line.model, {**at, "class": str(most)}, [*line.more, name])


def rationale_section(view: View) -> Section | None:
    """How many solutions the model wrote were right, and how many could be shown."""
    folder = view.data / "dataset" / "rationales"
    if not (folder / MANIFEST).exists():
        return None
    written = shards.read_table(folder, ["task", "split", "model"]).to_pylist()
    counts = Counter((row["task"], row["split"], row["model"]) for row in written)
    table = grid(
        view.figures,
        "Solutions that a model wrote",
        ("task and split", "solutions"),
        [
            Line(
                {"text": f"{task}, {split}", "detail": model},
                model,
                {"task": task, "split": split},
                [count],
            )
            for (task, split, model), count in counts.items()
        ],
        {
            "right answer": "keep_rate",
            "problems solved": "solved_share",
            "all equations hold": "step_valid_rate",
        },
        [
            "Right answers by wrong steps are shown to the model as well: the last column says how "
            "many solutions that may be shown hold. Solutions of test questions are used for "
            "their likelihood alone."
        ],
    )
    return Section("Yield of the reinforced regime", (table,))


def prompt_section(view: View) -> Section:
    """Lengths of the prompts, and those that were not made."""
    data = view.data
    columns = [
        "task",
        "curve",
        "k",
        "n_tokens",
        "max_query_tokens",
        "answer_budget",
        "context_limit",
    ]
    prompts = shards.read_table(data / "dataset" / "prompts", columns)
    found = prompts.group_by(["task", "curve"]).aggregate(
        [("k", "max"), ("n_tokens", "min"), ("n_tokens", "max"), ("n_tokens", "count"),
         ("max_query_tokens", "max"), ("answer_budget", "max"), ("context_limit", "max")]
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            f"{r['task']}, {r['curve']}",
            r["n_tokens_count"],
            r["k_max"],
            r["n_tokens_min"],
            r["n_tokens_max"],
            r["max_query_tokens_max"],
            r["answer_budget_max"],
            r["context_limit_max"],
        ]
        for r in sorted(found.to_pylist(), key=lambda r: (r["task"], r["curve"]))
    ]
    blocks: list[Block] = [
        Table(
            "Prompts and their lengths, in tokens",
            ["task and curve", "prompts", "most shots", "shortest", "longest", "longest question",
             "room for the answer", "context"],
            rows,
            ["A prompt that does not fit with its longest question and its answer is rejected, "
             "never cut."],
        )
    ]  # fmt: skip
    left = rejected_prompts(data)
    if left:
        shown = [[key, reason, detail] for key, reason, detail in left[:MOST_REJECTED]]
        more = [f"And {len(left) - MOST_REJECTED} more."] if len(left) > MOST_REJECTED else []
        blocks.append(Table("Prompts not made", ["prompt", "reason", "detail"], shown, more))
    else:
        blocks.append(Text("Every prompt that was asked for was made."))
    return Section("Prompts", tuple(blocks))


_MEASURES: tuple[Measure, ...] = (
    *soundness.missing({}),
    *soundness.AGAIN,
    ("answers whose prompt left too little room", "answers_over_budget", {}),
    ("prompts whose tokens change where the question joins", "boundary_unstable", {}),
    ("prompts with fewer shots than asked for", "prompts_with_fewer_shots", {}),
    ("prompt tokens per token computed", "prefix_saving", {}),
)


def answer_section(view: View) -> Section:
    """Whether the model answered, and the same thing twice."""
    table = measures(view.figures, "All prompts of all tasks", view.found, _MEASURES)
    return Section("Quality of the answers", (table,))


def method_section(view: View) -> Section:
    """How the figures were made, and what this is not."""
    return Section("Methods", (methods(__file__, view.found[0].params),))
