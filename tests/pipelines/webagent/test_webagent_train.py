from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.webagent import train
from schemas.webagent.params import Params


def test_models_and_the_tables_of_their_trainings(planners: tuple[Path, Params]) -> None:
    folder, _ = planners
    names = ("html_t5", "tuned", "scratch")
    files = [f"{name}{end}.safetensors" for name in names for end in ("", ".optimizer")]
    assert sorted(p.name for p in (folder / "checkpoint").iterdir()) == sorted(
        [*files, "pretraining", "speed", "finetuning", "planners"]
    )


def test_planners_are_left_out_without_experience_and_that_is_said(
    planners: tuple[Path, Params], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, params = planners
    data = tmp_path / "dataset"
    data.mkdir()
    for table in ("examples", "tokenizer"):
        (data / table).symlink_to(folder / "dataset" / table)
    train.train(params, data, tmp_path / "out", journal=tmp_path / "j")
    assert "planners are left out" in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "html_t5.optimizer.safetensors", "html_t5.safetensors", "pretraining", "speed",
    ]  # fmt: skip


def test_nothing_is_trained_where_nothing_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train.train(Params(), tmp_path, tmp_path, journal=tmp_path / "j")
    assert "nothing to train" in capsys.readouterr().out
    said = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert said == {"system": "webagent", "trained": False}
