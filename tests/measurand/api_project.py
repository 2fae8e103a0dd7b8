"""A project with a system that runs in seconds: its real code, five biographies, no weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def make(root: Path) -> Path:
    """Write the project's files into a new folder."""
    root.mkdir()
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, root / name)
    for name in ("params", "gates"):
        shutil.copytree(ROOT / name, root / name)
    path = root / "params/personality.yaml"
    raw = yaml.safe_load(path.read_text())
    raw["build"]["validity"] |= {
        "instruments": ["ipip_50", "mini_ipip"], "first_form": "ipip_50", "n_bios": 5,
    }  # fmt: skip
    raw["build"]["reversed_options"] = None
    raw["evaluate"]["models"] = [{"model": "synthetic:factor", "experiments": ["validity"]}]
    raw["report"]["resamples"] = 100
    path.write_text(yaml.safe_dump(raw))
    return root


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make(tmp_path / "project")
    monkeypatch.chdir(root)
    return root


def files(folder: Path) -> dict[str, bytes]:
    """Contents by path of all that is no note of one run: who ran it when, how long it took."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "provenance.json" and "costs" not in path.parts
    }
