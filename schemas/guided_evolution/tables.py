"""Tables, each declared once."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import Column, Table

HOW = ("initial", "random", "plain", "judged")
OTHERS = ("parent", "any", "top")
STATUSES = ("ok", "failed")
KEY = "^[0-9a-f]{32}$"
SEARCH = "^[a-z0-9_]+/[a-z0-9_.-]+/[0-9]+$"

_TASK = Column("task", pa.string(), "the task")
_SEARCH = Column("search", pa.string(), "`task/method/seed`", pattern=SEARCH)
_STEP = Column("step", pa.int32(), "0-based step of the search", minimum=0)
_COUNT = {"dtype": pa.int32(), "minimum": 0}


def _key(name: str, doc: str, *, nullable: bool = False) -> Column:
    return Column(name, pa.string(), doc, pattern=KEY, nullable=nullable)


_OPS = Column("ops", pa.list_(pa.field("item", pa.string(), nullable=False)), "operation of nodes")
_ARGS = Column(
    "args",
    pa.list_(
        pa.field("item", pa.list_(pa.field("item", pa.int16(), nullable=False)), nullable=False)
    ),
    "nodes that each node reads",
)

TASKS = Table(
    name="guided_evolution.tasks",
    version="1.0.0",
    key=("task",),
    doc="One row per task.",
    columns=(
        _TASK,
        Column("kind", pa.string(), "where programs and fitness come from"),
        Column("what", pa.string(), "the formula, the data set or the function"),
        Column("operations", doc="operations that there are", **_COUNT),
        Column("max_nodes", doc="most nodes of a program", **_COUNT),
        Column("checked", doc="programs that were measured twice beforehand", **_COUNT),
        Column("unequal", doc="of these, with two fitnesses", **_COUNT),
        Column("conflicts", doc="programs that two searches measured differently", **_COUNT),
    ),
)

TARGETS = Table(
    name="guided_evolution.targets",
    version="1.0.0",
    key=("task", "target"),
    doc="One row per task and level of fitness that is to be reached; the main one has rank 0.",
    columns=(
        _TASK,
        Column("target", pa.string(), "its name"),
        Column("rank", pa.int16(), "0 is the main one", minimum=0),
        Column("fitness", pa.float64(), "level to be reached"),
        Column("why", pa.string(), "where the level comes from"),
    ),
)

TABLES = Table(
    name="guided_evolution.tables",
    version="1.0.1",
    key=("graph", "program"),
    doc="One row per data set and architecture of NAS-Bench-Graph, trained network, own graph.",
    columns=(
        Column("graph", pa.string(), "the data set of NAS-Bench-Graph; else the task"),
        _key("program", "key of the architecture"),
        _OPS,
        _ARGS,
        Column("validation", pa.float64(), "accuracy, or fitness, that a search sees"),
        Column(
            "test", pa.float64(), "accuracy on other nodes, or fitness, that no search sees",
            nullable=True,
        ),
    ),
)  # fmt: skip

SEARCHES = Table(
    name="guided_evolution.searches",
    version="1.0.0",
    key=("search",),
    doc="One row per search that counts, or that a setting was chosen by.",
    columns=(
        _SEARCH,
        _TASK,
        Column("method", pa.string(), "the method; of a sweep the setting"),
        Column("seed", pa.int32(), "the seed; 10,000 and above count", minimum=0),
        Column("swept", pa.bool_(), "whether a setting was chosen by it"),
        Column("population", pa.int32(), "programs that live", minimum=1),
        Column("tournament", pa.int32(), "programs of which the best is a parent", minimum=1),
        Column("budget", doc="evaluations that it may pay for", **_COUNT),
        Column("steps", doc="programs that were measured or taken over", **_COUNT),
        Column("evaluations", doc="programs that were measured", **_COUNT),
        Column("taken_over", doc="programs whose fitness an equal one gave", **_COUNT),
        Column("failed", doc="of the measured ones, without a fitness", **_COUNT),
        Column("proposals", doc="programs that were drawn", **_COUNT),
        Column("duplicates", doc="of these, refused since they were known", **_COUNT),
        Column("invalid", doc="of these, refused since they are no programs", **_COUNT),
        Column("best", pa.float64(), "best fitness", nullable=True),
        Column("winner", pa.string(), "first program that has it", pattern=KEY, nullable=True),
        Column("ended", pa.string(), "why it ended", enum=("budget", "solved", "exhausted")),
    ),
)

STEPS = Table(
    name="guided_evolution.steps",
    version="1.0.0",
    key=("search", "step"),
    doc="One row per search and program that was measured or taken over: the history.",
    columns=(
        _SEARCH,
        _STEP,
        Column("evaluations", doc="measured so far, this one included", **_COUNT),
        _key("program", "key of the program"),
        _key("parent", "key of what it was changed from", nullable=True),
        Column("parent_fitness", pa.float64(), "fitness of the parent", nullable=True),
        Column("mutation", pa.string(), "kinds of changes, joined by `+`; empty of a random one"),
        Column("how", pa.string(), "who chose it", enum=HOW),
        Column("reason", pa.string(), "why a judge that there is did not", nullable=True),
        Column(
            "p", pa.float64(), "judge's probability to beat the parent", nullable=True,
            minimum=0, maximum=1,
        ),
        Column("proposals", doc="programs drawn in this step", **_COUNT),
        Column("duplicates", doc="of these, known and refused", **_COUNT),
        Column("invalid", doc="of these, no programs", **_COUNT),
        Column("tournaments", doc="parents that were drawn", **_COUNT),
        Column("evaluated", pa.bool_(), "measured; false where an equal program gave the value"),
        Column("fitness", pa.float64(), "the higher the better", nullable=True),
        Column("status", pa.string(), "whether there is a fitness", enum=STATUSES),
        Column("failure", pa.string(), "why there is none", nullable=True),
        Column("best", pa.float64(), "best fitness so far", nullable=True),
    ),
)  # fmt: skip

PROGRAMS = Table(
    name="guided_evolution.programs",
    version="1.0.0",
    key=("task", "program"),
    doc="One row per task and program that any search measured.",
    columns=(
        _TASK,
        _key("program", "key of its canonical form"),
        _key("function", "key of what it computes"),
        _OPS,
        _ARGS,
        Column(
            "constants", pa.list_(pa.field("item", pa.float64(), nullable=False)),
            "number of each node; 0 where it has none",
        ),
        Column("text", pa.large_string(), "in one line"),
        Column("fitness", pa.float64(), "the higher the better", nullable=True),
        Column("status", pa.string(), "whether there is a fitness", enum=STATUSES),
        Column("failure", pa.string(), "why there is none", nullable=True),
    ),
)  # fmt: skip

PAIRS = Table(
    name="guided_evolution.pairs",
    version="1.0.0",
    key=("search", "step", "other"),
    doc="One row per comparison whose probability was computed before the evaluation.",
    columns=(
        _SEARCH,
        _STEP,
        Column("other", pa.string(), "whom the child is compared with", enum=OTHERS),
        _key("left", "the child"),
        _key("right", "the other"),
        Column("p", pa.float64(), "probability that the child is better", minimum=0, maximum=1),
        Column("judged", pa.bool_(), "whether the network chose the child"),
        Column("label", pa.int8(), "1 better, 0 worse, -1 a tie", minimum=-1, maximum=1),
        Column("margin", pa.float64(), "by how much; null of a failed child", nullable=True),
    ),
)

STATES = Table(
    name="guided_evolution.states",
    version="1.0.0",
    key=("search", "step"),
    doc="One row per search and record of its random state, or training.",
    columns=(
        _SEARCH,
        Column("step", pa.int32(), "steps done", minimum=0),
        Column("random", pa.string(), "hash of the state of the draws", pattern="^[0-9a-f]{16}$"),
        Column(
            "network", pa.string(), "hash of the weights and of their draws",
            pattern="^[0-9a-f]{16}$", nullable=True,
        ),
        Column("loss", pa.float64(), "mean loss of the training", nullable=True, minimum=0),
        Column("pairs", pa.int32(), "pairs that it saw", nullable=True, minimum=0),
    ),
)  # fmt: skip

CHOSEN = Table(
    name="guided_evolution.chosen",
    version="1.0.0",
    key=("task", "population", "tournament"),
    doc="One row per task and setting that evolution was tried with, on seeds that never count.",
    columns=(
        _TASK,
        Column("population", pa.int32(), "programs that live", minimum=1),
        Column("tournament", pa.int32(), "programs of which the best is a parent", minimum=1),
        Column("seeds", doc="searches", **_COUNT),
        Column("reached", doc="of these, those that reached the main target", **_COUNT),
        Column(
            "mean", pa.float64(), "mean evaluations to the main target, at most the budget",
            nullable=True, minimum=0,
        ),
        Column("best", pa.float64(), "mean best fitness", nullable=True),
        Column("chosen", pa.bool_(), "whether all methods use it"),
    ),
)  # fmt: skip

SECONDS = Table(
    name="guided_evolution.seconds",
    version="1.0.0",
    key=("search", "step"),
    doc="One row per search and step at which the best rose, and its last: time of one run.",
    columns=(
        _SEARCH,
        _STEP,
        Column("evaluations", doc="measured so far", **_COUNT),
        Column("best", pa.float64(), "best fitness so far", nullable=True),
        Column("seconds", pa.float64(), "of the whole search so far", "s", minimum=0),
        Column("judge", pa.float64(), "of these, the network's", "s", minimum=0),
        Column("evaluation", pa.float64(), "what the evaluations took", "s", minimum=0),
        Column("calls", doc="calls of the evaluator, as another process counted them", **_COUNT),
        Column("sessions", doc="processes that made them, one after the other", **_COUNT),
    ),
)

WINNERS = Table(
    name="guided_evolution.winners",
    version="1.0.1",
    key=("search",),
    doc="One row per search that counts: its best program, measured again where no search looked.",
    columns=(
        _SEARCH,
        _TASK,
        Column("method", pa.string(), "the method"),
        Column("seed", pa.int32(), "the seed", minimum=0),
        _key("program", "the best program", nullable=True),
        Column("fitness", pa.float64(), "as the search saw it", nullable=True),
        Column("fresh", pa.float64(), "on what no search saw", nullable=True),
        Column("reason", pa.string(), "why there is no fresh value", nullable=True),
        Column(
            "rival", pa.float64(), "of a rule or loss: what tuned momentum or DQN is worth there",
            nullable=True,
        ),
        Column("same", pa.bool_(), "of a formula: whether it is the target itself", nullable=True),
    ),
)  # fmt: skip

REPLAYS = Table(
    name="guided_evolution.replays",
    version="1.0.0",
    key=("search",),
    doc="One row per search that was run again from its words, with the fitnesses of its history.",
    columns=(
        _SEARCH,
        _TASK,
        Column("method", pa.string(), "the method"),
        Column("seed", pa.int32(), "the seed", minimum=0),
        Column("rows", doc="rows of steps, pairs and states", **_COUNT),
        Column("differ", doc="of these, those that came out otherwise", **_COUNT),
        Column("calls", doc="calls of the evaluator, which the history should spare", **_COUNT),
    ),
)

EXPORTS = Table(
    name="guided_evolution.exports",
    version="1.0.0",
    key=("task", "rank"),
    doc="One row per task and exported program, the best first.",
    columns=(
        _TASK,
        Column("rank", pa.int16(), "0 is the best", minimum=0),
        _key("program", "the program"),
        Column("fitness", pa.float64(), "as searches saw it"),
        Column("fresh", pa.float64(), "on what no search saw", nullable=True),
        _OPS,
        _ARGS,
        Column("text", pa.large_string(), "the program"),
        Column(
            "formula", pa.large_string(), "simplified; null below the first three, or where none",
            nullable=True,
        ),
        Column("source", pa.large_string(), "Python that runs alone", nullable=True),
        Column(
            "difference", pa.float64(), "largest between source and program on fresh points",
            nullable=True, minimum=0,
        ),
    ),
)  # fmt: skip
