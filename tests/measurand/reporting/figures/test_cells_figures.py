from __future__ import annotations

from measurand.reporting.figures.cells import cell, ends_of, scale_key, short


def test_numbers_are_short() -> None:
    assert [short(v) for v in (0.724, -0.05, 1.0, -1.0, 0.0, -0.001)] == [
        ".72", "−.05", "1.00", "−1.00", ".00", ".00",
    ]  # fmt: skip


def test_a_cell_has_its_number_and_as_much_colour_or_a_dash() -> None:
    found = cell(-0.25, 10, 20, (40, 24), 0.5)
    assert 'class="less"' in found
    assert 'fill-opacity="0.5"' in found
    assert "−.25" in found
    assert "rect" not in cell(None, 10, 20, (40, 24), 1.0)
    assert "—" in cell(None, 10, 20, (40, 24), 1.0)


def test_the_scale_runs_between_its_ends() -> None:
    assert ends_of({"range": "share"}) == (0.0, 1.0)
    assert ends_of({}) == (-1.0, 1.0)
    both, shares = (scale_key(0, 0, 0.5, ends, "r") for ends in ((-1.0, 1.0), (0.0, 1.0)))
    assert both.count('class="less"') == both.count('class="plus"') == 20
    assert "less" not in shares
    assert "−.50" in both
