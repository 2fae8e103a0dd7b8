from __future__ import annotations

import pytest

from measurand import runs
from measurand.errors import SchemaError
from schemas.webagent.checks import CHECKS, COUNTED


def test_a_row_a_check_and_no_others() -> None:
    rows = [{"name": name, "count": 0, "of": 3, "detail": None} for name in COUNTED]
    assert CHECKS.validate(runs.table(CHECKS, rows)).num_rows == len(COUNTED)
    with pytest.raises(SchemaError, match="name"):
        CHECKS.validate(runs.table(CHECKS, [{**rows[0], "name": "luck"}]))
