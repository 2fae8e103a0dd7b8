"""Tables, each declared once."""

from __future__ import annotations

import pyarrow as pa

from measurand.results import STATUSES
from measurand.tables import SHA256, Column, Table
from schemas.many_shot.params import LABEL_MAPS, RATIONALES_SHOWN, REGIMES, SPLITS, VERIFIERS

_EXAMPLE = Column("example_id", pa.string(), "SHA-256 of task, input and target", pattern=SHA256)

POOL = Table(
    name="many_shot.pool",
    version="1.0.0",
    key=("task", "example_id"),
    doc="One row per example: those of split test are the questions, those of train the shots.",
    columns=(
        Column("task", pa.string(), "the task"),
        _EXAMPLE,
        Column("split", pa.string(), "what it is used for", enum=SPLITS),
        Column("group_id", pa.string(), "examples of one group lie in one split"),
        Column("input", pa.large_string(), "the question"),
        Column("target", pa.large_string(), "the right answer, before a label map"),
        Column("options", pa.list_(pa.string()), "possible answers", nullable=True),
        Column("answer_idx", pa.int16(), "index of the target in options", nullable=True),
        Column(
            "rationale", pa.large_string(), "a solution that ends before the answer", nullable=True
        ),
        Column("rationale_source", pa.string(), "who made it", enum=("none", "human", "program")),
        Column("verifier", pa.string(), "how an answer is judged", enum=VERIFIERS),
        Column("details", pa.large_string(), "JSON that the verifier needs beyond the target"),
        Column("source_package", pa.string(), "where it came from"),
        Column("source_version", pa.string(), "version of the source"),
        Column("source_key", pa.string(), "identity of the example there"),
        Column("n_input_tokens", pa.int32(), "length of the input", "tokens", minimum=0),
        Column("n_target_tokens", pa.int32(), "length of the answer", "tokens", minimum=1),
    ),
)

RATIONALES = Table(
    name="many_shot.rationales",
    version="1.0.0",
    key=("task", "example_id", "sample"),
    doc="One row per solution that a model wrote, right or wrong.",
    columns=(
        Column("task", pa.string(), "the task"),
        _EXAMPLE,
        Column("split", pa.string(), "split of the example", enum=SPLITS),
        Column("sample", pa.int16(), "0-based number of the solution", minimum=0),
        Column("model", pa.string(), "model string of its writer"),
        Column("temperature", pa.float32(), "of the sampling", minimum=0),
        Column("seed", pa.int64(), "of the sampling"),
        Column("text", pa.large_string(), "as written, without the stop text", nullable=True),
        Column("rationale", pa.large_string(), "the part before the answer", nullable=True),
        Column("extracted", pa.large_string(), "the answer found in it", nullable=True),
        Column("correct", pa.bool_(), "whether the verifier accepts the answer", nullable=True),
        Column("chosen", pa.bool_(), "whether it is the one that prompts may show"),
        Column("n_tokens", pa.int32(), "tokens written", "tokens", nullable=True, minimum=0),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no text", nullable=True),
    ),
)

_CURVE = (
    Column("task", pa.string(), "the task"),
    Column("curve", pa.string(), "name of the curve within the task"),
    Column("regime", pa.string(), "what a shot shows", enum=REGIMES),
    Column("label_map", pa.string(), "words for the classes", enum=LABEL_MAPS),
    Column("rationale", pa.string(), "solution before the answer", enum=RATIONALES_SHOWN),
    Column("k", pa.int32(), "shots", minimum=0),
    Column("seed", pa.int32(), "0-based shot set: the cluster of every interval", minimum=0),
    Column("order", pa.int32(), "0-based order of the same shots", minimum=0),
)

