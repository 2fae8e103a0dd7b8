"""Parameters: `params/personality.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from measurand.params import Strict, no_repeats

DOMAINS = ("EXT", "AGR", "CON", "NEU", "OPE")
"""The five domains in the order of every five-element list and of every shaped description."""

EXPERIMENTS = ("validity", "single", "concurrent", "reversed_options")
CUES = ("none", "begun")
"""How an answer begins: with the model's own first word, or after words put into its turn."""
INSTRUCTIONS = ("rg6", "cs6", "th2", "rf2", "ev2")
POSTAMBLES = (0, 3, 103, 9, 109)
ORDERS = ("ascending", "descending")
SCORING_MODES = ("logprob", "constrained", "expected")
NOT_ADMINISTERED = "not administered: text is copyrighted and not provided"

Domain = Literal["EXT", "AGR", "CON", "NEU", "OPE"]
Instruction = Literal["rg6", "cs6", "th2", "rf2", "ev2"]
Postamble = Literal[0, 3, 103, 9, 109]
Experiment = Literal["validity", "single", "concurrent", "reversed_options"]
Cue = Literal["none", "begun"]
Level = Annotated[int, Field(ge=1, le=9)]
BIOGRAPHIES = 50
NBios = Annotated[int, Field(ge=1, le=BIOGRAPHIES)]


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
            no_repeats(name, getattr(self, name))
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
        no_repeats("traits", self.traits)
        no_repeats("levels", self.levels)
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


class CueTrial(Strict):
    """Prompts on which the cue is chosen; no score is made of them.

    Attributes:
        instrument: where the items are taken from.
        n_items: a sample of so many.
        n_bios: biographies, taken from the last: the other experiments take theirs from the first.
    """

    instrument: str
    n_items: int = Field(ge=1)
    n_bios: NBios
    instruction: Instruction = "ev2"
    postamble: Postamble = 0


class Build(Strict):
    """What the dataset holds.

    Attributes:
        adjectives: ``verbatim`` keeps the misspelling of the released list, ``corrected`` mends it.
        validity: the construct-validity experiment.
        single: single-trait shaping, or null for none.
        concurrent: concurrent shaping, or null for none.
        reversed_options: the option-order check, or null for none.
        cue: prompts on which the cue is chosen, or null for none.
        n_shards: Parquet files per table of prompts; a profile is never split.
        seed: of the samples of items.
    """

    adjectives: Literal["verbatim", "corrected"]
    validity: Validity
    single: Single | None
    concurrent: Concurrent | None
    reversed_options: ReversedOptions | None
    cue: CueTrial | None = None
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

    @model_validator(mode="after")
    def _cue_is_chosen_elsewhere(self) -> Self:
        most = max(e.n_bios for e in (self.validity, self.single, self.concurrent) if e is not None)
        if self.cue is not None and self.cue.n_bios + most > BIOGRAPHIES:
            raise ValueError(f"cue: only {BIOGRAPHIES - most} biographies are left for its trial")
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
        cue: how the model's turn begins: ``none``, the paper's way; ``begun``, with the last words
            of the prompt, which ask for a number; ``most_mass``, whichever of both gives the
            choices more probability on the prompts of ``build.cue``. A model without a chat
            template has no turn: there the prompt itself ends in these words.
        scoring_mode: ``logprob`` takes the likeliest choice, ``constrained`` one generation limited
            to the choices, ``expected`` the mean choice under the renormalised log-probs.
        batch_size: prompts per call of the model.
        max_infra_share: share of failed calls above which the run is refused.
        low_mass: total probability on the choices below which a row is flagged.
    """

    models: tuple[ModelRun, ...] = Field(min_length=1)
    cue: Literal["none", "begun", "most_mass"] = "none"
    scoring_mode: Literal["logprob", "constrained", "expected"]
    batch_size: int = Field(ge=1)
    max_infra_share: float = Field(ge=0, le=1)
    low_mass: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        no_repeats("models", tuple(m.model for m in self.models))
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
        if self.evaluate.cue == "most_mass" and self.build.cue is None:
            raise ValueError("evaluate.cue: most_mass is chosen on build.cue, which is not built")
        for run in self.evaluate.models:
            for name in run.experiments:
                if getattr(self.build, name) is None:
                    raise ValueError(f"{run.model}: experiment {name!r} is not built")
            if unknown := set(run.instruments or ()) - set(self.build.validity.instruments):
                raise ValueError(f"{run.model}: instruments {sorted(unknown)} are not built")
        return self
