from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from pipelines.guided_evolution.environments import MEADOW, ROOMS
from pipelines.guided_evolution.mazes import DISCOUNT, GOAL, PIT, SLIP, STEP, WAYS, Maze


def _chances(maze: Maze, cell: int, way: int) -> dict[int, float]:
    found: dict[int, float] = {}
    for other in range(len(WAYS)):
        there = int(maze.leads[cell, other])
        found[there] = found.get(there, 0) + (1 - SLIP) * (other == way) + SLIP / len(WAYS)
    return found


@pytest.mark.parametrize("maze", [MEADOW, ROOMS])
def test_value_iteration_finds_what_a_linear_program_does(maze: Maze) -> None:
    """The least values that no step betters (d'Epenoux 1963), by scipy's solver."""
    rows, limits = [], []
    for cell in maze.free:
        for way in range(len(WAYS)):
            row, gain = np.zeros(maze.cells), 0.0
            row[cell] -= 1
            for there, chance in _chances(maze, int(cell), way).items():
                gain += chance * maze.worth[there]
                row[there] += 0.0 if maze.ends[there] else chance * DISCOUNT
            rows.append(row)
            limits.append(-gain)
    cost = np.zeros(maze.cells)
    cost[maze.free] = 1
    found = linprog(cost, A_ub=np.array(rows), b_ub=limits, bounds=(None, None))
    np.testing.assert_allclose(maze.values.max(1)[maze.free], found.x[maze.free], atol=1e-8)


def test_a_corridor_by_hand() -> None:
    maze = Maze(("xS.G",))
    assert maze.free.tolist() == [1, 2]
    assert maze.leads[1].tolist() == [1, 2, 1, 0]
    assert maze.best[maze.free].tolist() == [1, 1]
    cell, reward, over = maze.move(
        np.array([1, 2, 1]), np.array([1, 1, 1]), np.array([1, 0.5, 0.09])
    )
    assert cell.tolist() == [2, 3, 0]
    assert reward.tolist() == [STEP, GOAL + STEP, PIT + STEP]
    assert over.tolist() == [False, True, True]


@pytest.mark.parametrize("maze", [MEADOW, ROOMS])
def test_the_goal_can_be_reached(maze: Maze) -> None:
    cell, seen = maze.start, []
    while not maze.ends[cell]:
        assert cell not in seen
        seen.append(cell)
        cell = int(maze.leads[cell, maze.best[cell]])
    assert maze.worth[cell] == GOAL + STEP
