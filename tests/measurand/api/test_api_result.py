"""Results as values: figures, frames, a few lines, a part of a page."""

from __future__ import annotations

import copy
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from api_inputs import answers, items, taken

import measurand
from measurand.api.result import Figure, figure
from measurand.errors import InputError, MeasurandError


def test_a_figure_is_read_in_a_line() -> None:
    assert repr(Figure(0.5, 0.25, 0.75)) == "0.50 [0.25, 0.75]"
    assert repr(Figure(0.2, -0.0143, 0.4143)) == "0.20 [-0.01, 0.41]"
    assert repr(Figure(1234.5, 1200.0, 1269.0)) == "1234 [1200, 1269]"
    assert repr(Figure(0.5, reason="one cluster")) == "0.5 (no interval: one cluster)"
    assert repr(Figure(None, reason="no rows")) == "undefined (no rows)"
    found = measurand.analyse(items(1)).record["scores"][0]["models"][0]["mean"]
    assert figure(found).estimate == found["value"]
    with pytest.raises(AttributeError):
        figure(found).estimate = 1.0  # type: ignore[misc]


def test_the_record_is_a_copy() -> None:
    found = measurand.analyse(items(1))
    before = copy.deepcopy(found.record)
    found.to_dict()["scores"].clear()
    assert found.record == before


def test_the_main_table_is_a_frame_of_any_kind() -> None:
    found = measurand.analyse(items(1), cluster="passage")
    table = found.to_polars()
    assert table.columns[:3] == ["score", "model", "mean"]
    assert table["model"].to_list() == ["A", "B"]
    assert found.to_pandas()["mean"].tolist() == table["mean"].to_list()
    assert found.to_arrow().num_rows == 2
    scales = measurand.reliability(answers(1), resamples=60)
    assert set(scales.to_polars()["figure"]) >= {"alpha", "lambda6"}


def test_types_of_columns_do_not_hang_on_what_is_undefined(tmp_path: Path) -> None:
    found = measurand.analyse(items(1), cluster="passage").to_polars()
    alone = measurand.analyse({"item_id": ["a"], "value": [1.0]}).to_polars()
    assert alone["clusters"].to_list() == alone["reason"].to_list() == [None]
    assert pl.concat([found, alone]).height == 3
    scales = [measurand.reliability(answers(k), resamples=60).to_arrow() for k in (1, 2)]
    assert scales[0].schema == scales[1].schema
    assert scales[0].schema.field("reason").type == pa.string()
    fine = measurand.Verification({"path": "d", "problems": []})
    assert fine.to_arrow().column_names == ["problem"]
    measurand.items(taken(1)).to_polars().write_parquet(tmp_path / "items.parquet")


def test_a_pair_says_who_is_better() -> None:
    scores = items(3)
    scores["value"] = [0.9 if m == "A" else 0.1 * (k % 3) for k, m in enumerate(scores["model"])]
    [pair] = measurand.analyse(scores).pairs
    assert repr(pair).startswith("A beats B by 0.800 [")
    even = {**scores, "value": [0.1 * (k % 3) for k in range(60)]}
    assert "is not shown to beat" in repr(measurand.analyse(even).pairs[0])


def test_a_notebook_gets_a_part_of_a_page_and_a_terminal_a_few_lines() -> None:
    found = measurand.analyse(items(1))
    html = found._repr_html_()
    assert html.startswith('<div class="measurand-')
    assert "<table>" in html or "<table " in html
    assert "<svg" in html
    assert "<script" not in html
    assert found._repr_markdown_().startswith("#")
    assert len(repr(found).splitlines()) <= 25
    assert "more lines" in repr(found)


def test_pictures_are_found_by_kind() -> None:
    found = measurand.analyse(items(1))
    assert str(found.plot("forest")).startswith("<svg")
    assert found.plot("forest")._repr_svg_() == str(found.plot())
    with pytest.raises(InputError, match="no picture of kind 'pie'") as refused:
        found.plot("pie")
    assert "forest" in refused.value.hint
    with pytest.raises(InputError, match="no picture"):
        measurand.reliability(answers(1), resamples=0).plot()


def test_a_frame_whose_package_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MeasurandError, match="polars") as refused:
        measurand.analyse(items(1)).to_polars()
    assert refused.value.code == "missing_extra"
    assert "pip install polars" in refused.value.hint
