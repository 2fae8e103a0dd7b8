from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import datasets
import pytest
import yaml

from measurand.api.datasets import refuse_others
from measurand.cli import main
from measurand.errors import InputError
from measurand.publishing.command import main as publish
from measurand.publishing.publication import prepare
from measurand.shards import read_table

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "params", root / "params")
    monkeypatch.chdir(root)
    return root


def test_a_dry_run_lists_everything_and_writes_nothing(
    project: Path, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["personality", "--data", str(dataset), "--to", "hub:me/toy", "--dry-run"]
    assert publish(argv) == 0
    shown = capsys.readouterr().out
    for text in (
        "README.md",
        "data/words/manifest.json",
        "MIT: word list",
        "3 rejected",
        "dry run",
    ):
        assert text in shown
    assert {p.name for p in project.iterdir()} == {"params.yaml", "dvc.yaml", "params"}


def test_a_folder_is_written(project: Path, dataset: Path) -> None:
    assert publish(["personality", "--data", str(dataset), "--to", "out"]) == 0
    assert "# Personality" in (project / "out" / "README.md").read_text()


def test_what_is_missing_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="build the dataset first"):
        publish(["personality", "--to", "out"])
    assert main(["publish", "nosuch", "--to", "out"]) == 3
    assert "unknown system" in capsys.readouterr().err


def personality(raw: dict[str, Any]) -> None:
    raw["build"]["validity"] |= {
        "instruments": ["ipip_50", "mini_ipip", "panas"], "first_form": "ipip_50", "n_bios": 2,
    }  # fmt: skip
    raw["build"]["reversed_options"] = None
    raw["evaluate"]["models"] = [{"model": "synthetic:factor", "experiments": ["validity"]}]


def many_shot(raw: dict[str, Any]) -> None:
    tasks = [t for t in raw["build"]["tasks"] if t["source"]["kind"] in ("linear", "parity")]
    raw["build"] |= {"tasks": tasks, "rationales": None}
    raw["evaluate"]["models"] = [{"model": "oracle:majority"}]


@pytest.mark.integration
@pytest.mark.parametrize("shrink", [personality, many_shot], ids=lambda f: f.__name__)
def test_a_system_is_published_as_it_was_built(project: Path, shrink: Any) -> None:
    name = shrink.__name__
    path = project / "params" / f"{name}.yaml"
    raw = yaml.safe_load(path.read_text())
    shrink(raw)
    path.write_text(yaml.safe_dump(raw))
    assert main(["build", name]) == 0
    assert publish([name, "--to", "out"]) == 0
    for folder in sorted((project / "data" / name / "dataset").iterdir()):
        rows = datasets.load_dataset(
            str(project / "out"), folder.name, split="train", cache_dir=str(project / "cache")
        )
        ours = read_table(folder)
        key = ours.column_names
        assert sorted(rows.to_list(), key=str) == sorted(ours.select(key).to_pylist(), key=str)


def test_tables_of_another_system_are_not_published_with_it(dataset: Path) -> None:
    publication = prepare("toy", dataset, about="Toy", own="MIT", repo=None)
    refuse_others(publication, {"other"})
    with pytest.raises(InputError, match=r"also holds toy\.ratings, toy\.words"):
        refuse_others(publication, {"toy"})
