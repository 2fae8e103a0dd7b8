from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import measurand
from measurand import pypi
from measurand.interop.eee_samples import VERSION

WHEEL = "every_eval_ever-0.3.0-py3-none-any.whl"
SHA256 = "564b8bc624c1f822f749a769dc69dc058a736e83d920cbeb147c3a30d3152317"
SCORES = {
    "item_id": [f"i{k}" for k in range(6)] * 2,
    "model": ["org/one"] * 6 + ["two"] * 6,
    "metric": ["acc"] * 12,
    "value": [1, 0, 1, 1, 0, 0.5, 0, 0, 1, 1, 0, 1],
}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    measurand.analyse(SCORES, every_eval_ever=tmp_path / "out")
    return tmp_path / "out"


def test_what_was_written_is_read_again(written: Path) -> None:
    again = measurand.analyse(written)
    [score] = [s for s in again.record["scores"] if s["metric"] == "score"]
    before = measurand.analyse(SCORES).record["scores"][0]
    assert [m["mean"]["value"] for m in score["models"]] == pytest.approx(
        [m["mean"]["value"] for m in before["models"]]
    )
    assert score["pairs"][0]["p"] == before["pairs"][0]["p"]


def test_results_say_where_their_samples_lie(written: Path) -> None:
    for file in written.glob("*.json"):
        told = json.loads(file.read_text())["detailed_evaluation_results"]
        lines = (written / told["file_path"]).read_text().splitlines()
        assert len(lines) == told["total_rows"] == 6


def test_an_error_is_no_answer_and_repeats_are_numbered(written: Path) -> None:
    file = next(written.rglob("*_samples.jsonl"))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines += [{**lines[0], "error": "timeout"}, lines[1]]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    table = measurand.read(file).to_arrow()
    rows = [r for r in table.to_pylist() if r["metric"] == "score"]
    assert [r["status"] for r in rows].count("infra_error") == 1
    assert max(r["repeat"] for r in rows) == 1


@pytest.mark.integration
def test_the_formats_own_schemas_accept_them(
    written: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The package needs Python 3.12; its schemas are read out of the wheel."""
    jsonschema = pytest.importorskip("jsonschema")
    folder = tmp_path_factory.mktemp("wheel")
    wheel = pypi.fetch("every-eval-ever", VERSION, WHEEL, SHA256, folder)
    names = ("eval", "instance_level_eval")
    with zipfile.ZipFile(wheel) as archive:
        whole, single = (
            json.loads(archive.read(f"every_eval_ever/schemas/{name}.schema.json"))
            for name in names
        )
    for file in written.glob("*.json"):
        jsonschema.validate(json.loads(file.read_text()), whole)
    for file in written.rglob("*_samples.jsonl"):
        for line in file.read_text().splitlines():
            jsonschema.validate(json.loads(line), single)
