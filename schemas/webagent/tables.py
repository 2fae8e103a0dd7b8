"""Tables of episodes, each declared once."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import SHA256, Column, Table
from schemas.webagent.params import SITES, SPLITS, THEMES

ENDINGS = ("planner_end", "step_limit", "program_errors", "timeout", "infra")
"""How an episode ends: the planner says so; too many steps; errors in a row; time; no browser."""
PLACES = ("bubblewrap", "guard_only", "refused")
"""Where a program ran: in the sandbox, behind the guard alone, or not at all."""
WHATS = ("ok", "guard", "exception", "wall", "memory", "lost", "refused")
"""What became of a program: run; stopped by the guard; an exception; too long; too large; its
process gone; no sandbox."""

_EPISODE = Column("episode_id", pa.string(), "`<site>|<template>|<instruction>|<seed>|<agent>`")
_WHO = (
    Column("site", pa.string(), "the site", enum=SITES),
    Column("theme", pa.string(), "layout of its pages", enum=THEMES),
    Column("records", pa.int32(), "number of its record set", minimum=0),
    Column("template_id", pa.string(), "what the instruction was made from"),
    Column("split", pa.string(), "whose templates, records and slot values", enum=SPLITS),
    Column("agent", pa.string(), "who acted"),
)
_ATTRIBUTE = pa.struct([("name", pa.string()), ("met", pa.bool_())])

EPISODES = Table(
    name="webagent.episodes",
    version="1.0.0",
    key=("episode_id",),
    doc="One row per episode: what was asked, what the server's state says became of it.",
    columns=(
        _EPISODE,
        *_WHO,
        Column("seed", pa.int64(), "of records, theme and slots", minimum=0),
        Column("instruction", pa.string(), "the sentence"),
        Column("steps", pa.int32(), "programs asked for", minimum=0),
        Column("attributes", pa.list_(_ATTRIBUTE), "what was asked for, and whether it holds",
               nullable=True),
        Column("success", pa.bool_(), "all attributes hold", nullable=True),
        Column("score", pa.float64(), "share of attributes that hold", nullable=True, minimum=0,
               maximum=1),
        Column("ending", pa.string(), "how it ended", enum=ENDINGS),
        Column("foreign", pa.list_(pa.string()), "requests elsewhere, all refused"),
        Column("status", pa.string(), "what became of the episode", enum=("ok", "infra_error")),
        Column("reason", pa.string(), "why there is no result", nullable=True),
        Column("browser", pa.string(), "browser and driver, with versions"),
        Column("env_sha256", pa.string(), "hash of sites, page code and serializer",
               pattern=SHA256),
    ),
)  # fmt: skip

STEPS = Table(
    name="webagent.steps",
    version="1.0.0",
    key=("episode_id", "step"),
    doc="One row per step: the page, the plan, the snippet, the program and what became of it.",
    columns=(
        _EPISODE,
        *_WHO,
        Column("step", pa.int16(), "0-based", minimum=0),
        Column("instruction", pa.string(), "the sentence"),
        Column("history", pa.list_(pa.string()), "sub-instructions so far"),
        Column("url", pa.string(), "of the page"),
        Column("html", pa.large_string(), "the page, each element with its number"),
        Column("html_tokens", pa.int32(), "words and signs of the page", minimum=0),
        Column("html_sha256", pa.string(), "hash of the page", pattern=SHA256),
        Column("sub_instruction", pa.string(), "what is to be done now"),
        Column("refs", pa.list_(pa.int32()), "numbers of the elements pointed at"),
        Column("snippet", pa.large_string(), "what the writer saw of the page"),
        Column("program", pa.large_string(), "what it wrote"),
        Column("what", pa.string(), "what became of the program", enum=WHATS),
        Column("rule", pa.string(), "rule of the guard or of the sandbox that stopped it",
               nullable=True),
        Column("error", pa.string(), "last line of the error", nullable=True),
        Column("place", pa.string(), "where it ran", enum=PLACES),
        Column("state_before_sha256", pa.string(), "of the server's state", pattern=SHA256),
        Column("state_after_sha256", pa.string(), "of the server's state", pattern=SHA256),
        Column("prompt_tokens", pa.int32(), "read by models", "tokens", nullable=True, minimum=0),
        Column("completion_tokens", pa.int32(), "written by models", "tokens", nullable=True,
               minimum=0),
    ),
)  # fmt: skip

RUNS = Table(
    name="webagent.runs",
    version="1.0.0",
    key=("episode_id",),
    doc="One row per episode: what belongs to the run and not to the result.",
    columns=(
        _EPISODE,
        Column("seconds", pa.float64(), "the whole episode", "s", minimum=0),
        Column("plan_ms", pa.float64(), "of planner and summariser", "ms", minimum=0),
        Column("write_ms", pa.float64(), "of the writer", "ms", minimum=0),
        Column("run_ms", pa.float64(), "of the programs", "ms", minimum=0),
        Column("tries", pa.int32(), "tries of the episode", minimum=1),
        Column("failures", pa.string(), "why earlier tries failed; empty without"),
    ),
)

EXPERIENCE = Table(
    name="webagent.experience",
    version="1.0.0",
    key=("episode_id", "step"),
    doc="One row per step of a successful episode of the rules: what planner and summariser learn.",
    columns=(
        _EPISODE,
        *_WHO,
        Column("step", pa.int16(), "0-based", minimum=0),
        Column("instruction", pa.string(), "the sentence"),
        Column("history", pa.list_(pa.string()), "sub-instructions so far"),
        Column("html", pa.large_string(), "the page, each element with its number"),
        Column("html_tokens", pa.int32(), "words and signs of the page", minimum=0),
        Column("sub_instruction", pa.string(), "what is done next; `END` where nothing is"),
        Column("refs", pa.list_(pa.int32()), "elements that the program used, and their labels"),
        Column("snippet", pa.large_string(), "these elements, cut out of the page"),
        Column("program", pa.large_string(), "what was run; empty at the end"),
    ),
)

FAILED = Table(
    name="webagent.failed",
    version="1.0.0",
    key=("episode_id",),
    doc="One row per episode that experience leaves out, with the first filter that it fails.",
    columns=(
        _EPISODE,
        *_WHO,
        Column("reason", pa.string(), "the filter",
               enum=("exception", "unchanged", "attributes", "infra")),
        Column("detail", pa.string(), "in words"),
        Column("steps", pa.int32(), "steps taken", minimum=0),
    ),
)  # fmt: skip

FILMS = Table(
    name="webagent.films",
    version="1.0.0",
    key=("episode_id", "step"),
    doc="One row per picture of an episode, with plan, snippet and program beside it.",
    columns=(
        _EPISODE,
        Column("step", pa.int16(), "0-based; the last one shows the end", minimum=0),
        Column("sub_instruction", pa.string(), "the plan; empty at the end"),
        Column("snippet", pa.large_string(), "what the writer saw"),
        Column("program", pa.large_string(), "what it wrote"),
        Column("picture", pa.binary(), "JPEG"),
        Column("box", pa.list_(pa.float32()), "left, top, width, height of the element", "px",
               nullable=True),
    ),
)  # fmt: skip
