from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from schemas.driving_sim.params import (
    BEHIND,
    DT,
    PATH_POINTS,
    SPACING,
    STEPS,
    T0,
    Params,
)

ROOT = Path(__file__).parents[3]
PRESETS = sorted((ROOT / "params" / "presets" / "driving_sim").glob("*.yaml"))


def test_a_drive_is_eight_seconds_and_fits_its_path() -> None:
    seconds = (STEPS - 1 - T0) * DT
    assert seconds == pytest.approx(8)
    assert seconds * 20 <= (PATH_POINTS - 1) * SPACING - BEHIND


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_presets_are_valid_and_train_a_control(path: Path) -> None:
    params = Params.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    models = params.train.imitation.models
    assert any(m.shuffled for m in models)
    assert {m.route for m in models} == {True, False}
    assert params.train.reinforcement is not None
    assert {m.others for m in params.train.reinforcement.models} == {"playback", "idm"}


@pytest.mark.parametrize(
    ("evaluate", "why"),
    [
        ({"swapped": ["bc_none"]}, "bc_none is no imitator that is told a route"),
        ({"swapped": ["ppo_idm"]}, "ppo_idm is no imitator"),
        ({"worlds": ["idm", "idm"]}, "a world twice"),
    ],
)
def test_what_does_not_fit_is_named(evaluate: dict[str, object], why: str) -> None:
    given = yaml.safe_load(PRESETS[-1].read_text(encoding="utf-8"))
    with pytest.raises(ValidationError, match=why):
        Params.model_validate({**given, "evaluate": evaluate})


def test_a_name_twice_is_refused() -> None:
    given = yaml.safe_load(PRESETS[-1].read_text(encoding="utf-8"))
    given["train"]["imitation"]["models"].append({"name": "brake"})
    with pytest.raises(ValidationError, match="a name twice, or that of a rule"):
        Params.model_validate(given)
