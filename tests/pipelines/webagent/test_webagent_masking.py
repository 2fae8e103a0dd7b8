from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from webagent_pages import corpus_of, rows

from measurand.parquet import shard_of
from pipelines.webagent import corruption, tokenizer
from pipelines.webagent.masking import Mask
from schemas.webagent.corpus import SPLITS
from schemas.webagent.corpus_tables import EXAMPLES


@pytest.mark.integration
def test_examples_are_the_parts_with_spans_taken_out(built: Path) -> None:
    parts = {(r["doc_id"], r["part"]): r for r in rows(built, "parts")}
    left = {(r["doc_id"], r["part"]) for r in rows(built, "repeats")}
    made = tokenizer.load(str(rows(built, "tokenizer")[0]["json"]))
    examples = rows(built, "examples")
    for row in examples:
        ids = corruption.restore(row["input_ids"], row["target_ids"], 100)
        part = parts[row["doc_id"], row["part"]]
        text = tokenizer.decode(made, ids)
        assert str(part["html"]).startswith(text.rstrip("\ufffd"))
        assert len(ids) == row["n_tokens"] == min(200, row["n_full"])
        assert np.sum(row["span_lengths"]) == row["n_noise"]
        assert row["probe"] == (row["split"] != "train")
        if row["n_full"] == row["n_tokens"]:
            assert text == part["html"]
    asked = {(r["doc_id"], r["part"]): 1 if r["split"] == "train" else 3 for r in parts.values()}
    assert len(examples) == sum(n for key, n in asked.items() if key not in left)
    cut = rows(built, "cut")
    assert sum(r["examples"] for r in cut) == len(examples)
    assert sum(r["repeats"] for r in cut) == len(left)


def test_masks_are_summed_up(built: Path) -> None:
    found = {(r["split"], r["probe"], r["mu"]): r for r in rows(built, "masks")}
    assert set(found) == {
        *(("train", False, mu) for mu in (3, 8)),
        *((split, True, mu) for split in SPLITS[1:] for mu in (3, 8, 64)),
    }
    examples = [r for r in rows(built, "examples") if r["split"] == "test" and r["mu"] == 3]
    one = found["test", True, 3]
    assert one["examples"] == len(examples)
    assert one["density"] == sum(r["n_noise"] for r in examples) / sum(
        r["n_tokens"] for r in examples
    )
    by_hand = np.mean([all(k for k in span) for r in examples for span in spans(r["target_kinds"])])
    assert one["markup_only"] == pytest.approx(by_hand)


def spans(kinds: list[int]) -> list[list[int]]:
    """Kinds of the tokens of each span."""
    found: list[list[int]] = []
    for kind in kinds:
        if kind == tokenizer.SENTINEL:
            found.append([])
        else:
            found[-1].append(kind)
    return found[:-1]


@pytest.mark.parametrize("shape", ["tags", "elements"])
def test_masks_that_keep_to_the_markup(built: Path, shape: str) -> None:
    """The same parts, masked another way in training, and the same probes."""
    given = corpus_of(built, corruption={"length": 200, "spans": [8], "shape": shape})
    keys = [str(row["doc_id"]) for row in rows(built, "pages")]
    mine = [key for key in keys if shard_of(key, 3) == 0]
    made = [t[EXAMPLES.name] for t, _ in Mask(given, built)(mine)]
    examples = pa.concat_tables(made).to_pylist()
    assert {row["split"] for row in examples} >= {"train", "test"}
    plain = {row["example_id"]: row for row in rows(built, "examples")}
    whole = made_tokenizer(built)
    ends = []
    for row in examples:
        if row["probe"]:
            assert row["input_ids"] == plain[row["example_id"]]["input_ids"]
            continue
        target = np.array(row["target_ids"])
        marks = np.flatnonzero(np.array(row["target_kinds"]) == tokenizer.SENTINEL)
        for first, last in pairwise(marks):
            text = tokenizer.decode(whole, target[first + 1 : last])
            ends.append(text.startswith("<") == text.endswith(">"))
    assert np.mean(ends) > (0.9 if shape == "elements" else 0.6)


def made_tokenizer(folder: Path) -> Any:
    return tokenizer.load(str(rows(folder, "tokenizer")[0]["json"]))
