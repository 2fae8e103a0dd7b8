from __future__ import annotations

import pytest

from measurand.errors import InputError
from measurand.interop.contents import Contents


def test_a_text_under_two_ids_is_two_items_and_stays_so() -> None:
    names = Contents()
    found = [names.name("a" * 64, own, "t") for own in ("1", "2", "1", "2", "3")]
    assert found == ["a" * 16, "a" * 16 + "#2", "a" * 16, "a" * 16 + "#2", "a" * 16 + "#3"]
    assert names.name("b" * 64, "1", "t") == "b" * 16
    assert names.name("a" * 64, "2", "t", "another run") == "a" * 16


def test_an_item_without_content_is_refused() -> None:
    with pytest.raises(InputError, match="item 7") as caught:
        Contents().name(None, "7", "t.csv, row 3")
    assert caught.value.code == "no_content"
