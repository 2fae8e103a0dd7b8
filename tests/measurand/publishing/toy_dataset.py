"""A small dataset of two tables: several shards, every kind of column, rejected rows, a parent."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from measurand.manifest import Source
from measurand.parquet import REJECTED
from measurand.shards import write_dataset
from measurand.tables import Column, Table

WORDS = Table(
    "toy.words",
    "1.2.0",
    ("word_id",),
    (
        Column("word_id", pa.string(), "the word"),
        Column("n", pa.int32(), "its length", "characters", minimum=1),
        Column("share", pa.float64(), "share of vowels", nullable=True, minimum=0, maximum=1),
        Column("kind", pa.dictionary(pa.int8(), pa.string()), "its kind", nullable=True),
        Column("letters", pa.list_(pa.string()), "its letters"),
        Column("codes", pa.list_(pa.int8(), 2), "two codes"),
        Column("text", pa.large_string(), "a sentence | with it", nullable=True),
        Column("pair", pa.struct([("a", pa.int8()), ("b", pa.string())]), "nested", nullable=True),
    ),
    "One row per word.",
)
RATINGS = Table(
    "toy.ratings",
    "1.0.0",
    ("word_id", "rater"),
    (
        Column("word_id", pa.string(), "the word"),
        Column("rater", pa.int16(), "who rated"),
        Column("good", pa.bool_(), "the rating"),
    ),
    "One row per rating.",
)
LIST = Source("word list", "https://example.org/words", "MIT", "0" * 64)


def words(n: int = 40) -> pa.Table:
    ids = [f"word{i:03d}" for i in range(n)]
    return WORDS.from_columns(
        {
            "word_id": ids,
            "n": [7] * n,
            "share": [None if i % 5 == 0 else i / n for i in range(n)],
            "kind": [None if i % 3 == 0 else ("noun", "verb")[i % 2] for i in range(n)],
            "letters": [list(w) for w in ids],
            "codes": [[i % 7, 1] for i in range(n)],
            "text": [None if i % 4 == 0 else f"say {w}, <b>é</b>" for i, w in enumerate(ids)],
            "pair": [{"a": 1, "b": w} for w in ids],
        }
    )


def write(out: Path, *, source: Source = LIST, n: int = 40) -> Path:
    """Both tables below ``out``; the ratings are made from the words and name no source."""
    rejected = REJECTED.from_columns(
        {"key": ["x", "y", "z"], "reason": ["too short", "too short", "rude"], "detail": [""] * 3}
    )
    made = write_dataset(
        out / "words", WORDS, words(n), n_shards=3, sources=[source], rejected=rejected
    )
    rows = RATINGS.from_columns(
        {"word_id": [f"word{i:03d}" for i in range(n)], "rater": [1] * n, "good": [True] * n}
    )
    write_dataset(out / "ratings", RATINGS, rows, parents={"words": made.logical_hash})
    return out
