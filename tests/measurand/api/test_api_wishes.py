from __future__ import annotations

import pytest

from measurand.api.wishes import names_of, pairs_of, rows_of, wish
from measurand.dialects import Dialect
from measurand.errors import InputError


def test_pairs_are_a_mapping_or_as_the_command_line_has_them() -> None:
    assert pairs_of({"item_id": "q"}, "map") == pairs_of(["item_id=q"], "map") == {"item_id": "q"}
    assert pairs_of(["a=b=1"], "scale") == {"a=b": "1"}
    assert pairs_of(None, "map") == {}
    assert names_of("em") == ("em",)
    assert names_of(["em", "f1"]) == ("em", "f1")


def test_a_wish_holds_what_was_said() -> None:
    found = wish(cluster="site", scale={"A": 4}, decimal=",", missing_codes=[99])
    assert (found.cluster, found.scale) == ("site", {"A": 4.0})
    assert found.dialect == Dialect(decimal=",", missing=("99",))
    for bad in ({"reruns": "both"}, {"scale": {"A": "x"}}, {"map": {"nothing": "x"}}):
        with pytest.raises(InputError) as refused:
            wish(**bad)
        assert refused.value.code == "bad_argument"


def test_a_frame_is_read_as_its_table() -> None:
    rows = rows_of({"question": ["a", "b"], "right": [True, False]},
                   wish(map={"item_id": "question", "value": "right"}))  # fmt: skip
    assert rows.table.column("value").to_pylist() == [1.0, 0.0]
    assert rows.origin == "plain tables"
