"""Tables, each declared once."""

from __future__ import annotations

import pyarrow as pa

from measurand.results import STATUSES
from measurand.tables import SHA256, Column, Table
from schemas.personality.params import (
    CUES,
    DOMAINS,
    EXPERIMENTS,
    INSTRUCTIONS,
    ORDERS,
    SCORING_MODES,
)

_FIVE = pa.list_(pa.int8(), 5)

INSTRUMENTS = Table(
    name="personality.instruments",
    version="1.0.0",
    key=("instrument_id", "item_id"),
    doc="One row per item of an instrument; copyrighted items have structure and key but no text.",
    columns=(
        Column("instrument_id", pa.string(), "the questionnaire"),
        Column("item_id", pa.string(), "stable identity of the item", unique=True),
        Column("number", pa.int16(), "number of the item in its source", minimum=1),
        Column("version", pa.string(), "version of the questionnaire"),
        Column("licence", pa.string(), "licence of the text"),
        Column("text", pa.large_string(), "the item; null where not provided", nullable=True),
        Column(
            "text_sha256", pa.string(), "hash of the text, UTF-8", nullable=True, pattern=SHA256
        ),
        Column("scale_id", pa.string(), "scale that the item is scored on"),
        Column(
            "domain",
            pa.string(),
            "Big Five domain of a Big Five form; null for criterion scales",
            nullable=True,
            enum=DOMAINS,
        ),
        Column("facet", pa.int8(), "facet of the domain", nullable=True, minimum=1, maximum=6),
        Column("keyed", pa.int8(), "+1, or -1 for a reversed item", minimum=-1, maximum=1),
        Column("k_choices", pa.int8(), "number of choices, 1..k", minimum=2, maximum=9),
        Column("source", pa.string(), "where text and key were taken from"),
        Column("retrieved_at", pa.string(), "day of retrieval", pattern=r"^\d{4}-\d\d-\d\d$"),
    ),
)

SCALES = Table(
    name="personality.scales",
    version="1.0.0",
    key=("scale_id",),
    doc="One row per scale; its score is the mean of its items, k + 1 - x where reversed.",
    columns=(
        Column("scale_id", pa.string(), "the scale"),
        Column("instrument_id", pa.string(), "the questionnaire it belongs to"),
        Column("name", pa.string(), "name for readers"),
        Column("domain", pa.string(), "Big Five domain it measures", nullable=True, enum=DOMAINS),
        Column("n_items", pa.int16(), "items", minimum=1),
        Column("n_reversed", pa.int16(), "of them reversed", minimum=0),
        Column(
            "expected_signs",
            _FIVE,
            "expected sign of r with EXT AGR CON NEU OPE; 0 where nothing is expected",
        ),
        Column("administered", pa.bool_(), "whether the texts are there"),
        Column("reason", pa.string(), "why it is not administered", nullable=True),
    ),
)

PROFILES = Table(
    name="personality.profiles",
    version="1.0.0",
    key=("profile_id",),
    doc="One row per preamble: what comes before the item, shared by all items asked under it.",
    columns=(
        Column("profile_id", pa.string(), "identity of the preamble"),
        Column("bio_id", pa.int16(), "biography, the cluster of every interval", minimum=1),
        Column("instruction_id", pa.string(), "item instruction", enum=INSTRUCTIONS),
        Column(
            "levels",
            _FIVE,
            "prompted level of EXT AGR CON NEU OPE, 1 to 9; 0 where a trait is not mentioned",
        ),
        Column("preamble", pa.large_string(), "the text up to the item"),
        Column("preamble_sha256", pa.string(), "hash of the preamble, UTF-8", pattern=SHA256),
    ),
)

_ASKED = (
    Column("experiment", pa.string(), "experiment", enum=(*EXPERIMENTS, "cue")),
    Column("profile_id", pa.string(), "preamble"),
    Column("participant_id", pa.string(), "profile and number of the postamble"),
    Column("bio_id", pa.int16(), "biography", minimum=1),
    Column("instruction_id", pa.string(), "item instruction", enum=INSTRUCTIONS),
    Column("postamble_id", pa.string(), "wording of the answer scale, with its instrument"),
    Column("postamble_no", pa.int16(), "number of the wording, common to all instruments"),
    Column("item_id", pa.string(), "item"),
    Column("instrument_id", pa.string(), "questionnaire"),
    Column("scale_id", pa.string(), "scale"),
    Column("domain", pa.string(), "Big Five domain", nullable=True, enum=DOMAINS),
    Column("keyed", pa.int8(), "+1, or -1 for a reversed item", minimum=-1, maximum=1),
    Column("k_choices", pa.int8(), "number of choices, 1..k", minimum=2, maximum=9),
    Column("option_order", pa.string(), "order in which the anchors are listed", enum=ORDERS),
    Column("levels", _FIVE, "prompted levels, as in the profile"),
)

