from __future__ import annotations

import numpy as np
import pytest

from measurand.reporting.render import to_html, to_markdown
from measurand.shortening.matrix import Matrix
from measurand.shortening.page import document, estimates
from measurand.shortening.record import describe, estimated


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    rng = np.random.default_rng(0)
    z = rng.normal(0, 1, (20, 1)) * rng.uniform(0.5, 2, 30) + rng.normal(0, 1, 30)
    x = (rng.random(z.shape) < 1 / (1 + np.exp(-z))) * 1.0
    return Matrix(
        "s", tuple(f"<m{i}>" for i in range(20)), tuple(f"q{j}" for j in range(30)), x, ()
    )


def test_a_record_holds_the_form_and_its_curve(matrix: Matrix) -> None:
    record = describe(matrix, 6, None)
    short = record["short"]
    assert len(short["kept"]) == 6
    widths = [row["width"] for row in short["curve"]]
    assert widths == sorted(widths, reverse=True)
    assert {row["series"] for row in record["information"]} == {"all items", "6 kept"}
    page = to_markdown(document(record))
    assert "6 of 30 items give the whole score" in page
    found = estimated(matrix, record["form"], matrix.items)
    assert len(found["models"]) == 20
    assert "<m0>" not in to_html(estimates(found))


def test_without_a_number_there_is_no_form(matrix: Matrix) -> None:
    record = describe(matrix, None, ["a"] * 10 + ["b"] * 10)
    assert record["short"] is None
    assert set(record["items"][0]["families_p"]) == {"a", "b"}
    assert "Fewer items" not in to_markdown(document(record))
