from __future__ import annotations

import io

import numpy as np
import pytest

from measurand.errors import InputError
from pipelines.elastictok import games
from pipelines.elastictok.frames import Frames, Writer
from schemas.elastictok.params import Build

BUILD = Build.model_validate({"sources": [{"folder": "x"}], "size": 16, "fps": 15})
RECIPE = {"game": "pong", "seed": 3, "frames": 48, "skip": 60, "hold": 6}


def play(**changes: object) -> tuple[Frames, bytes]:
    file = io.BytesIO()
    about = games.make({**RECIPE, **changes}, BUILD, Writer(file, 16))
    return about, file.getvalue()


def test_a_seed_says_everything() -> None:
    about, pixels = play()
    assert (about.stride, about.fps, about.width, about.height) == (4, 15.0, 160, 210)
    assert about.index == list(range(0, 48, 4))
    assert play()[1] == pixels
    assert play(seed=4)[1] != pixels
    frames = np.frombuffer(pixels, np.uint8).reshape(12, 16, 16, 3)
    assert frames.std() > 10


def test_a_new_episode_is_a_cut() -> None:
    # A life of this game is over in seconds.
    about, _ = play(game="freeway", frames=0)
    assert about.cuts == []
    about, _ = play(game="bowling", frames=48)
    assert about.cuts == []


def test_roms_are_known_by_their_hash() -> None:
    assert len(games.rom_sha256("pong")) == 64
    with pytest.raises(InputError, match="no game"):
        games.rom_sha256("nim")
