from __future__ import annotations

from typing import Any

from measurand.shortening.page import faults

ITEM: dict[str, Any] = {
    "dead": False, "backwards_p": None, "infit": 1.0, "infit_t": 0.0, "families_p": {},
}  # fmt: skip


def test_an_item_in_order_has_nothing_to_be_said() -> None:
    assert faults(ITEM) == []


def test_every_fault_has_its_words() -> None:
    item = {
        **ITEM, "dead": True, "backwards_p": 0.01, "infit": 1.8, "infit_t": 5.0,
        "families_p": {"a": 0.001, "b": 0.4, "c": None},
    }  # fmt: skip
    told = faults(item)
    assert len(told) == 4
    assert "dead" in told[0]
    assert "infit 1.80" in told[2]
    assert "family a" in told[3]
