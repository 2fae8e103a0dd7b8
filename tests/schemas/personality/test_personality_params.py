from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from measurand.errors import ParamsError
from measurand.params import read as read_params
from schemas.personality.params import Params

ROOT = Path(__file__).parents[3]
PRESETS = sorted((ROOT / "params/presets/personality").glob("*.yaml"))


def tiny() -> dict[str, Any]:
    raw = yaml.safe_load((ROOT / "params/presets/personality/tiny.yaml").read_text())
    assert isinstance(raw, dict)
    return raw


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_presets_are_valid(path: Path) -> None:
    assert isinstance(read_params(path, Params), Params)


def test_presets_are_those_promised() -> None:
    assert [p.stem for p in PRESETS] == ["cpu", "full", "tiny"]


def test_full_is_the_protocol_of_the_paper() -> None:
    build = read_params(ROOT / "params/presets/personality/full.yaml", Params).build
    v = build.validity
    assert (v.n_bios, len(v.instructions), len(v.postambles)) == (50, 5, 5)
    assert build.single is not None
    assert build.concurrent is not None
    assert (len(build.single.traits), build.single.levels) == (5, tuple(range(1, 10)))
    assert (build.concurrent.levels, build.concurrent.design) == ((1, 9), "full")
    assert build.single.n_bios == build.concurrent.n_bios == 50
    assert {build.single.instruction, build.concurrent.instruction} == {"ev2"}
    assert {build.single.postamble, build.concurrent.postamble} == {0}


@pytest.mark.parametrize(
    ("section", "key", "value", "named"),
    [
        (("build",), "colour", 1, "build.colour"),
        (("build", "validity"), "n_bios", 51, "build.validity.n_bios"),
        (("build", "validity"), "n_bios", 0, "build.validity.n_bios"),
        (("build", "validity"), "postambles", [4], "build.validity.postambles"),
        (("build", "validity"), "instructions", ["ev2", "ev2"], "same value twice"),
        (("build", "validity"), "second_form", "bfi_2", "'bfi_2' is not among"),
        (("build", "validity"), "second_form", "ipip_50", "are the same"),
        (("build", "single"), "levels", [0, 9], "build.single.levels"),
        (("build", "single"), "levels", [9], "build.single.levels"),
        (("build", "concurrent"), "levels", [9, 1], "a low one, then a high one"),
        (("build", "concurrent"), "design", "third", "build.concurrent.design"),
        (("build", "reversed_options"), "n_bios", 11, "validity twin"),
        (("build", "reversed_options"), "postamble", 3, "validity twin"),
        (("evaluate",), "scoring_mode", "guess", "evaluate.scoring_mode"),
        (("evaluate",), "batch_size", 0, "evaluate.batch_size"),
        (("evaluate",), "models", [], "evaluate.models"),
        (("report",), "reliability_bands", [[0.5, "a"], [0.1, "b"]], "bounds must ascend"),
    ],
)
def test_bad_parameters_are_named(
    tmp_path: Path, section: tuple[str, ...], key: str, value: object, named: str
) -> None:
    raw = tiny()
    part = raw
    for name in section:
        part = part[name]
    part[key] = value
    path = tmp_path / "p.yaml"
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(ParamsError) as caught:
        read_params(path, Params)
    assert named in str(caught.value)
    assert caught.value.hint


def test_a_model_is_asked_only_what_is_built(tmp_path: Path) -> None:
    raw = tiny()
    raw["build"]["concurrent"] = None
    path = tmp_path / "p.yaml"
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(ParamsError, match="'concurrent' is not built"):
        read_params(path, Params)
    raw["evaluate"]["models"] = [
        {"model": "m", "experiments": ["validity"], "instruments": ["bfas"]}
    ]
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(ParamsError, match=r"instruments \['bfas'\] are not built"):
        read_params(path, Params)


def test_parameters_are_frozen() -> None:
    params = Params.model_validate(tiny())
    with pytest.raises(ValidationError, match="frozen"):
        params.build.seed = 1  # type: ignore[misc]
