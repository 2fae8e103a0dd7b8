from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.many_shot import layout, reader
from pipelines.many_shot.reader import Shot, Undefined
from schemas.many_shot.params import Layout

LAYOUT = Layout(preface="Read the reviews.", question="Review", answer="Sentiment")

# Lines that could be taken for structure: blank ones, and others' fields.
_lines = st.sampled_from(["", "a b", "Question: no", "12, 13", "The end is", "Answer", "Review"])
texts = st.lists(_lines, min_size=1, max_size=4).map("\n".join).map(str.strip).filter(bool)
words = st.text("ABC xyz", min_size=1).map(str.strip).filter(bool)


@given(st.lists(st.tuples(texts, words), max_size=4), texts)
def test_reading_is_the_inverse_of_the_layout(
    examples: list[tuple[str, str]], question: str
) -> None:
    shown = [layout.shot(LAYOUT, text, answer) for text, answer in examples]
    prompt = layout.join(layout.prefix(LAYOUT, shown, "supervised"), layout.query(LAYOUT, question))
    prefix, found = reader.split_question(prompt, LAYOUT)
    assert found == question
    assert reader.shots(prefix, LAYOUT, False) == tuple(Shot(*e) for e in examples)


@given(st.lists(st.tuples(texts, words, words), max_size=3), texts)
def test_answers_behind_solutions_are_found(
    examples: list[tuple[str, str, str]], question: str
) -> None:
    shown = [layout.shot(LAYOUT, text, answer, why) for text, answer, why in examples]
    prompt = layout.join(layout.prefix(LAYOUT, shown, "supervised"), layout.query(LAYOUT, question))
    prefix, _ = reader.split_question(prompt, LAYOUT)
    assert reader.shots(prefix, LAYOUT, True) == tuple(Shot(q, a) for q, a, _ in examples)


def test_of_an_unsupervised_prompt_only_demonstrations_are_solved() -> None:
    before = layout.prefix(
        LAYOUT,
        [layout.bare(LAYOUT, "one"), layout.bare(LAYOUT, "two")],
        "unsupervised",
        [layout.shot(LAYOUT, "three", "good")],
    )
    prefix, question = reader.split_question(
        layout.join(before, layout.query(LAYOUT, "four")), LAYOUT
    )
    assert reader.shots(prefix, LAYOUT, False) == (Shot("three", "good"),)
    assert question == "four"


@pytest.mark.parametrize("prompt", ["", "Review: no cue", "no field\nSentiment:"])
def test_a_text_that_asks_nothing_is_refused(prompt: str) -> None:
    with pytest.raises(Undefined, match="does not end with"):
        reader.split_question(prompt, LAYOUT)
