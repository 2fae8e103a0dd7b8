from __future__ import annotations

from measurand.tables import Table
from schemas.webagent import corpus_tables

TABLES = [value for value in vars(corpus_tables).values() if isinstance(value, Table)]


def test_tables_say_what_they_hold_and_survive_arrow() -> None:
    assert len({table.name for table in TABLES}) == len(TABLES) > 6
    for table in TABLES:
        assert all(column.doc for column in table.columns)
        assert Table.from_schema(table.schema()) == table
