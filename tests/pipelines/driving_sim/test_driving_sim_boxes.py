from __future__ import annotations

import numpy as np
import shapely
import torch

from pipelines.driving_sim import boxes
from schemas.driving_sim.params import CONTACTS

PAIRS = 20_000


def drawn(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    pose = np.concatenate([rng.uniform(-5, 5, (PAIRS, 2)), rng.uniform(-9, 9, (PAIRS, 1))], 1)
    return torch.from_numpy(pose), torch.from_numpy(rng.uniform(0.3, 6, (PAIRS, 2)))


def test_20000_pairs_agree_with_shapely() -> None:
    (one, size), (two, other) = drawn(1), drawn(2)
    a = shapely.polygons(boxes.corners(one, size).numpy())
    b = shapely.polygons(boxes.corners(two, other).numpy())
    said = boxes.overlap(one, size, two, other).numpy()
    area = shapely.area(shapely.intersection(a, b))
    gap = shapely.distance(a, b)
    clear = (gap > 1e-6) | (area > 1e-6)
    assert clear.mean() > 0.99
    assert 0.1 < said.mean() < 0.9
    assert (said == (area > 0))[clear].all()


def test_order_does_not_matter() -> None:
    (one, size), (two, other) = drawn(3), drawn(4)
    assert torch.equal(boxes.overlap(one, size, two, other), boxes.overlap(two, other, one, size))


def test_touching_is_not_overlapping() -> None:
    size = torch.tensor([4.0, 2.0])
    here = torch.tensor([0.0, 0.0, 0.0])
    assert not boxes.overlap(here, size, torch.tensor([4.0, 0.0, 0.0]), size)
    assert boxes.overlap(here, size, torch.tensor([3.999, 0.0, 0.0]), size)


def test_corners_begin_at_the_front_left_and_run_round() -> None:
    found = boxes.corners(torch.tensor([10.0, 0.0, torch.pi / 2]), torch.tensor([4.0, 2.0]))
    wanted = torch.tensor([[9.0, 2.0], [9.0, -2.0], [11.0, -2.0], [11.0, 2.0]])
    assert torch.allclose(found, wanted, atol=1e-6)


def test_where_a_car_was_hit() -> None:
    pose = torch.tensor([0.0, 0.0, torch.pi / 2]).expand(3, 3)
    size = torch.tensor([4.0, 2.0]).expand(3, 2)
    other = torch.tensor([[0.0, 3.0, 0.0], [1.5, 0.5, 0.0], [0.0, -1.5, 0.0]])
    assert [CONTACTS[i] for i in boxes.kind(pose, size, other)] == ["front", "side", "rear"]
