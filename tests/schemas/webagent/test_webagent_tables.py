from __future__ import annotations

import pytest

from measurand.tables import Table
from schemas.webagent import tables

TABLES = [value for value in vars(tables).values() if isinstance(value, Table)]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_tables_are_of_this_system_and_their_keys_are_never_null(table: Table) -> None:
    assert table.name.startswith("webagent.")
    columns = {column.name: column for column in table.columns}
    assert all(not columns[name].nullable for name in table.key)


def test_an_episode_without_a_result_has_no_score() -> None:
    columns = {column.name: column for column in tables.EPISODES.columns}
    assert all(columns[name].nullable for name in ("success", "score", "attributes"))
