from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from value_functions_small import HAS_CHESS, NO_CHESS

from measurand.errors import CapabilityError, InfraError
from pipelines.value_functions import engine
from pipelines.value_functions.engine import SCALE, Engine, Value, locate

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"


def test_win_probability() -> None:
    assert Value(0, None).win_probability() == 0.5
    assert Value(None, 3).win_probability() == 1
    assert Value(None, -1).win_probability() == 0
    # After a mating move the loser is to move and is mated in 0.
    assert Value(None, 0).win_probability() == 0
    assert Value(100, None).win_probability() == pytest.approx(1 / (1 + math.exp(-100 * SCALE)))


def test_a_machine_without_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PLACES", ("/nowhere/stockfish",))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CapabilityError, match="not installed") as caught:
        locate()
    assert "apt-get install stockfish" in caught.value.hint
    assert caught.value.code == "no_stockfish"


def test_an_engine_that_ends_or_does_not_start_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "engine"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(InfraError, match="ended"):
        Engine(broken)
    with pytest.raises(InfraError, match="does not start"):
        Engine(tmp_path / "none")


def test_an_engine_that_is_silent_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SECONDS", 0.2)
    mute = tmp_path / "engine"
    mute.write_text("#!/bin/sh\nexec sleep 20\n")
    mute.chmod(0o755)
    with pytest.raises(InfraError, match="silent"):
        Engine(mute)


@pytest.mark.skipif(not HAS_CHESS, reason=NO_CHESS)
def test_a_value_does_not_depend_on_what_was_asked_before() -> None:
    own = Engine(locate())
    fens = [START.replace(" w ", f" {side} ") for side in "wb"]
    fens += ["8/8/8/4k3/8/8/4P3/4K3 w - - 0 1", "4k3/8/8/8/8/8/4P3/4K3 b - - 0 1"]

    def value(fen: str) -> Value | None:
        own.fresh()
        return own.search(fen, 200)[1]

    first = {fen: value(fen) for fen in fens}
    order = fens * 5
    random.Random(1).shuffle(order)
    assert all(value(fen) == first[fen] for fen in order)
    assert own.name.startswith("Stockfish")
    assert own.identity().startswith(own.name)
    own.close()
