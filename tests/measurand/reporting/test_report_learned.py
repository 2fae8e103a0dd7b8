"""A part that learned nothing is named."""

from __future__ import annotations

from measurand.reporting.learned import learned


def test_parts_that_are_no_better_than_the_reference_are_named() -> None:
    parts = {
        "good": (0.5, 1.0),
        "same": (1.0, 1.0),
        "worse": (2.0, 1.0),
        "broken": (float("nan"), 1.0),
        "unseen": (None, 1.0),
    }
    words = learned("Loss", "a constant", parts)
    assert words.startswith("Loss against a constant: 1 of 5 learned.")
    named = "same (1 against 1), worse (2 against 1), broken (nan against 1)"
    assert f"**Learned nothing of their own training data: {named}.**" in words
    assert words.endswith("Not known: unseen.")


def test_where_all_learned_nothing_else_is_said() -> None:
    assert learned("Loss", "the first", {"a": (1.0, 2.0)}) == (
        "Loss against the first: 1 of 1 learned."
    )
    assert learned("Loss", "the first", {}) == ""