PROMPTS = Table(
    name="personality.prompts",
    version="1.0.0",
    key=("profile_id", "prompt_id"),
    doc="One row per question to a model. Sorted by key, prompts with one preamble are neighbours.",
    columns=(
        Column(
            "prompt_id",
            pa.string(),
            "`<profile_id>|<experiment>|<item_id>|<postamble_no>`",
            unique=True,
        ),
        *_ASKED,
        Column("preamble", pa.large_string(), "the shared part of the prompt"),
        Column("prompt", pa.large_string(), "preamble, item and postamble; the answer follows"),
        Column("prompt_sha256", pa.string(), "hash of the prompt, UTF-8", pattern=SHA256),
    ),
)

RESPONSES = Table(
    name="personality.responses",
    version="1.2.0",
    key=("model", "profile_id", "prompt_id"),
    doc="One row per model and prompt: what the model chose and how sure it was.",
    columns=(
        Column("run_id", pa.string(), "hash of dataset, parameters and model fingerprint"),
        Column("model", pa.string(), "model string as given"),
        Column("prompt_id", pa.string(), "the prompt"),
        *_ASKED,
        Column(
            "value",
            pa.int8(),
            "choice, 1..k, as answered: not keyed; null unless status is ok",
            nullable=True,
            minimum=1,
            maximum=9,
        ),
        Column(
            "logprobs",
            pa.list_(pa.float32()),
            "natural log-probability of each choice, before renormalising",
            nullable=True,
        ),
        Column(
            "expected",
            pa.float64(),
            "mean choice under the renormalised log-probs, not keyed",
            nullable=True,
            minimum=1,
            maximum=9,
        ),
        Column(
            "mass",
            pa.float64(),
            "probability on the k choices together",
            nullable=True,
            minimum=0,
            maximum=1.000001,
        ),
        Column("tie", pa.bool_(), "whether several choices were likeliest; the lowest counts"),
        Column("scoring_mode", pa.string(), "how the value was made", enum=SCORING_MODES),
        Column(
            "cue",
            pa.string(),
            "how the model's turn began",
            nullable=True,
            enum=CUES,
            since="1.1.0",
        ),
        Column(
            "shared",
            pa.bool_(),
            "whether an equal prompt was asked before, whose answer this is",
            nullable=True,
            since="1.2.0",
        ),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no value", nullable=True),
        Column("prompt_sha256", pa.string(), "hash of the prompt, UTF-8", pattern=SHA256),
        Column(
            "prompt_tokens", pa.int32(), "length of the prompt", "tokens", nullable=True, minimum=0
        ),
        Column(
            "cached_tokens",
            pa.int32(),
            "of them read from the prefix cache",
            "tokens",
            nullable=True,
            minimum=0,
        ),
    ),
)

SCORES = Table(
    name="personality.scores",
    version="1.0.0",
    key=("model", "experiment", "participant_id", "scale_id"),
    doc="One row per model, participant and scale.",
    columns=(
        Column("run_id", pa.string(), "hash of dataset, parameters and model fingerprint"),
        Column("model", pa.string(), "model string as given"),
        Column("experiment", pa.string(), "experiment", enum=(*EXPERIMENTS, "cue")),
        Column("participant_id", pa.string(), "profile and number of the postamble"),
        Column("profile_id", pa.string(), "preamble"),
        Column("bio_id", pa.int16(), "biography", minimum=1),
        Column("levels", _FIVE, "prompted levels, as in the profile"),
        Column("instrument_id", pa.string(), "questionnaire"),
        Column("scale_id", pa.string(), "scale"),
        Column("domain", pa.string(), "Big Five domain", nullable=True, enum=DOMAINS),
        Column(
            "score", pa.float64(), "mean of the keyed choices", nullable=True, minimum=1, maximum=9
        ),
        Column(
            "expected_score",
            pa.float64(),
            "mean of the keyed expected choices",
            nullable=True,
            minimum=1,
            maximum=9,
        ),
        Column("n_items", pa.int16(), "items answered", minimum=0),
        Column("n_missing", pa.int16(), "items without an answer", minimum=0),
    ),
)
