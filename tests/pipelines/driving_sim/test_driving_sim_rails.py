from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.driving_sim import rails
from pipelines.driving_sim.world import World


@pytest.fixture
def circle() -> torch.Tensor:
    """A path round a circle of 20 m, more than once."""
    s = torch.arange(-4, 172, dtype=torch.float64)
    yaw = s / 20
    return torch.stack((20 * torch.sin(yaw), 20 - 20 * torch.cos(yaw), yaw, 0 * s + 9), -1)[None]


def test_poses_lie_on_the_path(circle: torch.Tensor) -> None:
    s = torch.tensor([[0.0, 10.5, 100.25]], dtype=torch.float64)
    found = rails.read(circle, s)[0]
    assert found[:, 0].numpy() == pytest.approx(20 * np.sin(s[0] / 20), abs=0.01)
    assert np.cos(found[:, 2] - s[0] / 20).numpy() == pytest.approx(1)
    assert found[:, 3].tolist() == [9, 9, 9]


def test_beyond_the_ends_the_end_is_read(circle: torch.Tensor) -> None:
    ends = rails.read(circle, torch.tensor([[-50.0, 900.0]], dtype=torch.float64))[0]
    assert torch.allclose(ends[0, :2], circle[0, 0, :2])
    assert torch.allclose(ends[1, :2], circle[0, -1, :2])


def test_a_place_is_found_again_and_a_crossing_path_is_not_left(circle: torch.Tensor) -> None:
    for s in (3.0, 40.2, 130.0):
        at = rails.read(circle, torch.tensor([[s]], dtype=torch.float64))[:, 0, :2]
        last = torch.tensor([s - 2], dtype=torch.float64)
        assert rails.project(circle, at, last)[0] == pytest.approx(s, abs=0.02)


def test_a_place_at_either_end_of_the_path(circle: torch.Tensor) -> None:
    first, last = circle[:, 0, :2], circle[:, -1, :2]
    assert rails.project(circle, first, torch.tensor([-3.0])) == pytest.approx(-4)
    assert rails.project(circle, last, torch.tensor([169.0])) == pytest.approx(171)


def test_pursuit_is_the_arc_through_the_point() -> None:
    pose = torch.tensor([0.0, 0.0, 0.0, 5.0])
    angle = 0.3
    target = torch.tensor([20 * np.sin(angle), 20 - 20 * np.cos(angle)])
    assert rails.pursuit(pose, target) == pytest.approx(1 / 20)
    assert rails.pursuit(pose, torch.zeros(2)) == 0


def test_places_are_those_that_are_read(world: World) -> None:
    s = torch.linspace(-9, 190, 57).expand(*world.path.shape[:2], 57)
    assert torch.equal(rails.places(world.path, s), rails.read(world.path, s)[..., :2])


def test_one_number_of_a_pose_is_that_which_is_read(world: World) -> None:
    s = torch.linspace(-9, 190, 57).expand(*world.path.shape[:2], 57)
    poses = rails.read(world.path, s)
    for k in range(4):
        assert torch.equal(rails.number(world.path, s, k), poses[..., k])
