from __future__ import annotations

from pipelines.agi_levels.rated import draw
from schemas.agi_levels.params import Rated

PART = Rated(corpus="film", texts=10, what="sentence", words=(2, 5))
TEXTS = {f"k{i:02d}": f"text number {i}" for i in range(14)}
RATINGS = {key: [float(r % 9 - 4) for r in range(i, i + 12)] for i, key in enumerate(TEXTS)}


def test_every_rating_is_in_the_norm_or_kept_apart() -> None:
    rows, rejected = draw(PART, TEXTS, RATINGS, 3, 1)
    assert len(rows) == 10
    assert [reason for _, reason, _ in rejected] == ["not_drawn"] * 4
    for row in rows:
        assert sorted(row["ratings"] + row["held"]) == sorted(RATINGS[row["text_id"][5:]])
        assert len(row["held"]) == 3
    assert draw(PART, TEXTS, RATINGS, 3, 1)[0] == rows
    assert draw(PART, TEXTS, RATINGS, 3, 2)[0] != rows


def test_what_is_left_out_has_its_reason() -> None:
    texts = {**TEXTS, "a": "one", "b": "text  number 3", "c": "text number few"}
    ratings = {**RATINGS, "a": RATINGS["k00"], "b": RATINGS["k00"], "c": [1.0] * 10}
    _, rejected = draw(PART, texts, ratings, 3, 1)
    reasons = {key: reason for key, reason, _ in rejected}
    assert reasons["film|a"] == "length"
    assert reasons["film|c"] == "few_ratings"
    assert "duplicate_text" in reasons.values()
