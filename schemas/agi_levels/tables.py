"""Tables, each declared once."""

from __future__ import annotations

import pyarrow as pa

from measurand.results import STATUSES
from measurand.tables import Column, Table
from schemas.agi_levels.taxonomy import FAMILIES, FLAGS

_WORDS = pa.list_(pa.field("item", pa.string(), False))
_LEVELS = ("competent", "expert", "virtuoso")
KINDS = ("raw", "items", "moments", "table", "ratings", "mean_only", "time", "relative")

TAXONOMY = Table(
    name="agi_levels.taxonomy",
    version="1.0.0",
    key=("axis", "level"),
    doc="One row a level of performance or of autonomy: the paper's tables.",
    columns=(
        Column("axis", pa.string(), "which table", enum=("performance", "autonomy")),
        Column("level", pa.int8(), "number", minimum=0, maximum=5),
        Column("name", pa.string(), "the paper's name"),
        Column("aliases", pa.list_(pa.field("item", pa.string(), False)), "names of later texts"),
        Column("cut", pa.float64(), "share of the group to reach", nullable=True),
        Column("reference_group", pa.string(), "who a score is compared with, or who leads"),
        Column("risks", pa.list_(pa.field("item", pa.string(), False)), "new risks"),
        Column("source", pa.string(), "where it stands"),
        Column("paper_version", pa.string(), "of which version"),
    ),
)

TEXTS = Table(
    name="agi_levels.texts",
    version="1.0.0",
    key=("text_id",),
    doc="One row a text that people rated from -4 to 4; nobody knows which rating is whose.",
    columns=(
        Column("text_id", pa.string(), "corpus and number"),
        Column("corpus", pa.string(), "where it is from"),
        Column("what", pa.string(), "what it is called in the prompt"),
        Column("text", pa.large_string(), "the text"),
        Column(
            "ratings",
            pa.list_(pa.field("item", pa.float64(), False)),
            "people's ratings: the norm",
            minimum=-4,
            maximum=4,
        ),
        Column(
            "held",
            pa.list_(pa.field("item", pa.float64(), False)),
            "ratings kept out of the norm, for respondents whose truth is known",
            minimum=-4,
            maximum=4,
        ),
    ),
)

NORMS = Table(
    name="agi_levels.norms",
    version="1.0.0",
    key=("norm_id",),
    doc="One row a norm: what a group of people did on a task.",
    columns=(
        Column("norm_id", pa.string(), "names the norm"),
        Column("task_id", pa.string(), "task"),
        Column("task_version", pa.string(), "form of the task", nullable=True),
        Column("group_name", pa.string(), "whom it is of"),
        Column("group_definition", pa.string(), "who belongs to it, and who does not"),
        Column("kind", pa.string(), "what is known of the group", enum=KINDS),
        Column("n", pa.int32(), "people, null where unknown", nullable=True, minimum=0),
        Column("source", pa.string(), "where it was published"),
        Column("licence", pa.string(), "of the data"),
        Column("content", pa.large_string(), "the whole norm as JSON"),
    ),
)

RATINGS = Table(
    name="agi_levels.ratings",
    version="1.0.0",
    key=("model", "text_id"),
    doc="One row a model and text: how it rates the text, -4 to 4.",
    columns=(
        Column("run_id", pa.string(), "hash of dataset, parameters and model fingerprint"),
        Column("model", pa.string(), "model string, or `oracle:` and who"),
        Column("text_id", pa.string(), "the text"),
        Column("corpus", pa.string(), "where it is from"),
        Column("rating", pa.float64(), "likeliest rating", nullable=True, minimum=-4, maximum=4),
        Column("expected", pa.float64(), "mean rating", nullable=True, minimum=-4, maximum=4),
        Column("mass", pa.float64(), "probability of all choices", nullable=True, minimum=0),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no rating", nullable=True),
    ),
)

QUESTIONS = Table(
    name="agi_levels.questions",
    version="1.0.0",
    key=("task_id", "item_id"),
    doc="One row a question that people answered too.",
    columns=(
        Column("task_id", pa.string(), "task"),
        Column("item_id", pa.string(), "question, as in the norm"),
        Column("task_version", pa.string(), "form of the task", nullable=True),
        Column("norm_id", pa.string(), "people's answers to the same questions"),
        Column("families", _WORDS, "abilities that the task belongs to", enum=FAMILIES),
        Column("tools", pa.string(), "what a model is allowed", nullable=True),
        Column("text", pa.large_string(), "the question"),
        Column("options", _WORDS, "the right option, then the wrong ones"),
    ),
)

ANSWERS = Table(
    name="agi_levels.answers",
    version="1.0.0",
    key=("model", "task_id", "item_id"),
    doc="One row a model and question: whether it answers rightly, over all orders of the options.",
    columns=(
        Column("run_id", pa.string(), "hash of dataset, parameters and model fingerprint"),
        Column("model", pa.string(), "model string, or `oracle:` and who"),
        Column("task_id", pa.string(), "task"),
        Column("item_id", pa.string(), "question"),
        Column(
            "value",
            pa.float64(),
            "1 right, 0 wrong, a share where options are equally likely",
            nullable=True,
            minimum=0,
            maximum=1,
        ),
        Column("right", pa.float64(), "mean probability of the right option", nullable=True),
        Column("mass", pa.float64(), "mean probability of all letters", nullable=True, minimum=0),
        Column("status", pa.string(), "what became of the calls", enum=STATUSES),
        Column("reason", pa.string(), "why there is no answer", nullable=True),
    ),
)

