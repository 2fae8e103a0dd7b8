"""The labels themselves: how sure they are, and what they go along with."""

from __future__ import annotations

import numpy as np
import polars as pl

from evaluators.soft_labels.context import Material, items_of, numbers_of, share_of
from measurand.results import Rows
from measurand.statistics import exact
from pipelines.soft_labels.labels import BINS, bin_of, wanted
from schemas.soft_labels.params import SPLITS

BIN_NAMES = tuple(f"{low:g}-{high:g}" for low, high in zip(BINS, (*BINS[1:], 1.0), strict=True))
"""Names of the bins of labels in slices; a bin holds its lower end, the last one both."""


def label_rows(material: Material) -> Rows:
    """Statistics of every pair set and split.

    ``label_count``: pairs by bin of their label; ``label_requested``: pairs that the variant asks
    for, where it asks for any; ``label_ties``: pairs at one half; ``label_certainty``: mean
    |2p - 1|; ``longer_preferred``: of the pairs with a winner and unequal lengths, the share in
    which the longer response won.
    """
    for pairs in material.params.build.sets:
        for split in SPLITS:
            own = material.pairs.filter(set=pairs.id, split=split)
            if own.is_empty():
                continue
            parts = {"set": pairs.id, "split": split}
            p = numbers_of(own, "p")
            counts = np.bincount([bin_of(value) for value in p], minlength=len(BINS))
            asked = wanted(pairs.variant, int(getattr(pairs, split)))
            for at, name in enumerate(BIN_NAMES):
                yield material.row(
                    "label_count", {**parts, "bin": name}, exact(float(counts[at]), n=len(p))
                )
                if asked is not None:
                    yield material.row(
                        "label_requested", {**parts, "bin": name}, exact(float(asked[at]))
                    )
            yield material.row("label_ties", parts, exact(float((p == 0.5).sum()), n=len(p)))
            certainty = share_of(np.abs(2 * p - 1), items_of(own))
            yield material.row("label_certainty", parts, certainty)
            sided = own.filter((pl.col("p") > 0.5) & (pl.col("n_words_1") != pl.col("n_words_2")))
            longer = numbers_of(sided, "n_words_1") > numbers_of(sided, "n_words_2")
            yield material.row(
                "longer_preferred", parts, share_of(longer.astype(np.float64), items_of(sided))
            )
