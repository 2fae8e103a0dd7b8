from __future__ import annotations

from toy_scores import item_rows

from measurand.analysis.understood import document, record


def test_what_was_read_is_told_without_a_figure() -> None:
    rows = item_rows()
    found = record(rows)
    assert found["first"][0]["item_id"] == "item000"
    assert found["notes"] == list(rows.notes)
    made = document(rows)
    assert "240 item rows; nothing was computed" in made.subtitle
    captions = [b.caption for b in made.sections[0].blocks if hasattr(b, "caption")]
    assert captions == ["Files read", "What the rows hold", "First item rows"]
