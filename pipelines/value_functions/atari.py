"""Games of Atari's 2600 as four small grey pictures, and scripts that read the console's memory.

Pictures are made as Mnih et al. 2015 do (Nature 518, Methods): every fourth frame, the brighter of
the last two, grey, 84 points a side. Sticky actions: Machado et al. 2018 (arXiv 1709.06009).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.errors import CapabilityError
from measurand.stats.resample import seed_for
from schemas.value_functions.params import Atari

Bytes = npt.NDArray[np.uint8]
STACK, SKIP = 4, 4
_NAMES = ("n", "f", "u", "r", "l", "d")
"""Actions 0 to 5 of the console, as MinAtar's are called."""
_MEMORY = {"breakout": (99, 72, 101), "pong": (54, 51, 49)}
"""Where the ball is along the paddle's way, the paddle, and whether there is a ball: places in the
console's memory as AtariARI lists them (Anand et al. 2019, arXiv 1906.08226)."""


class Console:
    """One episode of a game."""

    def __init__(self, source: Atari, *words: str | int) -> None:
        try:
            from ale_py import ALEInterface, LoggerMode, roms
        except ModuleNotFoundError as error:
            raise CapabilityError(
                "Atari needs the package ale-py, which is not installed",
                hint="pip install 'measurand[video]'",
                code="missing_extra",
            ) from error
        ALEInterface.setLoggerMode(LoggerMode.Error)
        ale: Any = ALEInterface()
        ale.setInt("random_seed", seed_for(*words) % 2**31)
        ale.setFloat("repeat_action_probability", source.sticky)
        ale.loadROM(roms.get_rom_path(source.game))
        self._ale, self._side, self._game = ale, source.side, source.game
        self._actions = [a for a in ale.getMinimalActionSet() if a.value < len(_NAMES)]
        self._stack = np.repeat(self._picture(ale.getScreenGrayscale())[None], STACK, 0)

    def names(self) -> tuple[str, ...]:
        """Names of the actions."""
        return tuple(_NAMES[action.value] for action in self._actions)

    def state(self) -> Bytes:
        """The last four pictures, the newest last."""
        return self._stack.ravel()

    def act(self, action: int) -> tuple[float, bool]:
        """Four frames."""
        reward, last = 0.0, [self._ale.getScreenGrayscale()]
        for _ in range(SKIP):
            reward += self._ale.act(self._actions[action])
            last = [*last[-1:], self._ale.getScreenGrayscale()]
        newest = self._picture(np.maximum(*last))
        self._stack = np.concatenate([self._stack[1:], newest[None]])
        return reward, bool(self._ale.game_over())

    def script(self) -> str:
        """Serve, and follow the ball."""
        memory = self._ale.getRAM()
        ball, paddle, there = (int(memory[at]) for at in _MEMORY[self._game])
        if not there:
            return "f"
        if self._game == "breakout":
            return "n" if abs(ball - paddle - 8) < 4 else "r" if ball > paddle + 8 else "l"
        # The paddle of Pong goes up by "right" and down by "left".
        return "n" if abs(ball - paddle) < 4 else "l" if ball > paddle else "r"

    def _picture(self, grey: npt.NDArray[Any]) -> Bytes:
        """Means of the points that fall together."""
        rows, columns = (np.arange(self._side) * n // self._side for n in grey.shape)
        counts = np.diff(np.append(rows, grey.shape[0]))[:, None]
        counts = counts * np.diff(np.append(columns, grey.shape[1]))
        sums = np.add.reduceat(np.add.reduceat(grey.astype(np.int64), rows, 0), columns, 1)
        found: Bytes = (sums // counts).astype(np.uint8)
        return found


def stacked(newest: Bytes, episode: npt.NDArray[Any], first: Bytes) -> Bytes:
    """(n, 4 * D) states from the newest picture of each row; rows of an episode stand in order.

    Args:
        newest: (n, D) pictures.
        episode: (n,) the episode of each.
        first: (n,) steps into it, 0-based.
    """
    at = np.arange(len(newest))
    back = [at - np.minimum(first, k) for k in range(STACK - 1, -1, -1)]
    found: Bytes = np.concatenate([newest[rows] for rows in back], 1)
    assert all((episode[rows] == episode).all() for rows in back)
    return found
