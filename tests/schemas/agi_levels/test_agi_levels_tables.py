from __future__ import annotations

import pytest

from measurand.errors import SchemaError
from measurand.runs import table
from schemas.agi_levels.norms import Items, MeanOnly, Moments, Percentiles, Raw, Relative, Time
from schemas.agi_levels.tables import KINDS, PLACEMENTS, TEXTS

TEXT = {"text_id": "film|1", "corpus": "film", "what": "sentence", "text": "Fine.",
        "ratings": [1.0, 2.0], "held": [0.0]}  # fmt: skip


def test_every_kind_of_norm_has_its_name() -> None:
    kinds = [
        model.model_fields["kind"].annotation.__args__[0]  # type: ignore[union-attr]
        for model in (Raw, Items, Moments, Percentiles, MeanOnly, Time, Relative)
    ]
    assert set(KINDS) == {*kinds, "ratings"}


def test_ratings_leave_no_scale() -> None:
    assert TEXTS.validate(table(TEXTS, [TEXT])).num_rows == 1
    with pytest.raises(SchemaError, match="ratings"):
        TEXTS.validate(table(TEXTS, [{**TEXT, "ratings": [5.0]}]))


def test_remarks_are_a_closed_list() -> None:
    row = dict.fromkeys((c.name for c in PLACEMENTS.columns), None)
    row |= {"model": "m", "task_id": "t", "norm_id": "n", "flags": ["odd"], "statement": ""}
    with pytest.raises(SchemaError, match="flags"):
        PLACEMENTS.validate(table(PLACEMENTS, [row]))
