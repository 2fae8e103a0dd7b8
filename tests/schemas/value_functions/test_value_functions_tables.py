from __future__ import annotations

import pytest

from measurand.tables import Table
from schemas.value_functions import tables

DECLARED = [table for table in vars(tables).values() if isinstance(table, Table)]


@pytest.mark.parametrize("table", DECLARED, ids=lambda table: table.name)
def test_tables_survive_their_schema(table: Table) -> None:
    assert Table.from_schema(table.schema()) == table
    assert table.doc.endswith(".")