PLACEMENTS = Table(
    name="agi_levels.placements",
    version="1.0.0",
    key=("model", "task_id", "norm_id"),
    doc="One row a model, task and norm, also where one of them is missing.",
    columns=(
        Column("model", pa.string(), "whose score; `-` where nobody took the task"),
        Column("task_id", pa.string(), "task"),
        Column("norm_id", pa.string(), "norm; `-` where there is none"),
        Column("group_name", pa.string(), "whom it is compared with", nullable=True),
        Column("kind", pa.string(), "what is known of the group", nullable=True, enum=KINDS),
        Column("m", pa.float64(), "the score", nullable=True),
        Column("theta", pa.float64(), "share of the group below, ties half", nullable=True),
        Column("theta_strict", pa.float64(), "share strictly below", nullable=True),
        Column("ci_lo", pa.float64(), "lower end of the 95% interval", nullable=True),
        Column("ci_hi", pa.float64(), "upper end of it", nullable=True),
        Column("p_competent", pa.float64(), "probability of the 50th percentile", nullable=True),
        Column("p_expert", pa.float64(), "probability of the 90th percentile", nullable=True),
        Column("p_virtuoso", pa.float64(), "probability of the 99th percentile", nullable=True),
        Column("level", pa.int8(), "level claimed", nullable=True, minimum=1, maximum=5),
        Column("possible_max", pa.int8(), "highest possible level", nullable=True),
        Column("n_norm", pa.int32(), "people of the norm", nullable=True),
        Column("method", pa.string(), "how it was placed", nullable=True),
        Column(
            "flags",
            pa.list_(pa.field("item", pa.string(), False)),
            "remarks",
            enum=FLAGS,
        ),
        Column("statement", pa.string(), "the finding in words"),
    ),
)

TASKS = Table(
    name="agi_levels.tasks",
    version="1.0.0",
    key=("task_id",),
    doc="One row a task that a card speaks of.",
    columns=(
        Column("task_id", pa.string(), "names the task"),
        Column("task_version", pa.string(), "form of the task", nullable=True),
        Column("families", _WORDS, "abilities that it belongs to", enum=FAMILIES),
        Column("metric", pa.string(), "score that counts", nullable=True),
        Column("headline", pa.string(), "norm whose level counts", nullable=True),
        Column("tools", pa.string(), "what the model was allowed", nullable=True),
        Column("contaminated", pa.bool_(), "items were trained on", nullable=True),
        Column("superhuman_basis", pa.string(), "argument for level 5", nullable=True),
        Column("ecological_evidence", pa.string(), "who values the task", nullable=True),
    ),
)

RUNS = Table(
    name="agi_levels.runs",
    version="1.0.0",
    key=("model", "task_id", "item_id"),
    doc="One row a model, task and item: its score, repeats averaged.",
    columns=(
        Column("model", pa.string(), "whose"),
        Column("task_id", pa.string(), "task"),
        Column("item_id", pa.string(), "item"),
        Column("cluster_id", pa.string(), "unit of independent sampling"),
        Column("score", pa.float64(), "mean over repeats"),
        Column("repeats", pa.int32(), "how many have a score", minimum=1),
        Column("tools", pa.string(), "what the model was allowed", nullable=True),
    ),
)

PROFILE = Table(
    name="agi_levels.profile",
    version="1.0.0",
    key=("model", "family"),
    doc="One row a model and ability: its tasks that count, by level.",
    columns=(
        Column("model", pa.string(), "whose"),
        Column("family", pa.string(), "ability", enum=FAMILIES),
        Column("tasks", pa.int32(), "that count", minimum=1),
        Column("lowest", pa.int8(), "least level claimed of any", nullable=True),
        Column("median", pa.float64(), "of the levels claimed, 0 for none", minimum=0),
        *(
            Column(f"share_{name}", pa.float64(), "expected share of tasks", minimum=0, maximum=1)
            for name in _LEVELS
        ),
        *(
            Column(f"half_{name}", pa.float64(), "probability of half", minimum=0, maximum=1)
            for name in _LEVELS
        ),
    ),
)

GENERAL = Table(
    name="agi_levels.general",
    version="1.0.0",
    key=("model", "coverage"),
    doc="One row a model and coverage: what its tasks say together.",
    columns=(
        Column("model", pa.string(), "whose"),
        Column("coverage", pa.string(), "share of tasks that has to reach a level"),
        Column("tasks", pa.int32(), "that count", minimum=1),
        Column("families", pa.int32(), "with a task that counts", minimum=0),
        Column("level", pa.int8(), "general level", nullable=True),
        Column("reason", pa.string(), "why nothing general is said", nullable=True),
        *(
            Column(f"breadth_{name}", pa.float64(), "share of families", minimum=0, maximum=1)
            for name in _LEVELS
        ),
        *(
            Column(f"held_{name}", pa.float64(), "tasks independent", minimum=0, maximum=1)
            for name in _LEVELS
        ),
        *(
            Column(
                f"held_sharing_{name}",
                pa.float64(),
                "runs of all tasks err together; null where there is one run",
                nullable=True,
                minimum=0,
                maximum=1,
            )
            for name in _LEVELS
        ),
    ),
)

AUTONOMY = Table(
    name="agi_levels.autonomy",
    version="1.0.0",
    key=("deployment",),
    doc="One row a deployment: autonomy as declared; none is inferred.",
    columns=(
        Column("deployment", pa.string(), "where and for what"),
        Column("level", pa.int8(), "declared", minimum=0, maximum=5),
        Column("name", pa.string(), "of the level"),
        Column("justification", pa.string(), "why this one"),
        Column("acknowledged", _WORDS, "risks that were considered"),
        Column("not_acknowledged", _WORDS, "risks of the level that were not"),
        Column("mitigations", _WORDS, "what is done about them"),
    ),
)
