"""What it refuses; the contract test of throw-away systems runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from measurand.commands.replicate import main
from measurand.errors import InputError

ROOT = Path(__file__).parents[3]


def test_what_cannot_be_repeated_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError, match="--trainings 1"):
        main(["elastictok", "--trainings", "1"])
    for system in ("personality", "compwob"):
        with pytest.raises(InputError, match=r"no parameter train\.seed"):
            main([system])


def test_nothing_is_trained_before_it_is_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "params").symlink_to(ROOT / "params")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="elastictok is not built"):
        main(["elastictok"])
