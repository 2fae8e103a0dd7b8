"""Tables of every system: named after it, documented, and the same after a trip through Arrow."""

from __future__ import annotations

import importlib
from itertools import chain
from pathlib import Path

import pytest
import yaml

from measurand.tables import Table

ROOT = Path(__file__).parents[2]
SYSTEMS = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["systems"]
TABLES = {
    system: [
        value
        for value in vars(importlib.import_module(f"schemas.{system}.tables")).values()
        if isinstance(value, Table)
    ]
    for system in SYSTEMS
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_has_tables_of_different_names(system: str) -> None:
    names = [table.name for table in TABLES[system]]
    assert len(names) > 1
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{system}.") for name in names)


@pytest.mark.parametrize("table", chain(*TABLES.values()), ids=lambda table: table.name)
def test_a_table_says_what_it_holds_and_survives_arrow(table: Table) -> None:
    assert table.doc
    assert all(column.doc for column in table.columns)
    schema = table.schema()
    assert schema.names == [column.name for column in table.columns]
    assert set(table.key) <= set(schema.names)
    table.validate(schema.empty_table())
    assert Table.from_schema(schema) == table
