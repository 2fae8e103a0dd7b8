"""Parameters: `params/agi_levels.yaml`."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from measurand.params import Strict, no_repeats
from schemas.agi_levels.norms import Declared, Family

Corpus = Literal["film", "tweets", "products", "editorials"]


class Rated(Strict):
    """Texts of a corpus.

    Attributes:
        corpus: name, see ``measurand.hutto``.
        texts: how many, drawn by seed.
        what: what a text is called in the prompt.
        words: fewest and most words of a text.
    """

    corpus: Corpus
    texts: int = Field(ge=10)
    what: str = Field(min_length=1)
    words: tuple[int, int] = (3, 40)


class Build(Strict):
    """What the dataset holds.

    Attributes:
        rated: texts that people rated.
        held: ratings of each text kept out of the norm, for respondents whose truth is known.
        norms: files of `pipelines/agi_levels/norms/`, by name.
        quizzes: files of `pipelines/agi_levels/quizzes/`, by name: questions that people answered.
        n_shards: Parquet files of the texts.
        seed: of the drawn texts and of the held ratings.
    """

    rated: tuple[Rated, ...]
    held: int = Field(ge=2, le=5)
    norms: tuple[str, ...]
    quizzes: tuple[str, ...] = ()
    n_shards: int = Field(ge=1, le=9999)
    seed: int = Field(ge=0)

    @model_validator(mode="after")
    def _once(self) -> Self:
        no_repeats("rated", tuple(part.corpus for part in self.rated))
        no_repeats("norms", self.norms)
        no_repeats("quizzes", self.quizzes)
        return self


class Evaluate(Strict):
    """Who rates, and how.

    Attributes:
        models: model strings.
        prompt: with ``{what}`` and ``{text}``; the answer, a digit from 1 to 9, follows it at once.
        question: the same of quizzes, with ``{question}`` and ``{options}``; an option's letter
            follows it after a space.
        begun: words that the model's turn begins with.
        batch_size: prompts per call.
        retest: prompts asked a second time, each alone.
        max_infra_share: share of failed calls above which the run is refused.
    """

    models: tuple[str, ...] = Field(min_length=1)
    prompt: str
    question: str = "{question}\n{options}\nAnswer:"
    begun: str = ""
    batch_size: int = Field(ge=1)
    retest: int = Field(default=16, ge=0)
    max_infra_share: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        no_repeats("models", self.models)
        if "{text}" not in self.prompt:
            raise ValueError("prompt: it does not show the {text}")
        if not {"{question}", "{options}"} <= set(re.findall(r"\{\w+\}", self.question)):
            raise ValueError("question: it does not show the {question} and the {options}")
        return self


class Given(Strict):
    """A finished score of a model, published by somebody.

    Attributes:
        model: whose.
        task: task, as in the norms.
        task_version: of which form.
        score: the score.
        se: its standard error; null where none is known, which is said.
        families: abilities that the task belongs to.
        tools: what the model was allowed.
        source: where it was published.
    """

    model: str = Field(min_length=1)
    task: str = Field(min_length=1, pattern=r"^[^,=]+$")
    task_version: str | None = None
    score: float
    se: float | None = Field(None, gt=0)
    families: tuple[Family, ...] = ()
    tools: str | None = None
    source: str = Field(min_length=1)


class Provider(Strict):
    """A figure of another system of this project, as a task without people.

    Attributes:
        system: whose committed statistics are read.
        metric: which figure.
        slice: of which slice, as its text.
        model: of which model; null for all.
        families: abilities that it belongs to.
    """

    system: str = Field(pattern=r"^[a-z_]+$")
    metric: str = Field(min_length=1)
    slice: str = ""
    model: str | None = None
    families: tuple[Family, ...] = ()


class Rules(Strict):
    """How much is asked before a level is claimed.

    Attributes:
        claim: probability of reaching the cut from which a level is claimed.
        possible: probability from which it counts as possible.
        coverages: shares of tasks that may be meant by "most"; the paper does not say.
        headline: the one that the general level is named by.
        compulsory: families that must hold the level too.
        min_tasks: tasks below which nothing general is said.
        min_families: families below which nothing general is said.
    """

    claim: float = Field(default=0.95, gt=0.5, lt=1)
    possible: float = Field(default=0.05, gt=0, lt=0.5)
    coverages: tuple[float, ...] = (0.5, 0.8, 0.95)
    headline: float = 0.8
    compulsory: tuple[Family, ...] = ("metacognition", "learning")
    min_tasks: int = Field(default=20, ge=1)
    min_families: int = Field(default=6, ge=1)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.headline not in self.coverages:
            raise ValueError("headline: none of the coverages")
        if not all(0 < q <= 1 for q in self.coverages):
            raise ValueError("coverages: shares of the tasks")
        return self


class Report(Strict):
    """What is placed beside the models that were asked, and how.

    Attributes:
        given: finished scores.
        providers: figures of other systems.
        rules: when a level is claimed.
        autonomy: declarations; nothing is inferred where there are none.
        resamples: of items that people and models share, and of time horizons.
        seed: of the resampling.
    """

    given: tuple[Given, ...] = ()
    providers: tuple[Provider, ...] = ()
    rules: Rules = Rules()
    autonomy: tuple[Declared, ...] = ()
    resamples: int = Field(ge=100)
    seed: int = Field(ge=0)


class Params(Strict):
    """Everything that can be set, one section a stage; nothing is trained here."""

    build: Build
    train: None = None
    evaluate: Evaluate
    report: Report
