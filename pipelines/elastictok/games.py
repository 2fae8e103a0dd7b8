"""Gameplay of Atari games by a random policy: video with causes, at any length, the same each time.

Bellemare et al. 2013 (arXiv 1207.4708). No sticky actions and one frame an action, so that a seed
says everything; an episode that ends is followed by a new one, which is a cut.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from measurand.errors import InputError
from measurand.manifest import file_sha256
from pipelines.elastictok.frames import Frames, Writer, resized, stride_for
from schemas.elastictok.params import Build

RATE = 60.0
"""Frames a second of the console."""


def rom_sha256(game: str) -> str:
    """Hash of the ROM image that ale-py ships.

    Raises:
        InputError: ale-py is missing or has no such game.
    """
    try:
        from ale_py import roms
    except ImportError as error:
        raise InputError("ale-py is not installed", hint="install the extra video") from error
    if game not in roms.get_all_rom_ids():
        raise InputError(f"ale-py has no game {game}", hint="see ale_py.roms.get_all_rom_ids()")
    return file_sha256(roms.get_rom_path(game))


def make(recipe: dict[str, Any], build: Build, writer: Writer) -> Frames:
    """Play.

    Args:
        recipe: ``game``, ``seed``, ``frames``, ``skip``, ``hold``.
        build: size and rate.
        writer: takes the frames.
    """
    import av
    from ale_py import ALEInterface, LoggerMode, roms

    ALEInterface.setLoggerMode(LoggerMode.Error)
    ale = ALEInterface()
    ale.setInt("random_seed", recipe["seed"])
    ale.setFloat("repeat_action_probability", 0.0)
    ale.loadROM(roms.get_rom_path(recipe["game"]))
    actions = ale.getMinimalActionSet()
    rng = np.random.default_rng(recipe["seed"])
    height, width = ale.getScreenDims()
    stride = stride_for(RATE, build.fps)
    about = Frames(width, height, stride, RATE / stride, cuts=[])
    held, action, over = 0, actions[0], False
    for step in range(recipe["skip"] + recipe["frames"]):
        if held == 0:
            action = actions[int(rng.integers(len(actions)))]
            held = int(rng.integers(1, recipe["hold"] + 1))
        held -= 1
        if ale.game_over():
            ale.reset_game()
            over = True
        ale.act(action)
        index = step - recipe["skip"]
        if index >= 0 and index % stride == 0:
            if over and about.index and about.cuts is not None:
                about.cuts.append(len(about.index))
            over = False
            frame = av.VideoFrame.from_ndarray(ale.getScreenRGB(), format="rgb24")
            writer.add(about, index, resized(frame, build.size))
    return about
