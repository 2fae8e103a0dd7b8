from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from value_functions_small import BREAKOUT, CHAIN, DIGITS, small, table

from measurand.errors import InputError
from pipelines.value_functions import material

RUN = [{"id": "chain", "source": "chain", "steps": 1}]


@pytest.mark.integration
def test_a_table_is_standardised_by_its_training_rows(built: Path) -> None:
    params = small([CHAIN, table(built / "mine.csv")], RUN)
    found = material.load(params, "mine", built / "dataset")
    assert isinstance(found, material.Given)
    seen = found.x[found.split == "train"]
    np.testing.assert_allclose(seen.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(seen.std(0), 1, atol=1e-6)
    assert len(set(found.cluster)) == 24
    assert not found.choice


def test_transitions(built: Path) -> None:
    params = small([CHAIN, BREAKOUT], RUN)
    found = material.load(params, "chain", built / "dataset")
    assert isinstance(found, material.Replay)
    assert found.state.shape == (10, 5)
    assert found.reward.sum() == 1
    assert found.ended.sum() == 1
    game = material.load(params, "breakout", built / "dataset")
    assert isinstance(game, material.Replay)
    assert game.actions == ("n", "l", "r")
    assert game.state.shape[1] == 400


def test_what_was_not_built_is_named(built: Path) -> None:
    params = small([{**CHAIN, "id": "other"}], [{**RUN[0], "source": "other"}])
    with pytest.raises(InputError, match="other was not built"):
        material.load(params, "other", built / "dataset")


def test_a_column_without_variation_is_left_at_zero(built: Path) -> None:
    params = small([CHAIN, DIGITS], RUN)
    found = material.load(params, "digits", built / "dataset")
    assert isinstance(found, material.Given)
    assert found.x.min() == 0
    assert found.x.max() == 1
    assert np.isnan(found.y).all()
