"""Grids to walk through, and the best way through each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
WAYS = ((-1, 0), (0, 1), (1, 0), (0, -1))
"""Rows and columns of a step: up, right, down, left."""
SLIP = 0.1
"""Chance that a step goes in a random direction."""
STEP, GOAL, PIT = -0.02, 1.0, -1.0
DISCOUNT = 0.95


@dataclass(frozen=True)
class Maze:
    """A grid: ``S`` where walks start, ``G`` the goal, ``x`` a pit, ``#`` a wall, ``.`` nothing.

    A step costs 0.02 and leads into a random direction once in ten times; goal and pit are worth 1
    and -1 and end the walk. Who walks into a wall stays.

    Attributes:
        rows: the grid, a letter a cell.
    """

    rows: tuple[str, ...]

    @property
    def _letters(self) -> str:
        return "".join(self.rows)

    @property
    def cells(self) -> int:
        """How many there are, walls too."""
        return len(self._letters)

    @property
    def start(self) -> int:
        """Where walks start."""
        return self._letters.index("S")

    @cached_property
    def free(self) -> IntArray:
        """Cells from which there is a step."""
        return np.array([i for i, x in enumerate(self._letters) if x in "S."], np.int64)

    @cached_property
    def leads(self) -> IntArray:
        """(cells, 4) where a step in each direction leads."""
        across = len(self.rows[0])
        found = np.empty((self.cells, len(WAYS)), np.int64)
        for cell in range(self.cells):
            row, column = divmod(cell, across)
            for way, (down, right) in enumerate(WAYS):
                r, c = row + down, column + right
                inside = 0 <= r < len(self.rows) and 0 <= c < across
                found[cell, way] = r * across + c if inside and self.rows[r][c] != "#" else cell
        return found

    @cached_property
    def worth(self) -> FloatArray:
        """(cells,) reward of a step that leads into each."""
        return np.array([{"G": GOAL, "x": PIT}.get(x, 0.0) + STEP for x in self._letters])

    @cached_property
    def ends(self) -> Bools:
        """(cells,) whether a walk ends there."""
        return np.array([x in "Gx" for x in self._letters])

    def move(
        self, cell: IntArray, action: IntArray, luck: FloatArray
    ) -> tuple[IntArray, FloatArray, Bools]:
        """Cells, rewards and whether walks end, of n steps.

        Args:
            cell: (n,) where they begin.
            action: (n,) their directions.
            luck: (n,) numbers from 0 to 1; those below 0.1 choose another direction.
        """
        random = np.minimum((luck / SLIP * len(WAYS)).astype(np.int64), len(WAYS) - 1)
        there = self.leads[cell, np.where(luck < SLIP, random, action)]
        return there, self.worth[there], self.ends[there]

    @cached_property
    def values(self) -> FloatArray:
        """(cells, 4) worth of each step where all later ones are the best.

        Value iteration (Bellman 1957, Dynamic Programming) until nothing changes by 1e-12.
        """
        found = np.zeros((self.cells, len(WAYS)))
        while True:
            later = np.where(self.ends, 0.0, found.max(1))
            sure = (self.worth + DISCOUNT * later)[self.leads]
            made: FloatArray = (1 - SLIP) * sure + SLIP * sure.mean(1, keepdims=True)
            if np.abs(made - found).max() < 1e-12:
                return made
            found = made

    @cached_property
    def best(self) -> IntArray:
        """(cells,) the best direction from each."""
        out: IntArray = self.values.argmax(1)
        return out
