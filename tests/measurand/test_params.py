from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from measurand.errors import ParamsError
from measurand.params import Licence, Stop, Strict, read, read_until


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
        ("size: [\n", "line 2: did not find expected node"),
        ("", "is empty"),
        ("- 1\n", "file"),
    ],
)
def test_a_fault_names_its_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ParamsError, match=named):
        read(write(tmp_path, text), Example)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="no such parameter file"):
        read(tmp_path / "none.yaml", Example)


class Item(Strict):
    kind: Literal["item"] = "item"
    n: int


class Other(Strict):
    kind: Literal["other"] = "other"
    m: int


class Many(Strict):
    items: tuple[Annotated[Item | Other, Field(discriminator="kind")], ...] = Field(min_length=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("items: [{kind: item, n: x}]", "items.0.n: Input should be a valid integer"),
        ("items: [{kind: item}]", "items.0.n: Field required"),
        ("items: [{kind: other, m: 1, n: 2}]", "items.0.n: Extra inputs"),
    ],
)
def test_a_fault_brings_no_faults_that_follow_from_it(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ParamsError) as caught:
        read(path, Many)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert ";" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("items: []\nitems: []\n", "line 2: the key 'items' is given twice"),
        ("<<<<<<< HEAD\n", "line 1: marks of an unfinished merge"),
    ],
)
def test_files_that_are_no_parameters_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ParamsError, match=said):
        read(path, Many)


class Licensed(Strict):
    licence: Licence = "unknown"


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("licence: mit", "mit"),
        ("licence: [mit]", "mit"),
        ("licence: [odbl, cc-by-4.0]", "ODbL-1.0 AND cc-by-4.0"),
        ("{}", "unknown"),
    ],
)
def test_a_list_of_licences_holds_together(tmp_path: Path, text: str, licence: str) -> None:
    assert read(write(tmp_path, text), Licensed).licence == licence


@pytest.mark.parametrize("text", ["licence: []", "licence: [1]", "licence: {a: b}"])
def test_what_is_no_licence_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ParamsError, match="licence"):
        read(write(tmp_path, text), Licensed)


class Staged(Strict):
    evaluate: Example


@pytest.mark.parametrize("until", ["", ", until: null", ", until: {gates: g.yaml, clusters: 3}"])
def test_when_a_run_may_end_is_a_parameter_of_every_system(until: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"evaluate: {{size: 3{until}}}\n")
    assert read(path, Staged) == Staged(evaluate=Example(size=3))
    found = read_until(path)
    assert found == (Stop(gates="g.yaml", clusters=3) if "gates" in until else None)


@pytest.mark.parametrize(
    ("until", "named"),
    [
        ("{clusters: 3}", "evaluate.until.gates"),
        ("{gates: g, cluster: 3}", "until.cluster"),
        ("3", "evaluate.until: "),
    ],
)
def test_a_fault_of_it_names_its_key(until: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=named):
        read_until(write(tmp_path, f"evaluate: {{size: 3, until: {until}}}\n"))
