from __future__ import annotations

from api_inputs import items

import measurand


def test_rows_keep_what_was_understood_and_every_row() -> None:
    rows = measurand.read(items(5))
    assert rows.items.table.num_rows == len(rows.rows()) == 60
    assert rows.rows()[0]["item_id"] == "q0"
    assert rows.to_dict()["account"]["read"][0]["rows"] == 60
    assert rows.to_polars().columns == rows.to_arrow().column_names
