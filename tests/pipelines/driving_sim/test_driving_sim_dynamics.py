from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.driving_sim import dynamics
from schemas.driving_sim.params import DT

TRACKS = 2000
STEPS = 80


def tracks(rng: np.random.Generator, fine: int = 20) -> np.ndarray:
    """(2000, 81, 4) finely integrated poses: constant acceleration, curvature that changes evenly.

    Speeds stay within 1..20 m/s, curvatures within min(0.2, 3 / v^2) 1/m at every speed v.
    """
    v = rng.uniform(1, 20, TRACKS)
    share, aim = rng.uniform(-1, 1, (2, TRACKS))
    a = rng.uniform(-1, 1, TRACKS)
    x, y, yaw = np.zeros((3, TRACKS))
    poses = [np.stack([x, y, yaw, v], 1)]
    h = DT / fine
    for step in range(STEPS):
        for k in range(fine):
            now = (step * fine + k) / (STEPS * fine)
            push = np.where(((v >= 20) & (a > 0)) | ((v <= 1) & (a < 0)), 0, a)
            mid = v + push * h / 2
            bend = (share + (aim - share) * now) * np.minimum(0.2, 3 / mid**2)
            mid_yaw = yaw + bend * mid * h / 2
            x, y = x + mid * np.cos(mid_yaw) * h, y + mid * np.sin(mid_yaw) * h
            yaw, v = yaw + bend * mid * h, v + push * h
        poses.append(np.stack([x, y, yaw, v], 1))
    return np.stack(poses, 1)


@pytest.fixture(scope="module")
def logs() -> torch.Tensor:
    return torch.from_numpy(tracks(np.random.default_rng(3)))


def followed(logs: torch.Tensor, form: dynamics.Form, *, sign: float = 1.0) -> torch.Tensor:
    """Worst distance from each track of a car that is driven by the inverse alone."""
    pose, worst = logs[:, 0], torch.zeros(len(logs), dtype=torch.float64)
    for t in range(1, logs.shape[1]):
        action = dynamics.bicycle_to(pose, logs[:, t])
        pose = dynamics.bicycle(pose, action * torch.tensor([1.0, sign]), form)
        worst = torch.maximum(worst, (pose[:, :2] - logs[:, t, :2]).norm(dim=1))
    return worst


def test_a_log_is_followed_within_a_centimetre_on_arcs(logs: torch.Tensor) -> None:
    worst = followed(logs, "arc")
    assert worst.median() <= 0.01
    assert worst.max() <= 0.02


def test_moving_along_the_old_heading_drifts_and_a_wrong_sign_is_far_off(
    logs: torch.Tensor,
) -> None:
    euler, flipped = followed(logs, "euler"), followed(logs, "arc", sign=-1.0)
    # Measured before this code was written, on other tracks within the same limits.
    assert euler.median() == pytest.approx(0.313, rel=0.1)
    assert euler.max() == pytest.approx(1.035, rel=0.1)
    assert flipped.median() > 20


def test_feedback_takes_back_what_noise_adds(logs: torch.Tensor) -> None:
    generator = torch.Generator().manual_seed(1)
    scale = torch.tensor([0.03, 0.03, np.deg2rad(0.3), 0.05], dtype=torch.float64)
    noisy = logs + scale * torch.randn(logs.shape, generator=generator, dtype=torch.float64)
    ends = {}
    for feedback in (False, True):
        pose, worst = noisy[:, 0], torch.zeros(TRACKS, dtype=torch.float64)
        for t in range(1, logs.shape[1]):
            action = dynamics.bicycle_to(pose, noisy[:, t], feedback=feedback)
            pose = dynamics.bicycle(pose, action)
            worst = torch.maximum(worst, (pose[:, :2] - noisy[:, t, :2]).norm(dim=1))
        ends[feedback] = worst.median()
    assert ends[True] < ends[False] < 1


def test_the_arc_is_exact_for_constant_action() -> None:
    pose = torch.tensor([1.0, 2.0, 0.3, 8.0], dtype=torch.float64)
    a, kappa = 1.5, 0.1
    end = dynamics.bicycle(pose, torch.tensor([a, kappa], dtype=torch.float64))
    ds = 8 * 0.1 + a * 0.005
    assert end[2] == pytest.approx(0.3 + kappa * ds)
    assert end[0] == pytest.approx(1 + (np.sin(0.3 + kappa * ds) - np.sin(0.3)) / kappa)
    assert end[1] == pytest.approx(2 - (np.cos(0.3 + kappa * ds) - np.cos(0.3)) / kappa)
    assert end[3] == pytest.approx(8.15)


@pytest.mark.parametrize("curvature", [0.0, 1e-9, 0.17])
def test_gradients_are_those_of_finite_differences(curvature: float) -> None:
    pose = torch.tensor([[3.0, -1.0, 0.7, 9.0]], dtype=torch.float64, requires_grad=True)
    action = torch.tensor([[0.8, curvature]], dtype=torch.float64, requires_grad=True)
    moved = torch.tensor([[0.9, 0.05, 0.02]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(dynamics.bicycle, (pose, action), atol=1e-4, rtol=0)
    assert torch.autograd.gradcheck(dynamics.delta, (pose, moved), atol=1e-4, rtol=0)


def test_nothing_undefined_where_a_car_stands() -> None:
    pose = torch.zeros(1, 4, requires_grad=True)
    action = torch.zeros(1, 3, requires_grad=True)
    dynamics.delta(pose, action).sum().backward()
    assert action.grad is not None
    assert torch.isfinite(action.grad).all()
    still = dynamics.bicycle_to(torch.zeros(1, 4), torch.tensor([[0.0, 0.0, 1.0, 0.0]]))
    assert still.tolist() == [[0.0, 0.0]]


def test_a_car_stops_and_does_not_drive_backwards() -> None:
    end = dynamics.bicycle(torch.tensor([0.0, 0.0, 0.0, 0.2]), torch.tensor([-6.0, 0.0]))
    assert end[3] == 0
    assert end[0] == pytest.approx(0.01)


def test_limits_hold_whatever_is_asked() -> None:
    generator = torch.Generator().manual_seed(0)
    pose = torch.randn(500, 4, generator=generator) * torch.tensor([50.0, 50.0, 9.0, 8.0])
    pose[:, 3] = pose[:, 3].abs()
    after = dynamics.bicycle(pose, 100 * torch.randn(500, 2, generator=generator))
    assert not dynamics.infeasible(pose, after).any()
    assert after[:, 2].abs().max() <= np.pi + 1e-6


def test_a_displacement_and_its_inverse() -> None:
    generator = torch.Generator().manual_seed(2)
    pose = torch.randn(200, 4, generator=generator, dtype=torch.float64)
    action = torch.rand(200, 3, generator=generator, dtype=torch.float64) * 0.7
    after = dynamics.delta(pose, action)
    assert torch.allclose(dynamics.delta_to(pose, after), action)
    backwards = dynamics.delta(pose, -action)
    assert (backwards[:, 3] < 0).all()


def test_a_jump_is_infeasible() -> None:
    before = torch.tensor([0.0, 0.0, 0.0, 10.0])
    assert dynamics.infeasible(before, torch.tensor([1.0, 0.0, 0.0, 11.0]))
    assert dynamics.infeasible(before, torch.tensor([1.0, 0.0, 0.5, 10.0]))
    assert not dynamics.infeasible(before, torch.tensor([1.0, 0.0, 0.2, 10.0]))
