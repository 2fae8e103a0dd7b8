"""How the answer begins: both ways are tried on prompts of which no score is made.

A chat model asked for a number may begin with a sentence. Its turn can be begun for it with the
last words of the prompt, which ask for the number. Which way is used is decided by a rule that
looks at no score: the one that gives the choices more probability, on biographies that no other
experiment asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from evaluators.personality.evaluate.context import Subject, View
from measurand import shards
from measurand.reporting.document import Section, Table
from measurand.results import StatisticRow
from measurand.stats.means import cluster_mean, paired_difference
from pipelines.personality.wording import CUE
from schemas.personality.params import CUES

BEGINNINGS = {"none": "", "begun": CUE}
"""What each cue puts into the model's turn."""
LABELS = {"none": "the model's own first word", "begun": f"its turn begun with “{CUE.strip()}”"}


def metric(cue: str) -> str:
    """Name of the item results of a trial."""
    return f"mass_{cue}"


def most_mass(masses: Mapping[str, Sequence[float]]) -> str:
    """The cue with the largest mean mass; the first of ``CUES`` where they are equal or unknown.

    Args:
        masses: probability on the choices of every prompt of the trial, by cue.
    """
    means = {cue: sum(some) / len(some) for cue in CUES if (some := masses.get(cue, ()))}
    return max(means, key=lambda cue: (means[cue], -CUES.index(cue)), default=CUES[0])


def cue_rows(subject: Subject, results: Path) -> Iterator[StatisticRow]:
    """Mean mass under each cue, and the difference; nothing where no trial was made.

    Args:
        subject: one model's answers.
        results: folder that ``evaluate`` wrote.
    """
    items = pl.DataFrame(shards.read_table(results / "items")).filter(model=subject.model)
    tried = {cue: items.filter(metric=metric(cue)).drop_nulls("value") for cue in CUES}
    for cue, own in tried.items():
        if len(own):
            mass = cluster_mean(own["value"].to_numpy(), own["cluster_id"].to_numpy())
            yield subject.row("cue_mass", {"experiment": "cue", "cue": cue}, mass)
    none, begun = tried["none"], tried["begun"]
    both = none.join(begun, on="item_id", suffix="_begun")
    if len(both):
        gain = paired_difference(
            both["value_begun"].to_numpy(), both["value"].to_numpy(), both["cluster_id"].to_numpy()
        )
        yield subject.row("cue_gain", {"experiment": "cue"}, gain)


def cue_section(view: View) -> Section | None:
    """Both ways side by side, and which one was used."""
    tried = [s for s in view.found if view.figures.get(s.model, "cue_gain", experiment="cue")]
    if not tried:
        return None
    table = Table(
        "Probability on the choices, by how the answer begins",
        ["model", *LABELS.values(), "difference", "used"],
        [
            [
                s.model,
                *(
                    view.figures.cell(s.model, "cue_mass", experiment="cue", cue=cue)
                    for cue in LABELS
                ),
                view.figures.cell(s.model, "cue_gain", experiment="cue"),
                LABELS[s.responses["cue"][0]],
            ]
            for s in tried
        ],
        ["The way with more probability on the choices is used. It is chosen on biographies that "
         "no score is made of."],
    )  # fmt: skip
    return Section("How the answer begins", (table,))
