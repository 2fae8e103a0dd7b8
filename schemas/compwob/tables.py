"""Tables, each declared once."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import SHA256, Column, Table
from schemas.compwob.params import ACTIONS, BAD_REFERENCES, CATEGORIES, LAYOUTS, MIXTURES, ORDERS

_EPISODE = Column("episode_id", pa.string(), "`<task>|<order>|<seed>|<agent>`")
_WHO = (
    Column("task", pa.string(), "name of the base task or composition"),
    Column("order", pa.string(), "wording of the sentence", enum=ORDERS),
    Column("seed", pa.int64(), "seed of the episode", minimum=0),
    Column("agent", pa.string(), "who acted"),
)

EPISODES = Table(
    name="compwob.episodes",
    version="1.1.0",
    key=("episode_id",),
    doc="One row per episode: what was asked, what became of it. Times are in `compwob.runs`.",
    columns=(
        _EPISODE,
        *_WHO,
        Column("parts", pa.list_(pa.string()), "base tasks in execution order"),
        Column("category", pa.string(), "group of tasks", enum=CATEGORIES),
        Column("n_parts", pa.int8(), "number of parts", minimum=1),
        Column("layout", pa.string(), "all at once, or view after view", enum=LAYOUTS),
        Column("order_rule", pa.string(), "what acting too early does", enum=("strict", "flags")),
        Column("error_rule", pa.string(), "what a mistake does", enum=("latch", "terminal")),
        Column("click", pa.string(), "how clicks are made", enum=("mouse", "dispatch")),
        Column("utterance", pa.string(), "the sentence", nullable=True),
        Column("instruction_tokens", pa.int32(), "words and signs of it", nullable=True, minimum=0),
        Column("html_sha256", pa.string(), "of the first page", nullable=True, pattern=SHA256),
        Column("html_chars", pa.int32(), "length of the first page", nullable=True, minimum=0),
        Column("html_nodes", pa.int32(), "elements of the first page", nullable=True, minimum=0),
        Column("max_subtree", pa.int32(), "most elements below a child of the page's root",
               nullable=True, minimum=0),
        Column("depth", pa.int32(), "deepest nesting of the first page", nullable=True, minimum=0),
        Column("steps", pa.int32(), "actions", minimum=0),
        Column("success", pa.bool_(), "whether the pages gave the full reward", nullable=True),
        Column("reward", pa.float32(), "1 or -1; 0 while undecided", nullable=True),
        Column("done_reason", pa.string(),
               "final; wrong:<part>; order:<part>; timeout; step_limit; gave_up; infra"),
        Column("part_states", pa.list_(pa.int8()), "1 done, -1 done wrongly, 0 not done"),
        Column("covered", pa.int32(), "clicks given to the element, since another covered it",
               minimum=0),
        Column("parse_errors", pa.int32(), "answers in which no action was found", minimum=0),
        Column("bad_references", pa.list_(pa.string()),
               "why elements that actions named could not be acted on, one for each such action",
               nullable=True, since="1.1.0"),
        Column("prompt_tokens", pa.int32(), "read by the model", "tokens", nullable=True,
               minimum=0),
        Column("completion_tokens", pa.int32(), "written by the model", "tokens", nullable=True,
               minimum=0),
        Column("status", pa.string(), "what became of the episode", enum=("ok", "infra_error")),
        Column("reason", pa.string(), "why there is no result", nullable=True),
        Column("browser", pa.string(), "browser and version"),
        Column("env_sha256", pa.string(), "hash of pages, page code and serializer",
               pattern=SHA256),
    ),
)  # fmt: skip

STEPS = Table(
    name="compwob.steps",
    version="1.1.0",
    key=("episode_id", "step"),
    doc="One row per action: the page before it, the action, what the page said after it.",
    columns=(
        _EPISODE,
        *_WHO,
        Column("step", pa.int16(), "0-based", minimum=0),
        Column("utterance", pa.string(), "the sentence"),
        Column("html", pa.large_string(), "what the agent saw"),
        Column("html_sha256", pa.string(), "hash of it", pattern=SHA256),
        Column("action_type", pa.string(), "the action", enum=ACTIONS),
        Column("ref", pa.int32(), "number of the element acted on", nullable=True, minimum=0),
        Column("element_html", pa.string(), "its opening tag and text", nullable=True),
        Column(
            "bad_reference",
            pa.string(),
            "why it could not be acted on so",
            nullable=True,
            enum=BAD_REFERENCES,
        ),
        Column("text", pa.string(), "what was typed, selected or pressed", nullable=True),
        Column("raw_output", pa.large_string(), "what a model wrote", nullable=True),
        Column("parse_error", pa.bool_(), "whether no action was found in it"),
        Column("covered", pa.bool_(), "whether another element covered the place to click"),
        Column("reward", pa.float32(), "after the action"),
        Column("done", pa.bool_(), "whether the episode ended"),
        Column("part_states", pa.list_(pa.int8()), "after the action"),
    ),
)

RUNS = Table(
    name="compwob.runs",
    version="1.1.0",
    key=("episode_id",),
    doc="One row per episode: time and luck, which differ from run to run.",
    columns=(
        _EPISODE,
        Column("attempts", pa.int16(), "tries, the last one included", minimum=1),
        Column("wall_ms", pa.float32(), "last try", "ms", minimum=0),
        Column("reset_ms", pa.float32(), "building the page", "ms", minimum=0),
        Column("observe_ms", pa.float32(), "reading the page", "ms", minimum=0),
        Column("agent_ms", pa.float32(), "deciding", "ms", minimum=0),
        Column("act_ms", pa.float32(), "clicking and typing", "ms", minimum=0),
        Column("foreign", pa.list_(pa.string()),
               "requests of pages to anywhere but the local server; all were refused"),
        Column("refused", pa.int32(), "all refused requests, the browser's own included",
               minimum=0),
        Column("failures", pa.string(), "why earlier tries failed; empty without"),
        Column("retries", pa.int64(),
               "attempts at a model's server that failed and were made again, of calls that were "
               "answered at last; null where no model was asked", nullable=True, minimum=0),
    ),
)  # fmt: skip

TRAINING = Table(
    name="compwob.training",
    version="1.0.0",
    key=("mixture", "seed", "task"),
    doc="One row per trained model and base task: how many episodes of it the model was shown.",
    columns=(
        Column("mixture", pa.string(), "how episodes were shared out", enum=MIXTURES),
        Column("seed", pa.int16(), "0-based repeat", minimum=0),
        Column("task", pa.string(), "the base task"),
        Column("episodes", pa.int32(), "episodes drawn, repeats included", minimum=0),
        Column("probe_success", pa.float64(), "success of the uniform model in the first round",
               nullable=True, minimum=0, maximum=1),
    ),
)  # fmt: skip

CHECKS = Table(
    name="compwob.checks",
    version="1.0.0",
    key=("name",),
    doc="One row per check of the instrument: how many of how many.",
    columns=(
        Column("name", pa.string(), "what was counted"),
        Column("count", pa.int64(), "how many", minimum=0),
        Column("of", pa.int64(), "of how many", minimum=0),
        Column("detail", pa.string(), "words, where words are the finding", nullable=True),
    ),
)

FILMS = Table(
    name="compwob.films",
    version="1.0.0",
    key=("task", "step"),
    doc="One row per picture: an episode as it was seen, with the element acted on.",
    columns=(
        Column("task", pa.string(), "name of the task"),
        Column("step", pa.int16(), "0-based; the last one shows the end", minimum=0),
        Column("category", pa.string(), "group of tasks", enum=CATEGORIES),
        Column("agent", pa.string(), "who acted"),
        Column("seed", pa.int64(), "seed of the episode", minimum=0),
        Column("utterance", pa.string(), "the sentence"),
        Column("action", pa.string(), "the action in words"),
        Column("success", pa.bool_(), "how the episode ended"),
        Column("picture", pa.binary(), "JPEG"),
        Column("width", pa.int32(), "of the page", "px", minimum=1),
        Column("height", pa.int32(), "of the page", "px", minimum=1),
        Column("box", pa.list_(pa.float32()), "left, top, width, height of the element", "px",
               nullable=True),
    ),
)  # fmt: skip
