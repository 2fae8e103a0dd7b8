from __future__ import annotations

from measurand.reporting.document import Document, Section, Table, Text
from measurand.reporting.terminal import to_text


def test_columns_are_aligned_and_control_characters_seen() -> None:
    rows = (("a", 1.25), ("longer", {"value": None, "reason": "no rows"}))
    made = Document(
        "Title",
        "about",
        None,
        (Section("Part", (Text("- one\n- \x1b[31mtwo"), Table("Two rows", ("name", "x"), rows))),),
    )
    lines = to_text(made).splitlines()
    assert lines[0] == "Title"
    assert "\x1b" not in to_text(made)
    assert any(line.startswith("  name    ") for line in lines)
    assert any("(a) no rows" in line for line in lines)
