from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.many_shot import layout, reader
from schemas.many_shot.params import Layout

PLAIN = Layout(question="Q", answer="A", answer_cue="So")
FULL = Layout(question="Review", answer="Label", preface="Rate the reviews.")
WORDS = st.text("abc de.,", min_size=1, max_size=12).map(str.strip).filter(bool)
PAIRS = st.lists(st.tuples(WORDS, WORDS), max_size=6)
LAYOUTS = st.sampled_from([PLAIN, FULL])


def test_the_parts_of_a_prompt() -> None:
    assert layout.query(PLAIN, "1 + 1?") == "Q: 1 + 1?\nA:"
    assert layout.shot(PLAIN, "1 + 1?", "2") == "Q: 1 + 1?\nA: 2"
    assert layout.shot(PLAIN, "1 + 1?", "2", "Add.") == "Q: 1 + 1?\nA: Add. So 2"
    assert layout.prefix(PLAIN, [], "supervised") == ""
    assert layout.prefix(FULL, [], "supervised") == "Rate the reviews."
    assert layout.join("", "Q: x\nA:") == "Q: x\nA:"


def test_an_unsupervised_prompt_says_what_comes_and_what_to_do() -> None:
    text = layout.prefix(PLAIN, [layout.bare(PLAIN, "x")], "unsupervised", ["Q: d\nA: 1"])
    assert text.split("\n\n") == [
        PLAIN.unsupervised_intro,
        "Q: x",
        PLAIN.unsupervised_outro,
        "Q: d\nA: 1",
    ]
    assert layout.prefix(PLAIN, [], "unsupervised", ["Q: d\nA: 1"]) == "Q: d\nA: 1"


@given(LAYOUTS, PAIRS, st.sampled_from(["supervised", "unsupervised"]))
def test_starts_point_at_the_shots(own: Layout, pairs: list[tuple[str, str]], regime: str) -> None:
    shown = [
        layout.bare(own, q) if regime == "unsupervised" else layout.shot(own, q, a)
        for q, a in pairs
    ]
    text = layout.prefix(own, shown, regime, [layout.shot(own, "d", "e")])
    starts = layout.starts(own, shown, regime)
    assert [text[at : at + len(shot)] for at, shot in zip(starts, shown, strict=True)] == shown


@given(LAYOUTS, PAIRS, WORDS)
def test_nothing_ends_in_a_space_and_the_reader_takes_it_apart(
    own: Layout, pairs: list[tuple[str, str]], question: str
) -> None:
    before = layout.prefix(own, [layout.shot(own, q, a) for q, a in pairs], "supervised")
    prompt = layout.join(before, layout.query(own, question))
    assert before == before.rstrip()
    assert prompt == prompt.rstrip()
    assert layout.answer_text(own, "x").startswith(" ")
    rest, asked = reader.split_question(prompt, own)
    assert asked == question
    assert [tuple(s) for s in reader.shots(rest, own, False)] == pairs


@given(PAIRS, WORDS)
def test_solutions_are_read_back_as_answers(pairs: list[tuple[str, str]], solution: str) -> None:
    shown = [layout.shot(PLAIN, q, a, solution) for q, a in pairs]
    before = layout.prefix(PLAIN, shown, "reinforced")
    rest, _ = reader.split_question(layout.join(before, layout.query(PLAIN, "x")), PLAIN)
    assert [tuple(s) for s in reader.shots(rest, PLAIN, True)] == pairs
