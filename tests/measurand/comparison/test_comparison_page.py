from __future__ import annotations

from typing import Any

import pytest
from toy_sides import items, sides, statistics

from measurand.comparison.page import LIMIT, _list, document, finding, markdown
from measurand.comparison.record import compare
from measurand.comparison.sides import Side
from measurand.reporting.document import from_json, to_json
from measurand.reporting.render import to_html


def test_what_changed_comes_first_then_what_could_have_been_seen() -> None:
    made = document(compare(*sides(shift=20)))
    titles = [s.title for s in made.sections]
    assert titles[0] == "In short"
    assert "What this sample could have seen" in titles
    assert from_json(to_json(made)) == made
    text = markdown(compare(*sides(shift=20)))
    assert "Metrics: 1 compared, 1 higher in B" in text
    assert "a change of" in text
    assert "four of five" in text
    assert "higher" in to_html(made)


def test_an_equal_run_says_what_it_could_not_have_seen() -> None:
    side = Side("x", items(), statistics())
    text = markdown(compare(side, Side("y", items(0.005), statistics())))
    assert "no change shown" in text or "the same" in text
    assert "all 90 items changed alike" in text or "ruled out" in text


def big(n: int) -> dict[str, Any]:
    record = compare(*sides(shift=20))
    row = record["statistics"][0]
    many = [{**row, "slice": f"k={i}", "metric": "x" * 60, "p_holm": 0.9} for i in range(n)]
    rate = next(r for r in record["statistics"] if r["metric"] == "rate")
    record["statistics"] = [*many, {**rate, "p_holm": 0.001}]
    return record


@pytest.mark.parametrize("n", [10, 400, 5000])
def test_markdown_fits_into_a_comment_and_keeps_findings(n: int) -> None:
    text = markdown(big(n))
    assert len(text) <= LIMIT
    assert "rate" in text
    assert ("more rows are not shown, 0 of them with a finding" in text) == (n > 1000)


@pytest.mark.integration
@pytest.mark.parametrize("n", [3, 300, 2000])
def test_many_metrics_fit_and_the_findings_are_kept(n: int) -> None:
    record = compare(*sides(shift=20))
    [found] = record["metrics"]
    assert finding(found) == "higher"
    quiet = [{**found, "metric": f"quiet{i:04d}", "p_holm": 0.9} for i in range(n)]
    record["metrics"] = [*quiet, found]
    record["slices"] = [{**row, "slice": "lang=de"} for row in quiet]
    record["notes"] = [f"note {i}" for i in range(n)]
    text = markdown(record)
    assert len(text) <= LIMIT
    assert "cut off" not in text
    assert "acc" in text
    assert f"{n + 1:,} compared, 1 higher in B" in text
    assert text.count("more are not shown") == (2 if n > 3 else 0)
    # Every section is there, the method to its end.
    assert "two-sided 5%" in text


def test_a_limit_below_one_row_still_holds() -> None:
    assert len(markdown(big(5), limit=500)) <= 500


@pytest.mark.parametrize(
    ("value", "p", "words"),
    [
        (0.1, 0.01, "higher"),
        (-0.1, 0.01, "lower"),
        (0.1, 0.5, "no change shown"),
        (0.0, None, "the same"),
        (2.0, None, "changed, no test"),
        (None, None, "undefined"),
    ],
)
def test_findings_in_words(value: float | None, p: float | None, words: str) -> None:
    assert finding({"difference": {"value": value}, "p_holm": p}) == words


@pytest.mark.parametrize(("most", "shown"), [(3, 3), (5, 5), (9, 5), (None, 5), (0, 0)])
def test_a_long_list_says_how_many_are_left(most: int | None, shown: int) -> None:
    lines = _list([f"- {i}" for i in range(5)], most).splitlines()
    more = [f"- {5 - shown} more are not shown."] if shown < 5 else []
    assert lines == [*(f"- {i}" for i in range(shown)), *more]
