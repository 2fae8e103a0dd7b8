from __future__ import annotations

import numpy as np
import pytest
import shapely
import torch

from pipelines.driving_sim import edges
from pipelines.driving_sim.edges import Segments


def star(rng: np.random.Generator, corners: int) -> np.ndarray:
    """A polygon with sharp corners, counter-clockwise."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radius = rng.uniform(3, 40, corners)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def measured(points: np.ndarray, parts: Segments) -> np.ndarray:
    batch = Segments(*(torch.from_numpy(p)[None] for p in parts))
    valid = torch.ones(batch.a.shape[:2], dtype=torch.bool)
    return edges.signed_distance(torch.from_numpy(points)[None], batch, valid)[0].numpy()


def test_60000_signs_and_distances_agree_with_polygons() -> None:
    rng = np.random.default_rng(5)
    signs = 0
    for k in range(40):
        ring = star(rng, 5 + k % 30)
        polygon = shapely.Polygon(ring)
        # Corners over more than half a turn may leave a ring that crosses itself.
        if not polygon.is_valid or not shapely.is_ccw(polygon.exterior):
            continue
        points = rng.uniform(-50, 50, (1600, 2))
        found = measured(points, edges.segments([ring], [True]))
        shapely.prepare(polygon)
        far = shapely.distance(polygon.exterior, shapely.points(points))
        assert np.allclose(np.abs(found), far, atol=1e-9)
        clear = far > 1e-3
        inside = shapely.contains_xy(polygon, *points.T)
        assert ((found > 0) == ~inside)[clear].all()
        signs += int(clear.sum())
    assert signs >= 60_000


def test_beyond_a_sharp_corner_a_point_is_outside() -> None:
    ring = np.array([[0.0, 0.0], [40.0, 0.0], [0.0, 6.0]])
    found = measured(np.array([[41.0, 0.1]]), edges.segments([ring], [True]))
    assert found[0] == pytest.approx(1.005, abs=1e-3)


def test_a_hole_has_the_road_on_its_left_too() -> None:
    outer = np.array([[-10.0, -10.0], [10.0, -10.0], [10.0, 10.0], [-10.0, 10.0]])
    island = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    found = measured(
        np.array([[0.0, 0.0], [5.0, 0.0], [12.0, 0.0]]),
        edges.segments([outer, island], [True, True]),
    )
    assert found.tolist() == [1.0, -4.0, 2.0]


def test_an_open_line_ends_with_its_own_normal() -> None:
    found = measured(
        np.array([[-3.0, 1.0], [-3.0, -1.0], [5.0, -2.0]]),
        edges.segments([np.array([[0.0, 0.0], [10.0, 0.0]])], [False]),
    )
    assert found == pytest.approx([-np.sqrt(10), np.sqrt(10), 2.0])


def test_a_line_that_ends_where_it_begins_is_a_ring() -> None:
    """Its first point is a vertex like the others: beyond it, sharp as it is, one is outside."""
    ring = np.array([[40.0, 0.0], [0.0, 6.0], [0.0, 0.0], [40.0, 0.0]])
    found = measured(np.array([[41.0, 0.1]]), edges.segments([ring], [False]))
    assert found[0] == pytest.approx(1.005, abs=1e-3)
    assert len(edges.segments([ring], [True]).a) == 3


def test_repeated_points_are_no_segments() -> None:
    line = np.array([[0.0, 0.0], [0.0, 0.0], [4.0, 0.0], [4.0, 0.0]])
    assert len(edges.segments([line], [False]).a) == 1
    assert len(edges.segments([], []).a) == 0


def test_no_edge_is_no_distance_and_padding_is_never_read() -> None:
    parts = edges.segments([np.array([[0.0, 0.0], [10.0, 0.0]])], [False])
    padded = Segments(
        *(torch.from_numpy(np.concatenate([p, np.full((3, 2), np.nan)]))[None] for p in parts)
    )
    points = torch.tensor([[[5.0, -2.0]]], dtype=torch.float64)
    valid = torch.tensor([[True, False, False, False]])
    assert edges.signed_distance(points, padded, valid).tolist() == [[2.0]]
    assert edges.signed_distance(points, padded, torch.zeros_like(valid)).isnan().all()
