"""Does the model favour a word? Predicted shares of words beside the shares that are right."""

from __future__ import annotations

import polars as pl

from evaluators.many_shot.context import DIFFERENCE, Subject, by_shot_set, over_shot_sets
from measurand.results import Rows
from measurand.stats.estimate import Estimate
from pipelines.many_shot import labels

MOST_WORDS = 10
"""Tasks with more answers than this have no table of them."""


def bias_rows(subject: Subject) -> Rows:
    """Statistics of every word of a classification.

    ``label_bias`` is the share of answers with this word minus the share of questions for which it
    is right: 0 for a model that is right, and for one that errs evenly. ``max_label_bias`` is the
    largest of them in size.
    """
    for task, curve, answers in subject.curves():
        options = subject.options.get(task, ())
        if not 2 <= len(options) <= MOST_WORDS:
            continue
        for k in answers["k"].unique().sort().to_list():
            parts = {"task": task, "curve": curve, "k": str(k)}
            at = answers.filter(k=k).drop_nulls(["prediction", "answer_idx"])
            if at.is_empty():
                continue
            found = [_bias(at, index) for index in range(len(options))]
            for index, estimate in enumerate(found):
                yield subject.row("label_bias", {**parts, "class": str(index)}, estimate)
            largest = max(abs(e.value) for e in found if e.value is not None)
            why = "no interval: the largest of several"
            largest_of = Estimate(largest, method="largest absolute bias", n=len(at), reason=why)
            yield subject.row("max_label_bias", parts, largest_of)


def word(subject: Subject, task: str, curve: str, index: int) -> str:
    """The word that a class has in a curve's prompts."""
    shown = next(c.label_map for c in subject.params.task(task).curves if c.name == curve)
    return labels.words(subject.options[task], shown)[index]


def _bias(at: pl.DataFrame, index: int) -> Estimate:
    said = (pl.col("prediction") == index).cast(pl.Float64)
    right = (pl.col("answer_idx") == index).cast(pl.Float64)
    return over_shot_sets(
        by_shot_set(at.with_columns((said - right).alias("bias")), "bias"), DIFFERENCE
    )
