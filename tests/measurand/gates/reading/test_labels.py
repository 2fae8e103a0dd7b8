"""Gates on what people would say: the judge's mean corrected by a file of labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gate_evidence import Project, gate, gate_file, rows

from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.gatefile import validate
from measurand.gates.reading.labels import labels_of
from measurand.stats.corrected import corrected_mean


def _world(project: Project, labelled: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    truth = (rng.random(600) < 0.7).astype(float)
    judged = np.where(rng.random(600) < 0.9, truth, 1.0)
    project.items(judged)
    y = np.where(rng.permutation(600) < labelled, truth, np.nan)
    lines = [f"i{i:05d},{v:g}" for i, v in enumerate(y) if not np.isnan(v)]
    (project.root / "labels.csv").write_text("\n".join(["item_id,value", *lines]))
    return judged, y


@pytest.mark.parametrize(
    ("limit", "state"), [(0.5, "pass"), (0.72, "inconclusive"), (0.85, "fail")]
)
def test_the_bound_is_that_of_the_corrected_mean(
    project: Project, limit: float, state: str
) -> None:
    judged, y = _world(project)
    found = project.one(gate(limit=limit, labels="labels.csv", min_n=50))
    expected = corrected_mean(judged, y, confidence=0.9).mean
    assert found.state == state
    assert found.found.estimate == pytest.approx(expected.value)
    assert found.found.lower == pytest.approx(expected.ci_lo)
    assert found.found.upper == pytest.approx(expected.ci_hi)
    assert dict(found.counts)["labels"] == 120
    assert found.found.n == 120
    assert "accuracy as people would score it is" in found.sentence
    assert "120 labelled items" in found.sentence
    # The judge alone would have passed even the highest limit.
    assert judged.mean() > 0.72


def test_p_and_bound_decide_alike(project: Project) -> None:
    judged, y = _world(project)
    bound = corrected_mean(judged, y, confidence=0.9).mean.ci_lo
    assert bound is not None
    for limit, passes in ((bound - 1e-4, True), (bound + 1e-4, False)):
        asked = gate(limit=limit, labels="labels.csv", min_n=50)
        assert (project.one(asked).state == "pass") is passes
    against = gate(test="superiority", baseline={"value": bound}, labels="labels.csv", min_n=50)
    against.pop("limit", None)
    assert project.one(against).found.p == pytest.approx(0.05, abs=1e-6)


def test_too_few_labels_are_too_few_however_many_items_there_are(project: Project) -> None:
    _world(project, labelled=30)
    found = project.one(gate(limit=0.5, labels="labels.csv", min_n=50))
    assert (found.state, found.reason_code) == ("inconclusive", "underpowered")
    assert "30 labelled items" in found.sentence


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "no_file"),
        ("item_id,value\nelsewhere,1\n", "labels_unmatched"),
        ("item_id,value,metric\ni00001,1,a\ni00001,1,b\n", "labels_unmatched"),
        ("item_id,value,model\ni00001,1,x\ni00001,1,y\n", "labels_unmatched"),
        ("question,value\ni00001,1\n", "no_column"),
    ],
)
def test_labels_that_do_not_serve_are_an_error(
    project: Project, text: str | None, code: str
) -> None:
    _world(project)
    if text is None:
        (project.root / "labels.csv").unlink()
    else:
        (project.root / "labels.csv").write_text(text)
    found = project.one(gate(limit=0.5, labels="labels.csv"))
    assert (found.state, found.reason_code) == ("error", code)


@pytest.mark.parametrize(
    "more",
    [
        {"from": "statistics"},
        {"interval": "t"},
        {"sequential": {}},
        {"test": "non_inferiority", "margin": {"abs": 0.1}, "baseline": {"file": "b"}},
        {"test": "exact_equal", "baseline": {"value": 1.0}},
    ],
)
def test_labels_go_with_means_of_items_only(more: dict[str, Any]) -> None:
    asked = gate(labels="labels.csv") | more
    if "baseline" in more:
        asked.pop("limit", None)
    with pytest.raises(Exception, match="labels"):
        validate(gate_file(asked))


def test_raters_of_one_item_count_as_their_mean(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("item_id,repeat,value\na,0,1\na,1,0\nb,0,1\nc,0,\n")
    assert labels_of(file, "accuracy", "m") == {"a": 0.5, "b": 1.0}
    with pytest.raises(EvidenceError, match="no such file"):
        labels_of(tmp_path / "none.csv", "accuracy", "m")
    assert rows([1.0])[0]["item_id"] == "i00000"


def test_labels_of_several_models_are_those_of_the_judged_one(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("item_id,value,model,metric\na,1,m,good\na,0,n,good\nb,0,m,good\nb,1,n,good\n")
    assert labels_of(file, "good", "m") == {"a": 1.0, "b": 0.0}
    assert labels_of(file, "good", "n") == {"a": 0.0, "b": 1.0}
    with pytest.raises(EvidenceError, match="labels of m, n, none of 'o'"):
        labels_of(file, "good", "o")
    # The only metric there is serves a gate on a metric of another name.
    assert labels_of(file, "fine", "m") == {"a": 1.0, "b": 0.0}
