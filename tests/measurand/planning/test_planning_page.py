from __future__ import annotations

from pathlib import Path

import pytest
from plan_inputs import gate_file, pilot

import measurand


def test_the_page_has_the_answer_the_designs_and_the_picture(tmp_path: Path) -> None:
    gates = gate_file(tmp_path)
    found = measurand.plan(gates, pilot(), truth=0.6, budget={"calls": "50"})
    text = found.render("text")
    assert "as the pilot" in text
    assert "budget: " in " ".join(text.split())
    assert "<svg" in found.render("html")
    assert found.plot("curves")


@pytest.mark.parametrize("form", ["text", "md", "html", "json"])
def test_a_plan_that_is_none_says_why(tmp_path: Path, form: str) -> None:
    found = measurand.plan(gate_file(tmp_path), pilot(sds=(0.0, 0.0, 0.0)), truth=0.6)
    assert "do not vary" in found.render(form)
