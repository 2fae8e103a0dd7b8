from __future__ import annotations

import re

from hypothesis import example as case
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from report_example import HOSTILE, example

from measurand.reporting.document import Document, Section, Table, Text
from measurand.reporting.markdown import escape, fenced, line, to_markdown
from measurand.reporting.text import one_line

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
MARKUP = st.lists(
    st.sampled_from([*"\\`*_{}[]()<>#+-=.!|~:$&;\"'\t\n 1aé", "<b>", "![x](y)", "\n\n", "---"])
).map("".join)


def inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens if token.type == "inline" for child in token.children or ()]


def shown(tokens: list[Token]) -> str:
    return "".join(
        token.content if token.type == "text" else "\n" if "break" in token.type else ""
        for token in inline(tokens)
    )


@given(MARKUP | st.text())
@case(HOSTILE)
@case("![x](http://127.0.0.1:9/x.png)\n=====\n1. a\n    code")
@case("a | b\n--- | ---\n1 | 2")
def test_foreign_text_is_shown_and_marks_nothing_up(text: str) -> None:
    tokens = PARSER.parse("x" + line(text))
    assert {t.type for t in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert {t.type for t in inline(tokens)} <= {"text", "text_special"}
    # A paragraph loses the space at its end, of whatever kind.
    assert shown(tokens) == ("x" + one_line(text)).rstrip()


@given(MARKUP)
def test_lines_of_foreign_text_start_no_block(text: str) -> None:
    tokens = PARSER.parse(escape(text))
    assert {t.type for t in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert {t.type for t in inline(tokens)} <= {"text", "softbreak", "hardbreak"}


@given(MARKUP, MARKUP)
def test_cells_stay_in_their_table(first: str, second: str) -> None:
    table = Table(first, ("r", second), [(first, second), ("x", None)])
    text = to_markdown(Document("t", "", None, (Section("s", (table,)),)))
    tokens = PARSER.parse(text)
    kinds = [t.type for t in tokens]
    assert kinds.count("table_open") == 1
    assert (kinds.count("th_open"), kinds.count("td_open")) == (2, 4)
    allowed = {"text", "softbreak", "hardbreak", "strong_open", "strong_close"}
    assert {t.type for t in inline(tokens)} <= allowed


@given(MARKUP, MARKUP)
@case("[x]", "http://127.0.0.1:9/")
def test_names_and_values_of_the_provenance_stay_a_list(name: str, value: str) -> None:
    text = to_markdown(Document("t", "", None, (), {"p" + name: value, name or "q": {"r": value}}))
    tokens = PARSER.parse(text + "\n[x]\n")
    assert "link_open" not in {t.type for t in inline(tokens)}
    kinds = {t.type.removesuffix("_open").removesuffix("_close") for t in tokens}
    assert kinds <= {"heading", "inline", "paragraph", "bullet_list", "list_item", "html_block"}
    assert {t.content.strip() for t in tokens if t.type == "html_block"} == {
        "<details><summary>Hashes, versions and parameters</summary>",
        "</details>",
    }


@given(st.text(st.sampled_from("`~ab\n")))
def test_verbatim_text_stays_in_its_fence(text: str) -> None:
    (token,) = PARSER.parse(fenced(text))
    assert token.type == "fence"
    assert token.content == text + "\n"


def test_the_whole_report_reads_in_order_and_repeats() -> None:
    text = to_markdown(example())
    assert text == to_markdown(example())
    heads = re.findall(r"(?m)^#+ (.*)$", text)
    assert heads == ["Personality of SmolLM2-135M-Instruct", "Gates", "Reliability", "Validity",
                     "Shaping", "Instrument", "Methods", "Provenance"]  # fmt: skip
    assert text.index("**Verdict: fail.** Two of eight gates fail") < text.index("## Gates")
    tokens = PARSER.parse(text)
    html = {t.content for t in inline(tokens) if t.type == "html_inline"}
    assert html == {"<br>"}
    folds = [t.content.strip() for t in tokens if t.type == "html_block"]
    assert {fold.partition("<summary>")[0] for fold in folds} == {"<details>", "</details>"}
    assert folds[0] == "<details><summary>✓ 5 gates pass</summary>"
    picture = text.index("**Reliability with 95% intervals**")
    order = [text.index("**Verdict"), text.index("- Four of five scales answer"), picture]
    assert order == sorted(order)
    assert picture < text.index("## Gates") < text.index("## Reliability")
    assert "- ✗ **alpha-openness**: Alpha is below the limit of .70" in text
    assert "| ✗ fail | 0.608 [0.577, 0.637] | 0.70 | 1\u2009250 | 50 |" in text
    assert "(a) all items have zero variance" in text
    assert "No data: not run at the tiny preset" in text


def test_lists_and_paragraphs() -> None:
    blocks = (Text("One.\n\n- a*b*\n- <i>\n\nTwo."),)
    text = to_markdown(Document("t", "", None, (Section("s", blocks),)))
    assert "One.\n\n- a\\*b\\*\n- &lt;i&gt;\n\nTwo." in text
    assert escape("omega_m1 and _x_") == "omega_m1 and \\_x\\_"
