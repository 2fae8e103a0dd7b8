from __future__ import annotations

from pathlib import Path

import pytest

from measurand.errors import ParamsError
from measurand.params import Strict, read


class Example(Strict):
    size: int
    names: tuple[str, ...] = ()


def write(folder: Path, text: str) -> Path:
    path = folder / "p.yaml"
    path.write_text(text)
    return path


def test_a_file_becomes_a_frozen_model(tmp_path: Path) -> None:
    found = read(write(tmp_path, "size: 3\nnames: [a, b]\n"), Example)
    assert found == Example(size=3, names=("a", "b"))
    with pytest.raises(ValueError, match="frozen"):
        found.size = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("size: 3\nsiez: 4\n", "siez"),
        ("names: [a]\n", "size"),
        ("size: many\n", "size"),
        ("size: [\n", "not YAML"),
        ("", "file"),
        ("- 1\n", "file"),
    ],
)
def test_a_fault_names_its_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ParamsError, match=named):
        read(write(tmp_path, text), Example)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="no such parameter file"):
        read(tmp_path / "none.yaml", Example)
