"""Personality: does a language model answer a personality test as one consistent respondent would?

**What is measured.** A simulated participant is one prompt frame: a biography, an item instruction
and a wording of the answer scale. A model answers every item of every questionnaire under every
frame, each in its own context. Rows are participants, columns are items: the matrix is examined as
human survey data is, for reliability, convergent, discriminant and criterion validity; then trait
adjectives are put into the frame, and the scores must follow them.

**What is not.** A score describes a model together with a prompt frame. It is no statement about a
person and none about an inner life.

**Source.** Serapio-García, Safdari et al., "A psychometric framework for evaluating and shaping
personality traits in large language models", arXiv 2307.00184. Biographies and sentences are our
own, in the structure that the paper describes; adjectives and item texts carry their licence.

=================  ============================================================================
experiment         frames
=================  ============================================================================
validity           no trait named; biographies x instructions x postambles; all instruments
single             one trait at a level of 1 to 9, biography behind it; one instrument
concurrent         all five traits at once, each low or high; one instrument
reversed_options   validity frames with the anchors of the answer scale listed from the top down
=================  ============================================================================

**Files.** `pipelines/personality/dataset.py` builds the prompts,
`evaluators/personality/evaluate.py` asks the models, `evaluators/personality/report.py` makes
statistics and the report.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from measurand import params as parameters
from measurand.params import Strict
from measurand.results import STATUSES
from measurand.tables import Column, Table

DOMAINS = ("EXT", "AGR", "CON", "NEU", "OPE")
"""The five domains in the order of every five-element list and of every shaped description."""

EXPERIMENTS = ("validity", "single", "concurrent", "reversed_options")
INSTRUCTIONS = ("rg6", "cs6", "th2", "rf2", "ev2")
POSTAMBLES = (0, 3, 103, 9, 109)
ORDERS = ("ascending", "descending")
SCORING_MODES = ("logprob", "constrained", "expected")
NOT_ADMINISTERED = "not administered: text is copyrighted and not provided"

Domain = Literal["EXT", "AGR", "CON", "NEU", "OPE"]
Instruction = Literal["rg6", "cs6", "th2", "rf2", "ev2"]
Postamble = Literal[0, 3, 103, 9, 109]
Experiment = Literal["validity", "single", "concurrent", "reversed_options"]
Level = Annotated[int, Field(ge=1, le=9)]
NBios = Annotated[int, Field(ge=1, le=50)]


class Validity(Strict):
    """Construct validity: every instrument under every frame.

    Attributes:
        instruments: what is asked; instruments without text are listed as not administered.
        first_form: the Big Five form whose scores are judged.
        second_form: another Big Five form, for convergent and discriminant validity.
        n_bios: biographies, taken from the first.
        instructions: item instructions.
        postambles: numbers of the answer-scale wordings.
    """

    instruments: tuple[str, ...] = Field(min_length=1)
    first_form: str
    second_form: str
    n_bios: NBios
    instructions: tuple[Instruction, ...] = Field(min_length=1)
    postambles: tuple[Postamble, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _forms_are_asked(self) -> Self:
        for form in (self.first_form, self.second_form):
            if form not in self.instruments:
                raise ValueError(f"form {form!r} is not among the instruments")
        if self.first_form == self.second_form:
            raise ValueError("first_form and second_form are the same")
        for name in ("instruments", "instructions", "postambles"):
            _no_repeats(name, getattr(self, name))
        return self


class Single(Strict):
    """Single-trait shaping: one domain at one level, the others not mentioned."""

    instrument: str
    traits: tuple[Domain, ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=2)
    n_bios: NBios
    instruction: Instruction = "ev2"
    postamble: Postamble = 0

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _no_repeats("traits", self.traits)
        _no_repeats("levels", self.levels)
        return self


class Concurrent(Strict):
    """Concurrent shaping: all five domains at once, each at one of two levels.

    Attributes:
        design: ``full`` 2^5 = 32 profiles; ``half`` the 16 of 2^(5-1) with I = EXT AGR CON NEU OPE;
            ``quarter`` the 8 of 2^(5-2) with NEU = EXT AGR and OPE = EXT CON. Each domain is low in
            half of the profiles and uncorrelated with every other one in all three designs.
    """

    instrument: str
    levels: tuple[Level, Level]
    design: Literal["full", "half", "quarter"]
    n_bios: NBios
    instruction: Instruction = "ev2"
    postamble: Postamble = 0

    @model_validator(mode="after")
    def _low_then_high(self) -> Self:
        if self.levels[0] >= self.levels[1]:
            raise ValueError("levels are a low one, then a high one")
        return self


class ReversedOptions(Strict):
    """A sample of validity prompts with the anchors listed from the highest to the lowest."""

    instrument: str
    n_items: int = Field(ge=1)
    n_bios: NBios
    instruction: Instruction
    postamble: Postamble


class Build(Strict):
    """What the dataset holds.

    Attributes:
        adjectives: ``verbatim`` keeps the misspelling of the released list, ``corrected`` mends it.
        validity: the construct-validity experiment.
        single: single-trait shaping, or null for none.
        concurrent: concurrent shaping, or null for none.
        reversed_options: the option-order check, or null for none.
        n_shards: Parquet files per table of prompts; a profile is never split.
        seed: of the sample of items for the option-order check.
    """

    adjectives: Literal["verbatim", "corrected"]
    validity: Validity
    single: Single | None
    concurrent: Concurrent | None
    reversed_options: ReversedOptions | None
    n_shards: int = Field(ge=1, le=9999)
    seed: int = Field(ge=0)

    @model_validator(mode="after")
    def _reversal_has_a_twin(self) -> Self:
        r, v = self.reversed_options, self.validity
        if r is not None and not (
            r.instrument in v.instruments
            and r.n_bios <= v.n_bios
            and r.instruction in v.instructions
            and r.postamble in v.postambles
        ):
            raise ValueError("reversed_options: every prompt needs its validity twin")
        return self


class ModelRun(Strict):
    """One model and what it is asked.

    Attributes:
        model: model string, see ``measurand.models``.
        experiments: which of the built experiments it answers.
        instruments: which instruments it answers; null for all.
    """

    model: str = Field(min_length=1)
    experiments: tuple[Experiment, ...] = Field(min_length=1)
    instruments: tuple[str, ...] | None = None


class Evaluate(Strict):
    """How models are asked.

    Attributes:
        models: models in the order in which they run.
        scoring_mode: ``logprob`` takes the likeliest choice, ``constrained`` one generation limited
            to the choices, ``expected`` the mean choice under the renormalised log-probs.
        batch_size: prompts per call of the model.
        max_infra_share: share of failed calls above which the run is refused.
        low_mass: total probability on the choices below which a row is flagged.
    """

    models: tuple[ModelRun, ...] = Field(min_length=1)
    scoring_mode: Literal["logprob", "constrained", "expected"]
    batch_size: int = Field(ge=1)
    max_infra_share: float = Field(ge=0, le=1)
    low_mass: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _no_repeats("models", tuple(m.model for m in self.models))
        return self


class Report(Strict):
    """How figures are made and named.

    Attributes:
        resamples: bootstrap resamples.
        seed: of the resampling.
        reliability_bands: (lower bound, name), ascending; the first bound is open downwards.
        convergent_bands: likewise for the absolute r.
        gap_adequate: discriminant gap from which the literature speaks of adequate evidence.
    """

    resamples: int = Field(ge=100)
    seed: int = Field(ge=0)
    reliability_bands: tuple[tuple[float, str], ...] = Field(min_length=1)
    convergent_bands: tuple[tuple[float, str], ...] = Field(min_length=1)
    gap_adequate: float

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        for name in ("reliability_bands", "convergent_bands"):
            bounds = [bound for bound, _ in getattr(self, name)]
            if bounds != sorted(set(bounds)):
                raise ValueError(f"{name}: bounds must ascend")
        return self


class Params(Strict):
    """Everything that can be set, one section a stage; nothing is trained here."""

    build: Build
    train: None = None
    evaluate: Evaluate
    report: Report

    @model_validator(mode="after")
    def _models_are_asked_what_is_built(self) -> Self:
        for run in self.evaluate.models:
            for name in run.experiments:
                if getattr(self.build, name) is None:
                    raise ValueError(f"{run.model}: experiment {name!r} is not built")
            if unknown := set(run.instruments or ()) - set(self.build.validity.instruments):
                raise ValueError(f"{run.model}: instruments {sorted(unknown)} are not built")
        return self


def load_params(path: Path) -> Params:
    """Read a parameter file.

    Raises:
        ParamsError: it is missing, is not YAML, or breaks a rule; every key at fault is named.
    """
    return parameters.read(path, Params)


def _no_repeats(name: str, values: tuple[object, ...]) -> None:
    if len(set(values)) != len(values):
        raise ValueError(f"{name}: the same value twice")


_SHA256 = "^[0-9a-f]{64}$"
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
            "text_sha256", pa.string(), "hash of the text, UTF-8", nullable=True, pattern=_SHA256
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
        Column("preamble_sha256", pa.string(), "hash of the preamble, UTF-8", pattern=_SHA256),
    ),
)

_ASKED = (
    Column("experiment", pa.string(), "experiment", enum=EXPERIMENTS),
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
        Column("prompt_sha256", pa.string(), "hash of the prompt, UTF-8", pattern=_SHA256),
    ),
)

RESPONSES = Table(
    name="personality.responses",
    version="1.0.0",
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
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no value", nullable=True),
        Column("prompt_sha256", pa.string(), "hash of the prompt, UTF-8", pattern=_SHA256),
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
        Column("experiment", pa.string(), "experiment", enum=EXPERIMENTS),
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
