from __future__ import annotations

from dataclasses import replace

from report_example import example

from measurand.reporting.document import Document, Figure, Opening
from measurand.reporting.overview import WIDTH, overview


def test_the_order_is_that_of_the_page() -> None:
    text = overview(example())
    order = [
        "Personality of SmolLM2-135M-Instruct",
        "FAIL: Two of eight gates fail",
        "- Four of five scales answer consistently",
        "Reliability with 95% intervals",
        "✗ alpha-openness: Alpha is below the limit",
        "? alpha-extraversion: The bounds hold the limit",
        "✓ 5 gates pass",
    ]
    assert [text.index(words) for words in order] == sorted(text.index(w) for w in order)
    assert max(map(len, text.split("\n"))) <= WIDTH


def test_the_picture_is_told_in_figures() -> None:
    text = overview(example())
    assert "  Extraversion       alpha         0.716 [0.694, 0.736]" in text
    assert "… and 8 more rows in the report" in text
    nothing = Figure("forest", "Reversal", "d", {"reason": "not run"})
    told = overview(replace(example(), opening=Opening(("One.",), nothing)))
    assert "Reversal: no data, not run" in told


def test_gates_of_one_cause_are_one_line() -> None:
    gates = [
        {"id": "reliable", "state": "fail", "slice": f"scale={scale}", "metric": "alpha",
         "estimate": None, "detail": "24 of 24 items never vary"}
        for scale in ("EXT", "AGR")
    ]  # fmt: skip
    text = overview(Document("t", "s", {"state": "fail", "sentence": "x", "gates": gates}, ()))
    assert text.endswith(
        "Gates\n  ✗ 2 gates fail for one cause: 24 of 24 items never vary (reliable: EXT, AGR)"
    )


def test_without_an_opening_the_first_table_speaks() -> None:
    text = overview(replace(example(), verdict=None, opening=None))
    assert "NO VERDICT: No gate was run" in text
    assert "Extraversion" in text
    assert "0.716 [0.694, 0.736]" in text


def test_nothing_reaches_the_terminal_that_could_steer_it() -> None:
    evil = "\x1b]0;owned\x07\x9b31m\r\nnext"
    gates = [{"id": evil, "state": "fail", "slice": evil, "detail": evil}]
    picture = Figure("forest", evil, evil, {"rows": [{"label": evil, "estimate": 0.5}]})
    verdict = {"state": "fail", "sentence": evil, "gates": gates}
    text = overview(Document(evil, evil, verdict, (), {}, Opening((evil,), picture)))
    assert not set(text) & {"\x1b", "\x07", "\x9b", "\r"}
    assert "next" not in text.split("\n")


def test_what_a_run_saved_stands_below_the_verdict() -> None:
    verdict = {"state": "pass", "sentence": "Pass: x.", "sequence": {"sentence": "sequential: 3."}}
    lines = overview(Document("t", "s", verdict, ())).splitlines()
    assert lines[lines.index("PASS: X.") + 2] == "Sequential: 3."
    plain = overview(Document("t", "s", {**verdict, "sequence": None}, ()))
    assert "equential" not in plain
