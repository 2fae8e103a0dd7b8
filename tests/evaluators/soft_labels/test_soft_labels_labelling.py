from __future__ import annotations

import pytest

from evaluators.soft_labels.context import Material
from evaluators.soft_labels.labelling import BIN_NAMES, label_rows
from pipelines.soft_labels.labels import wanted


def test_counts_requests_and_lengths(everything: Material) -> None:
    rows = {(row["metric"], row["slice"]): row["estimate"] for row in label_rows(everything)}
    assert BIN_NAMES == ("0.5-0.6", "0.6-0.7", "0.7-0.8", "0.8-0.9", "0.9-1")
    pairs = everything.pairs
    for name, split in (("film", "test"), ("known", "train")):
        own = pairs.filter(set=name, split=split)
        counts = [rows["label_count", f"bin={b},set={name},split={split}"] for b in BIN_NAMES]
        assert sum(counts) == own.height
        assert counts[4] == (own["p"] >= 0.9).sum()
        assert counts[0] == (own["p"] < 0.6).sum()
        at = f"set={name},split={split}"
        assert rows["label_ties", at] == (own["p"] == 0.5).sum()
        certainty = (2 * own["p"] - 1).abs().mean()
        assert rows["label_certainty", at] == pytest.approx(certainty)
        sided = own.filter((own["p"] > 0.5) & (own["n_words_1"] != own["n_words_2"]))
        longer = (sided["n_words_1"] > sided["n_words_2"]).mean()
        assert rows["longer_preferred", at] == pytest.approx(longer)


def test_only_a_variant_asks_for_a_histogram(everything: Material) -> None:
    rows = {(row["metric"], row["slice"]): row["estimate"] for row in label_rows(everything)}
    asked = [rows["label_requested", f"bin={b},set=known,split=test"] for b in BIN_NAMES]
    assert asked == list(wanted("stairs", 60) or ())
    assert ("label_requested", "bin=0.9-1,set=film,split=test") not in rows
