"""Sections on ratings, on people's items and on methods; the report alone shows them."""

from __future__ import annotations

from evaluators.agi_levels.context import View
from evaluators.agi_levels.figures import PEOPLE
from evaluators.agi_levels.rated import DEFINITION, READINGS
from measurand import soundness
from measurand.reporting.document import Section, Table
from measurand.reporting.grid import Line, grid
from measurand.reporting.methods import methods
from schemas.agi_levels.taxonomy import PAPER

READING_WORDS = {"rating": "likeliest digit", "expected": "mean digit"}


def rater_section(view: View) -> Section | None:
    """Models and known respondents among the raters of the same texts."""
    lines = [
        Line({"text": corpus, "detail": READING_WORDS[reading]}, rater.model,
             {"corpus": corpus, "reading": reading}, [rater.model])
        for rater in view.found.raters
        for corpus in rater.corpora
        for reading in READINGS
        if not (rater.is_control and reading != "rating")
    ]  # fmt: skip
    if not lines:
        return None
    table = grid(
        view.figures,
        "Is it closer to the others than one of the raters is?",
        ["texts", "who"],
        lines,
        {"share of raters that it is ahead of": "ahead", "r with the mean rating": "consensus_r"},
        [
            f"{DEFINITION} So each rater is left out in turn, text by text: model and rater are "
            "both compared with the mean of the others. One more rater has .50; the share is no "
            "percentile of persons, and Competent is the most that it may show."
        ],
    )
    people = grid(
        view.figures,
        "Do people agree on these texts?",
        "texts",
        [
            Line(row["slice"].removeprefix("corpus="), PEOPLE, {"corpus": row["slice"][7:]})
            for row in view.figures.metrics(PEOPLE, "rater_alpha")
        ],
        {"Krippendorff's alpha of single ratings, ordinal": "rater_alpha"},
    )
    return Section("Among raters of the same texts", (table, people))


def item_section(view: View) -> Section | None:
    """Items that people answered, and models that are out of line on some of them."""
    tables = []
    for found in view.found.standing.calibrations:
        norm = found.norm
        lines = [Line(item, PEOPLE, {"norm": norm.id, "item": item}) for item in norm.items]
        tables.append(
            grid(
                view.figures,
                f"{norm.id}: items by {norm.group.name} ({found.items.n:,} people)",
                "item",
                lines,
                {"difficulty": "difficulty", "discrimination": "discrimination"},
                ["Ability of these people has mean 0 and sd 1; at its difficulty half of those of "
                 "that ability answer rightly. `measurand agi_levels card` says on which of them a "
                 "model is out of line with its ability on the others."],
            )
        )  # fmt: skip
    if not tables:
        return None
    return Section("Items that people answered", tuple(tables), folded=True)


def quality_section(view: View) -> Section | None:
    """Did the model answer, and with how much of its probability?"""
    lines = [
        Line(rater.model, rater.model, {"corpus": corpus}, [corpus])
        for rater in view.found.raters
        if not rater.is_control
        for corpus in rater.corpora
    ]
    if not lines:
        return None
    columns = {name: metric for name, metric, _ in soundness.missing({})}
    table: Table = grid(
        view.figures,
        "Answers to the question for a rating",
        ["model", "texts"],
        lines,
        {"probability of the nine digits": "mass_mean", **columns},
    )
    models = [rater.model for rater in view.found.raters if not rater.is_control]
    again = grid(
        view.figures,
        "The same prompts asked again, each alone",
        "model",
        [Line(model, model, {}) for model in models],
        {name: metric for name, metric, _ in soundness.AGAIN},
    )
    return Section("Quality of the answers", (table, again))


def method_section(view: View) -> Section:
    """How everything was made."""
    text = methods(__file__, view.found.params, paper=PAPER)
    return Section("Methods", (text,), folded=True)
