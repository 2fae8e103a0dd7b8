"""Report sections on what the findings rest on: leaks, prompts, solutions, answers, cost."""

from __future__ import annotations

from evaluators.many_shot.bias import word
from evaluators.many_shot.context import View
from evaluators.many_shot.pictures import every_point, measured
from evaluators.many_shot.quality import rejected_prompts
from measurand import shards
from measurand.manifest import MANIFEST
from measurand.report.document import Block, Cell, Section, Table, Text

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
    everyone, figures = view.found, view.figures
    blocks: list[Block] = []
    for subject in measured(everyone):
        rows: list[list[Cell]] = []
        for at in every_point(subject):
            found = {
                index: figures.value(subject.model, "label_bias", **at, **{"class": str(index)})
                for index in range(len(subject.options.get(at["task"], ())))
            }
            known = {index: value for index, value in found.items() if value is not None}
            if not known:
                continue
            most = max(known, key=lambda index: known[index])
            rows.append(
                [
                    f"{at['task']}, {at['curve']}",
                    int(at["k"]),
                    word(subject, at["task"], at["curve"], most),
                    figures.cell(subject.model, "label_bias", **at, **{"class": str(most)}),
                ]
            )
        if rows:
            blocks.append(
                Table(
                    f"Label bias of {subject.model}: the word that is said too often",
                    ["task and curve", "K", "word", "bias"],
                    rows,
                    ["Share of answers with the word minus share of questions where it is right: 0 "
                     "is no bias. Intervals over shot sets; without shots over questions. The "
                     "statistics hold every word."],
                )
            )  # fmt: skip
    return Section("Label bias", tuple(blocks)) if blocks else None


def rationale_section(view: View) -> Section | None:
    """How many solutions the model wrote were right, and how many could be shown."""
    figures, data = view.figures, view.data
    folder = data / "dataset" / "rationales"
    if not (folder / MANIFEST).exists():
        return None
    written = shards.read_table(folder, ["task", "split", "model"]).to_pylist()
    rows: list[list[Cell]] = []
    for task, split, model in dict.fromkeys((r["task"], r["split"], r["model"]) for r in written):
        parts = {"task": task, "split": split}
        rows.append(
            [
                {"text": f"{task}, {split}", "detail": model},
                sum(r["task"] == task and r["split"] == split for r in written),
                *(
                    figures.cell(model, metric, **parts)
                    for metric in ("keep_rate", "solved_share", "step_valid_rate")
                ),
            ]
        )
    table = Table(
        "Solutions that a model wrote",
        ["task and split", "solutions", "right answer", "problems solved", "all equations hold"],
        rows,
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


_MEASURES = (
    ("missing_share", "answers missing"),
    ("infra_error_share", "calls that failed outside the model"),
    ("retest_agreement", "same answer when asked again alone"),
    ("retest_logprob_difference_max", "largest change of a log-probability then"),
    ("answers_over_budget", "answers whose prompt left too little room"),
    ("boundary_unstable", "prompts whose tokens change where the question joins"),
    ("prompts_with_fewer_shots", "prompts with fewer shots than asked for"),
    ("prefix_saving", "prompt tokens per token computed"),
)


def answer_section(view: View) -> Section:
    """Whether the model answered, and the same thing twice."""
    everyone, figures = view.found, view.figures
    rows: list[list[Cell]] = [
        [label, *(figures.cell(s.model, metric) for s in everyone)] for metric, label in _MEASURES
    ]
    columns = ["figure", *(s.model for s in everyone)]
    return Section("Quality of the answers", (Table("All prompts of all tasks", columns, rows),))


def cost_section(view: View) -> Section:
    """Calls, tokens, time, of those that compute tokens."""
    results = view.results
    calls = shards.read_table(results / "costs").to_pylist()
    rows: list[list[Cell]] = [
        [
            {"text": r["part"], "detail": r["model"]},
            r["calls"],
            r["prompt_tokens"],
            r["cached_tokens"],
            r["seconds"],
            r["dtype"],
        ]
        for r in [r for r in calls if r["prompt_tokens"]] or calls
    ]
    table = Table(
        "Calls of the models",
        ["task", "calls", "prompt tokens", "of them shared", "seconds", "precision"],
        rows,
        ["Shared tokens stand in a prefix that was computed once for all questions of a shot set. "
         "Loading is not counted; parts of an interrupted run are."],
    )  # fmt: skip
    return Section("Cost", (table,))


def method_section(view: View) -> Section:
    """How the figures were made, and what this is not."""
    subject = view.found[0]
    near = subject.params.build.near_duplicates
    text = (
        "- The shots of a seed are one permutation of the training examples; K shots are its "
        "first K, dealt evenly over classes. Test questions are the same at every K and in every "
        "curve.\n"
        "- Classes are scored by log-probability, all words in one request; free answers are "
        "written greedily and judged by the task's verifier. Plans are executed.\n"
        "- Intervals: Student's t with cluster-robust errors (CR1), clusters of shot sets, or of "
        "shot sets and questions crossed (Cameron, Gelbach & Miller 2011). Where all answers are "
        "right or all are wrong: Clopper-Pearson over distinct questions.\n"
        f"- Bootstrap for alpha and rank correlations: B = {subject.resamples}, seed "
        f"{subject.params.report.seed}.\n"
        "- Reliability is Cronbach's alpha of a question's mean over shot sets, for differences of "
        "its mean difference, for `keep_rate` of a problem's share over its samples: whether "
        "questions come out alike under other shots, not whether the mean does. None where one "
        "prompt without shots is all there is, or some shot set leaves no variance.\n"
        f"- Near-duplicates: Jaccard {near.jaccard} of {near.words}-word sequences.\n"
        "- Design after Agarwal et al. 2024, arXiv 2404.11018. Its model and most of its data sets "
        "are not public: no figure of it is reproduced here, and none of these figures is "
        "comparable with one of its."
    )
    return Section("Methods", (Text(text),))
