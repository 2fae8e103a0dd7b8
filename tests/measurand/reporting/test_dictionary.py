from __future__ import annotations

import pyarrow as pa

from measurand.reporting import dictionary
from measurand.reporting.document import Table as Shown
from measurand.results import RESULTS, STATISTICS
from measurand.tables import Column, Table

TOY = Table(
    "toy.items",
    "1.2.0",
    ("item_id",),
    (
        Column("item_id", pa.string(), "the item", unique=True),
        Column("p", pa.float64(), "how likely", "share", nullable=True, minimum=0, maximum=1),
        Column("level", pa.string(), "how hard", enum=("low", "high")),
    ),
    "One row per item.",
)


def test_every_column_stands_with_its_type_unit_rule_and_meaning() -> None:
    found = dictionary.section([TOY])
    [table] = found.blocks
    assert isinstance(table, Shown)
    assert found.intro is not None
    assert "1 tables" in found.intro
    assert [list(row) for row in table.rows] == [
        [{"text": "item_id", "detail": "toy.items"}, "string", "", "no", "key, unique", "the item"],
        [{"text": "p", "detail": "toy.items"}, "double", "share", "yes", ">= 0, <= 1",
         "how likely"],
        [{"text": "level", "detail": "toy.items"}, "string", "", "no", "low / high", "how hard"],
    ]  # fmt: skip


def test_it_says_what_the_markdown_dictionary_says() -> None:
    [table] = dictionary.section([RESULTS, STATISTICS]).blocks
    assert isinstance(table, Shown)
    text = RESULTS.dictionary() + STATISTICS.dictionary()
    for name, dtype, *_, meaning in table.rows:
        assert isinstance(name, dict)
        assert f"| `{name['text']}` | {dtype} |" in text
        assert str(meaning).replace("|", "\\|") in text
