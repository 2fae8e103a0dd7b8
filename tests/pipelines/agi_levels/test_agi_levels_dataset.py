from __future__ import annotations

from pathlib import Path

import pytest

from measurand import params as parameters
from measurand import shards
from measurand.errors import InfraError, ParamsError
from measurand.manifest import read_manifest
from pipelines.agi_levels.dataset import build, taxonomy_rows
from schemas.agi_levels.params import Params
from schemas.agi_levels.tables import NORMS, QUESTIONS, TAXONOMY, TEXTS

ROOT = Path(__file__).parents[3]


def small(texts: int) -> Params:
    raw = parameters.read(ROOT / "params/presets/agi_levels/tiny.yaml", Params).model_dump(
        mode="json"
    )
    for part in raw["build"]["rated"]:
        part["texts"] = texts
    return Params.model_validate(raw)


def built(params: Params, out: Path, *argv: str) -> Path:
    try:
        build(params, out, "FnApiRunner", argv)
    except InfraError as error:
        pytest.skip(f"no package index can be reached: {error}")
    return out


@pytest.mark.integration
def test_bytes_are_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    one = built(small(30), tmp_path / "one")
    four = built(small(30), tmp_path / "four", "--direct_num_workers=4")
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(names) > 5
    for name in names:
        assert (one / name).read_bytes() == (four / name).read_bytes(), name


def test_every_text_is_written_or_has_its_reason(tmp_path: Path) -> None:
    out = built(small(30), tmp_path / "dataset")
    manifest = read_manifest(out / "texts")
    assert manifest.rows == 60
    assert manifest.rows_in == manifest.rows + sum(manifest.rejected.values())
    assert set(manifest.rejected) >= {"length", "not_drawn"}
    texts = TEXTS.validate(shards.read_table(out / "texts"))
    questions = QUESTIONS.validate(shards.read_table(out / "questions"))
    assert {len(options) for options in questions["options"].to_pylist()} == {4}
    assert all(len(held) == 3 for held in texts["held"].to_pylist())
    assert NORMS.validate(shards.read_table(out / "norms")).num_rows == 18


def test_more_texts_than_there_are_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="asked for"):
        built(small(9000), tmp_path / "dataset")


def test_questions_are_those_of_the_norm(tmp_path: Path) -> None:
    base = small(30)
    raw = base.model_dump(mode="json")
    raw["build"]["norms"] = ["psych"]
    with pytest.raises(ParamsError, match="other questions than norm students/knowledge"):
        build(Params.model_validate(raw), tmp_path / "dataset", "FnApiRunner")


def test_the_taxonomy_has_both_axes() -> None:
    rows = TAXONOMY.validate(taxonomy_rows()).to_pylist()
    assert len(rows) == 12
    assert [r["cut"] for r in rows if r["axis"] == "performance"] == [
        None,
        0.5,
        0.5,
        0.9,
        0.99,
        None,
    ]
    assert all(r["risks"] for r in rows if r["axis"] == "autonomy")
