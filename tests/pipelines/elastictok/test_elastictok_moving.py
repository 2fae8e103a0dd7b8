from __future__ import annotations

import io

import numpy as np
import pytest

from pipelines.elastictok import moving
from pipelines.elastictok.frames import Frames, Writer
from schemas.elastictok.params import Build

BUILD = Build.model_validate({"sources": [{"folder": "x"}], "size": 32, "fps": 15})
RECIPE = {
    "seed": 5, "frames": 60, "size": 32, "objects": (2, 4), "speed": (1.0, 3.0), "cuts": 2.0,
    "noise": 0.0,
}  # fmt: skip


def made(**changes: object) -> tuple[Frames, np.ndarray]:
    file = io.BytesIO()
    about = moving.make({**RECIPE, **changes}, BUILD, Writer(file, 32))
    return about, np.frombuffer(file.getvalue(), np.uint8).reshape(-1, 32, 32, 3)


def test_truth_is_known_for_every_frame_and_changes_at_cuts_only() -> None:
    about, pixels = made()
    assert len(pixels) == len(about.objects) == len(about.speed) == 60
    assert about.cuts
    assert set(about.objects) <= {2.0, 3.0, 4.0}
    assert all(1 <= v <= 3 for v in about.speed)
    changes = {i for i in range(1, 60) if about.speed[i] != about.speed[i - 1]}
    assert changes == set(about.cuts)


def test_cuts_are_the_largest_changes() -> None:
    about, pixels = made(frames=120, cuts=3.0)
    steps = np.abs(np.diff(pixels.astype(int), axis=0)).mean((1, 2, 3))
    at = np.array(about.cuts) - 1
    assert steps[at].min() > 2 * np.delete(steps, at).max()


def test_nothing_moves_without_speed_and_more_with_more() -> None:
    def motion(speed: float) -> float:
        _, pixels = made(speed=(speed, speed), cuts=0.0, objects=(3, 3))
        return float(np.abs(np.diff(pixels.astype(int), axis=0)).mean())

    assert motion(0.0) == 0
    assert 0 < motion(0.5) < motion(2.0)


def test_more_objects_cover_more() -> None:
    def spread(objects: int) -> float:
        _, pixels = made(objects=(objects, objects), cuts=0.0)
        ground = np.median(pixels, axis=0)
        return float((np.abs(pixels - ground) > 20).any(-1).mean())

    assert spread(0) == 0
    assert spread(1) < spread(4)


def test_digits_stay_inside_and_bounce() -> None:
    scene = moving.Scene(np.random.default_rng(0), 32, (5, 5), (3.0, 3.0))
    places = []
    for _ in range(200):
        scene.move()
        places.append(scene.at.copy())
    every = np.array(places)
    assert every.min() >= 0
    assert every.max() <= 32 - round(32 * moving.SPRITE)
    steps = np.linalg.norm(np.diff(every, axis=0), axis=-1)
    assert np.median(steps) == pytest.approx(3.0, abs=1e-6)


def test_no_scene_is_shorter_than_its_least() -> None:
    cuts = moving._cuts(np.random.default_rng(0), 100, 30.0)
    assert len(cuts) > 3
    assert np.diff([0, *cuts, 100]).min() >= moving.APART


def test_noise_is_added_where_asked() -> None:
    _, still = made(speed=(0.0, 0.0), cuts=0.0, noise=5.0)
    assert np.diff(still.astype(float), axis=0).std() == pytest.approx(5 * 2**0.5, rel=0.1)
