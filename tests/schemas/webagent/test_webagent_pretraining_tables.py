from __future__ import annotations

import pytest

from measurand.tables import Table
from schemas.webagent.pretraining_tables import PRETRAINING, PROBES, SPEED


@pytest.mark.parametrize("table", [PRETRAINING, PROBES, SPEED])
def test_a_table_says_what_it_holds_and_survives_arrow(table: Table) -> None:
    assert all(column.doc for column in table.columns)
    assert Table.from_schema(table.schema()) == table
    assert table.name.startswith("webagent.")
