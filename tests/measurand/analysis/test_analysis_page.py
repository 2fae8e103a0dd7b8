from __future__ import annotations

from toy_scores import item_rows

from measurand.analysis.page import document, finding
from measurand.analysis.record import analyse
from measurand.interop.rows import ItemRows
from measurand.reporting.document import from_json, to_json
from measurand.reporting.render import to_html, to_markdown
from measurand.reporting.terminal import to_text


def test_findings_come_first_and_every_format_has_them() -> None:
    made = document(analyse(item_rows()))
    assert [s.title for s in made.sections] == [
        "In short",
        "Scores",
        "Models compared",
        "Items",
        "What was read",
        "Method",
    ]
    assert from_json(to_json(made)) == made
    for text in (to_text(made), to_markdown(made), to_html(made)):
        for word in ("high", "is higher", "item001", "agreement of repeats"):
            assert word in text


def test_notes_and_few_clusters_are_said() -> None:
    rows = item_rows(passages=4)
    made = document(analyse(ItemRows(rows.table, rows.origin, ("look out",))))
    assert made.sections[0].title == "Before you read on"
    assert "look out" in to_text(made)
    assert "Fewer than 10 clusters" in to_text(made)


def test_one_model_is_not_compared() -> None:
    made = document(analyse(item_rows(models={"m": 0.5})))
    assert "nothing to compare" in to_text(made)


def test_a_pair_in_words() -> None:
    pair = {"a": "x", "b": "y", "p": 0.04, "p_holm": 0.2, "difference": {"value": 0.1}}
    assert finding(pair) == "not shown"
    assert finding(pair | {"p_holm": 0.01}) == "x is higher"
    assert finding(pair | {"p_holm": 0.01, "difference": {"value": -0.1}}) == "y is higher"
    assert finding(pair | {"p_holm": None}) == "no difference to test"


def test_pairs_that_are_left_out_are_said() -> None:
    models = {f"m{i:02d}": 0.1 + 0.03 * i for i in range(26)}
    record = analyse(item_rows(items=4, repeats=1, passages=4, models=models))
    [score] = record["scores"]
    assert (len(score["pairs"]), score["pairs_left_out"]) == (300, 25)
    assert "25 more pairs of models are left out" in to_text(document(record))
