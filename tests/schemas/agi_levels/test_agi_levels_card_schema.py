from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from schemas.agi_levels.card import FILE, Placed, schema_text


def placed(**given: Any) -> dict[str, Any]:
    return {
        "model": "m", "task": "t", "norm": "n", "group": "g", "kind": "raw", "people": 400,
        "score": 1.0, "percentile": 1.0, "interval": [0.99, 1.0], "reaches": {"2": 1.0},
        "level": 4, "possible_level": 4, "flags": [], "method": "m", "statement": "s", **given,
    }  # fmt: skip


def test_the_published_schema_is_that_of_the_model() -> None:
    """Where it is not: write ``schema_text()`` into the file."""
    assert FILE.read_text(encoding="utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


def test_superhuman_needs_its_reason_in_model_and_schema() -> None:
    whole = json.loads(schema_text())
    schema = {**whole["$defs"]["Placed"], "$defs": whole["$defs"]}
    for level, basis, good in ((4, None, True), (5, None, False), (5, "exact solver", True)):
        row = placed(level=level, superhuman_basis=basis)
        assert jsonschema.Draft202012Validator(schema).is_valid(row) is good
        if good:
            assert Placed.model_validate(row).level == level
        else:
            with pytest.raises(ValidationError, match="superhuman_basis"):
                Placed.model_validate(row)


@pytest.mark.parametrize("kind", ["mean_only", "time", "relative", None])
def test_other_kinds_carry_no_level(kind: str | None) -> None:
    with pytest.raises(ValidationError, match="carries no level"):
        Placed.model_validate(placed(kind=kind))
