from __future__ import annotations

from xml.etree import ElementTree

import pytest

from measurand.reporting.document import Figure
from measurand.reporting.figures import bars, draw, twin


def row(estimate: float | None, half: float = 0.1, expected: int | None = 1) -> dict[str, object]:
    ends = (None, None) if estimate is None else (estimate - half, estimate + half)
    return {"label": "PA", "estimate": estimate, "lower": ends[0], "upper": ends[1],
            "expected": expected, "anchors": {"people": 0.58}}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (row(0.5), "filled"),
        (row(0.05), "hollow"),
        (row(-0.5), "dashed"),
        (row(-0.5, expected=-1), "filled"),
        (row(-0.05, expected=-1), "hollow"),
        (row(0.5, expected=-1), "dashed"),
        (row(0.0), "hollow"),
        (row(-0.05), "hollow"),
        ({**row(-0.5), "n": 3}, "hollow"),
        (row(0.5, expected=None), "free"),
        (row(None), "free"),
        ({"label": "x", "estimate": 0.5, "expected": 1}, "hollow"),
    ],
)
def test_a_sign_is_confirmed_only_by_the_whole_interval(
    given: dict[str, object], kind: str
) -> None:
    assert bars.outcome(given) == kind


def test_bars_start_at_zero_and_anchors_stand_at_their_value() -> None:
    data = {"rows": [row(0.5), row(-0.25, expected=-1)], "axis": "r"}
    svg = ElementTree.fromstring(draw(Figure("bars", "t", "d", data), "u"))
    (zero,) = [n for n in svg.iter("line") if n.get("class") == "zero"]
    drawn = [n for n in svg.iter("rect") if (n.get("class") or "").startswith("bar")][1:]
    right, left = (
        (float(n.get("x", "")), float(n.get("x", "")) + float(n.get("width", ""))) for n in drawn
    )
    origin = float(zero.get("x1", ""))
    assert right[0] == pytest.approx(origin, abs=0.02)
    assert left[1] == pytest.approx(origin, abs=0.02)
    assert right[1] - right[0] == pytest.approx(2 * (left[1] - left[0]), abs=0.05)
    assert len([n for n in svg.iter("path") if "anchor" in (n.get("class") or "")]) == 3


def test_the_twin_says_what_was_expected_and_found() -> None:
    table = twin(Figure("bars", "t", "d", {"rows": [row(0.5), row(None)], "axis": "r"}))
    assert list(table.columns) == ["row", "r", "expected sign", "found", "people"]
    assert [cells[2:] for cells in table.rows] == [["+", "as expected", 0.58], ["+", "—", 0.58]]
