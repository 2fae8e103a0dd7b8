"""One process against two ranks, on every system that trains; about a minute of two cores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import ranks_predictions
import ranks_small
import yaml
from ranks_small import ROWS, UNEVEN, WHOLE, launched, torchrun

from measurand.training import tensors

pytestmark = pytest.mark.integration
CLOSE = 1e-5
PREDICTED = 3e-5
"""Of predictions, relative and absolute: rounding of all steps comes together in them."""
SCRIPT = ranks_small.__file__


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, toy_model_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("ranks") / "world"
    ranks_small.make(folder, toy_model_folder)
    return folder


@pytest.fixture(scope="module")
def one(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ranks") / "one"
    ranks_small.train(world, out)
    return out


@pytest.fixture(scope="module")
def two(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ranks") / "two"
    ran = launched([SCRIPT, world, out, ",".join((*ROWS, *WHOLE, UNEVEN)), "[]"])
    assert ran.returncode == 0, ran.stderr
    return out


def states(folder: Path) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Weights and rows of every training below a folder, as its last state has them."""
    found = {}
    for path in sorted(folder.rglob("*.safetensors")):
        about = tensors.about(path)
        if about is not None and "steps" in about:
            named = tensors.load(path)[0]
            weights = {k: w for k, w in named.items() if k.startswith("weight.")}
            found[str(path.relative_to(folder))] = weights, about["rows"]
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Checkpoints below a folder; tables with times are left out."""
    some = (p for p in sorted(folder.rglob("*")) if p.suffix in (".safetensors", ".parquet"))
    timed = ("optimizer", "speed", "costs", "planners", "journal")
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in some
        if not any(word in str(p.relative_to(folder)) for word in timed)
    }


@pytest.mark.parametrize("name", ROWS)
def test_ranks_that_divide_rows_have_the_curve_of_one_process(
    one: Path, two: Path, name: str
) -> None:
    expected, found = states(one / name), states(two / name)
    assert list(found) == list(expected)
    for key, (_, rows) in expected.items():
        ours = found[key][1]
        assert [row["step"] for row in ours] == [row["step"] for row in rows]
        for mine, row in zip(ours, rows, strict=True):
            assert mine["loss"] == pytest.approx(row["loss"], rel=CLOSE)
            assert mine.get("tokens", 0) == pytest.approx(row.get("tokens", 0), rel=CLOSE)
    # A training that is not divided would be equal to the bit.
    assert any(
        not weight.equal(found[key][0][k])
        for key, (weights, _) in expected.items()
        for k, weight in weights.items()
    )


@pytest.mark.parametrize("name", WHOLE)
def test_ranks_that_take_whole_trainings_end_in_the_same_bytes(
    one: Path, two: Path, name: str
) -> None:
    expected = files(one / name)
    assert len(expected) >= 3
    assert files(two / name) == expected


@pytest.mark.parametrize("name", [*ROWS, *WHOLE])
def test_checkpoints_predict_what_those_of_one_process_do(
    one: Path, two: Path, world: Path, name: str
) -> None:
    import torch

    expected, found = (
        ranks_predictions.of(name, world, folder / name / "checkpoint") for folder in (one, two)
    )
    assert list(found) == list(expected) != []
    for part, numbers in expected.items():
        assert numbers.numel() > 3
        assert numbers.std() > 0
        torch.testing.assert_close(found[part], numbers, rtol=PREDICTED, atol=PREDICTED)
    equal = [torch.equal(found[part], numbers) for part, numbers in expected.items()]
    # Weights that differ in their last bits say something else in these, or the test sees nothing.
    assert all(equal) if name in WHOLE else not all(equal)


@pytest.mark.timeout(600)
def test_a_killed_rank_is_started_again_and_ends_in_the_same_bytes(
    world: Path, two: Path, tmp_path: Path
) -> None:
    names = ("elastictok", "value_functions")
    # Between saved states, in the second and in the first rank.
    deaths = [(0, 1, "elastictok", 23), (1, 0, "value_functions", 131)]
    ran = torchrun([SCRIPT, world, tmp_path, ",".join(names), json.dumps(deaths)], restarts=2)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("exitcode: -9") == 2
    for name in names:
        assert files(tmp_path / name) == files(two / name)


@pytest.mark.parametrize("ranks", [1, 2])
def test_the_command_trains_and_one_rank_speaks(
    world: Path, one: Path, tmp_path: Path, ranks: int
) -> None:
    """The bytes of a plain process, with one rank and with two."""
    folder = world / "elastictok-models"
    words = ["-m", "measurand", "train", "elastictok", "--params", folder / "params.yaml",
             "--data", folder, "--out", tmp_path / "out", "--journal", tmp_path / "j"]  # fmt: skip
    ran = (launched if ranks == 1 else torchrun)(words, ranks=ranks)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("train elastictok: done in") == 1
    name = "elastic.safetensors"
    expected = (one / "elastictok-models/checkpoint" / name).read_bytes()
    assert (tmp_path / "out" / name).read_bytes() == expected
    assert not list(tmp_path.rglob("*.tmp"))


def test_more_ranks_than_rows_are_refused(world: Path, tmp_path: Path) -> None:
    folder, params = world / "elastictok", tmp_path / "params.yaml"
    given = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    given["train"]["optimiser"]["batch"] = 2
    params.write_text(yaml.safe_dump(given), encoding="utf-8")
    words = ["-m", "measurand", "train", "elastictok", "--params", params,
             "--data", folder, "--out", tmp_path / "out", "--journal", tmp_path / "j"]  # fmt: skip
    ran = launched(words, ranks=3)
    assert ran.returncode != 0
    assert "too_many_ranks: 3 ranks for a batch of 2 rows" in ran.stderr
