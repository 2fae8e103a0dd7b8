from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from measurand import pypi
from measurand.analysis.record import analyse
from measurand.interop.every_eval_ever import VERSION, write
from measurand.interop.read import read
from measurand.interop.rows import Wish

WHEEL = "every_eval_ever-0.3.0-py3-none-any.whl"
SHA256 = "564b8bc624c1f822f749a769dc69dc058a736e83d920cbeb147c3a30d3152317"
ROWS = "model,metric,item_id,repeat,value\n" + "".join(
    f"{model},{metric},{i},{repeat},{(i * 7 + repeat + len(model)) % 3 / 2}\n"
    for model in ("org/one", "org/three")
    for metric in ("f1", "acc")
    for i in range(8)
    for repeat in range(2)
)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    (tmp_path / "t.csv").write_text(ROWS + "org/one,lost,1,0,\norg/one,lost,2,0,\n")
    record = analyse(read([tmp_path / "t.csv"], Wish()))
    return write(record, tmp_path / "out")


def test_one_file_a_model_with_its_uncertainty(files: list[Path]) -> None:
    one, three = (json.loads(f.read_text()) for f in files)
    assert (one["model_info"]["id"], three["model_info"]["id"]) == ("org/one", "org/three")
    assert [r["evaluation_name"] for r in one["evaluation_results"]] == ["acc", "f1"]
    details = one["evaluation_results"][0]["score_details"]
    interval = details["uncertainty"]["confidence_interval"]
    assert interval["lower"] < details["score"] < interval["upper"]
    assert details["details"]["repeats"] == "2"


@pytest.mark.integration
def test_the_format_own_schema_accepts_them(
    files: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The package needs Python 3.12; its schema is read out of the wheel."""
    jsonschema = pytest.importorskip("jsonschema")
    folder = tmp_path_factory.mktemp("wheel")
    wheel = pypi.fetch("every-eval-ever", VERSION, WHEEL, SHA256, folder)
    with zipfile.ZipFile(wheel) as archive:
        schema = json.loads(archive.read("every_eval_ever/schemas/eval.schema.json"))
    assert schema["version"] == VERSION
    for file in files:
        jsonschema.validate(json.loads(file.read_text()), schema)
    broken = json.loads(files[0].read_text())
    del broken["model_info"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)