PROMPTS = Table(
    name="many_shot.prompts",
    version="1.0.0",
    key=("prompt_id",),
    doc="One row per prompt without its question: the part that all test questions share.",
    columns=(
        Column("prompt_id", pa.string(), "`<task>|<curve>|k<k>|s<seed>|o<order>`"),
        *_CURVE,
        Column("k_requested", pa.int32(), "shots asked for; k is less where there were no more"),
        Column("shot_ids", pa.list_(pa.string()), "example_id of every shot, in order"),
        Column("shot_offsets", pa.list_(pa.int32()), "index of every shot's first token"),
        Column("demonstration_ids", pa.list_(pa.string()), "example_id of every demonstration"),
        Column("prefix", pa.large_string(), "the text; the question follows after a blank line"),
        Column("prefix_sha256", pa.string(), "hash of the prefix, UTF-8", pattern=SHA256),
        Column("n_tokens", pa.int32(), "length of the prefix", "tokens", minimum=0),
        Column("max_query_tokens", pa.int32(), "longest question", "tokens", minimum=1),
        Column("answer_budget", pa.int32(), "room for the answer", "tokens", minimum=1),
        Column("context_limit", pa.int32(), "tokens that must hold all", "tokens", minimum=1),
        Column(
            "boundary_stable",
            pa.bool_(),
            "tokens of the prefix alone begin the tokens of prefix and longest question",
        ),
        Column("tokenizer_sha256", pa.string(), "hash of the tokenizer", pattern=SHA256),
    ),
)

LEAKAGE = Table(
    name="many_shot.leakage",
    version="1.0.0",
    key=("task",),
    doc="One row per task: the search for test questions among the shots of the written prompts.",
    columns=(
        Column("task", pa.string(), "the task"),
        Column("n_test", pa.int32(), "test questions", minimum=0),
        Column(
            "n_shown", pa.int32(), "distinct shots and demonstrations of all prompts", minimum=0
        ),
        Column("shared_ids", pa.int32(), "test example_id among them", minimum=0),
        Column("shared_groups", pa.int32(), "test group_id among them", minimum=0),
        Column("shared_texts", pa.int32(), "test questions among them, normalised", minimum=0),
        Column("near_duplicates", pa.int32(), "pairs at or above the threshold", minimum=0),
        Column("max_jaccard", pa.float64(), "closest pair", minimum=0, maximum=1, nullable=True),
        Column("removed", pa.int32(), "training examples removed for being too close", minimum=0),
        Column("planted", pa.int32(), "leaks planted to try the search", minimum=0),
        Column("found", pa.int32(), "of them found", minimum=0),
    ),
)

RESPONSES = Table(
    name="many_shot.responses",
    version="1.0.0",
    key=("model", "prompt_id", "query_id"),
    doc="One row per model, prompt and question.",
    columns=(
        Column("run_id", pa.string(), "hash of dataset, parameters and model fingerprint"),
        Column("model", pa.string(), "model string as given"),
        Column("prompt_id", pa.string(), "the prompt"),
        Column("query_id", pa.string(), "example_id of the question", pattern=SHA256),
        *_CURVE,
        Column("answer_idx", pa.int16(), "right class; null where answers are free", nullable=True),
        Column("prediction", pa.int16(), "likeliest class", nullable=True, minimum=0),
        Column("text", pa.large_string(), "what was written, for free answers", nullable=True),
        Column("extracted", pa.large_string(), "the answer found in it", nullable=True),
        Column("correct", pa.bool_(), "whether the answer is right", nullable=True),
        Column(
            "partial",
            pa.float64(),
            "share of right positions of a sequence",
            nullable=True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "option_logprobs",
            pa.list_(pa.float32()),
            "natural log P(option | prompt)",
            nullable=True,
        ),
        Column(
            "confidence",
            pa.float64(),
            "renormalised probability of the right class",
            nullable=True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "mass",
            pa.float64(),
            "probability of all options together",
            nullable=True,
            minimum=0,
            maximum=1.000001,
        ),
        Column("nll", pa.float64(), "-log P(right answer | prompt)", "nats", nullable=True),
        Column(
            "nll_program",
            pa.float64(),
            "-log P(reference solution with answer | prompt)",
            "nats",
            nullable=True,
        ),
        Column(
            "nll_model",
            pa.float64(),
            "-log P(verified model solution with answer | prompt)",
            "nats",
            nullable=True,
        ),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no value", nullable=True),
        Column("prompt_sha256", pa.string(), "hash of the whole prompt", pattern=SHA256),
        Column("prompt_tokens", pa.int32(), "length", "tokens", nullable=True, minimum=0),
        Column(
            "cached_tokens",
            pa.int32(),
            "of them not computed for this question",
            "tokens",
            nullable=True,
            minimum=0,
        ),
    ),
)
