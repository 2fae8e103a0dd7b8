from __future__ import annotations

import pyarrow as pa
import pytest

from measurand.errors import SchemaError
from schemas.personality.tables import PROMPTS, RESPONSES, SCALES


def test_a_response_repeats_what_was_asked() -> None:
    asked = {c.name for c in PROMPTS.columns} - {"preamble", "prompt"}
    assert asked <= {c.name for c in RESPONSES.columns}


def test_rules_are_enforced() -> None:
    good = {
        "scale_id": "a.X",
        "instrument_id": "a",
        "name": "X",
        "domain": "EXT",
        "n_items": 1,
        "n_reversed": 0,
        "expected_signs": [0, 0, 0, 0, 0],
        "administered": True,
        "reason": None,
    }
    SCALES.validate(pa.Table.from_pylist([good], schema=SCALES.schema()))
    bad = good | {"domain": "XXX"}
    with pytest.raises(SchemaError, match="domain"):
        SCALES.validate(pa.Table.from_pylist([bad], schema=SCALES.schema()))
