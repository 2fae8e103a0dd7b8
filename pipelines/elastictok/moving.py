"""Digits that bounce over a gradient: what moves, how many, how fast and when it cuts is known.

After the moving digits of Srivastava et al. 2015 (arXiv 1502.04681), in colour, with a number of
objects, a speed and cuts that are drawn for every scene.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.elastictok.frames import Frames, Writer
from schemas.elastictok.params import Build

SPRITE = 0.3
"""Side of a digit as a share of the frame's."""
APART = 8
"""Fewest frames of a scene."""

Floats = npt.NDArray[np.float64]


def make(recipe: dict[str, Any], build: Build, writer: Writer) -> Frames:
    """Draw the scenes of a clip.

    Args:
        recipe: ``seed``, ``frames``, ``size`` and the fields of ``schemas.elastictok.Moving``.
        build: the frame rate, which is taken as it is.
        writer: takes the frames.
    """
    rng = np.random.default_rng(recipe["seed"])
    size, n = int(recipe["size"]), int(recipe["frames"])
    cuts = _cuts(rng, n, float(recipe["cuts"]))
    about = Frames(size, size, 1, build.fps, cuts=cuts, objects=[], speed=[])
    assert about.objects is not None
    assert about.speed is not None
    for first, end in zip([0, *cuts], [*cuts, n], strict=True):
        scene = Scene(rng, size, recipe["objects"], recipe["speed"])
        for at in range(first, end):
            picture = scene.draw()
            if recipe["noise"]:
                picture = picture + rng.normal(0, recipe["noise"], picture.shape)
            writer.add(about, at, np.clip(np.rint(picture), 0, 255).astype(np.uint8))
            about.objects.append(float(len(scene.at)))
            about.speed.append(scene.mean_speed)
            scene.move()
    return about


class Scene:
    """A background and digits at places, with velocities.

    Args:
        rng: generator of everything.
        size: side of the frame, pixels.
        objects: fewest and most digits.
        speed: slowest and fastest, pixels a frame.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        size: int,
        objects: tuple[int, int],
        speed: tuple[float, float],
    ) -> None:
        n = int(rng.integers(objects[0], objects[1] + 1))
        side = max(4, round(size * SPRITE))
        self._sprites = [_sprite(int(rng.integers(len(_digits()))), side) for _ in range(n)]
        self._colours = rng.uniform(80, 255, (n, 3))
        ends = rng.uniform(0, 160, (2, 3))
        ramp = np.linspace(0, 1, size)[:, None, None]
        ground = ends[0] + ramp * (ends[1] - ends[0])
        turned = ground if rng.random() < 0.5 else ground.transpose(1, 0, 2)
        self._ground: Floats = np.broadcast_to(turned, (size, size, 3)).copy()
        self._room = float(size - side)
        self.at: Floats = rng.uniform(0, self._room, (n, 2))
        pace, angle = rng.uniform(*speed, n), rng.uniform(0, 2 * np.pi, n)
        self._velocity: Floats = pace[:, None] * np.stack([np.sin(angle), np.cos(angle)], 1)
        self.mean_speed = float(pace.mean()) if n else 0.0

    def draw(self) -> Floats:
        """The frame, (size, size, 3), 0..255; a digit in front of those before it."""
        picture = self._ground.copy()
        for sprite, colour, (y, x) in zip(self._sprites, self._colours, self.at, strict=True):
            shifted, top, left = _between_pixels(sprite, y, x)
            height, width = shifted.shape
            part = picture[top : top + height, left : left + width]
            cover = shifted[: part.shape[0], : part.shape[1], None]
            part += cover * (colour - part)
        return picture

    def move(self) -> None:
        """One frame on; digits are thrown back by the edges."""
        self.at += self._velocity
        for beyond, edge in ((self.at < 0, 0.0), (self.at > self._room, self._room)):
            self.at = np.where(beyond, 2 * edge - self.at, self.at)
            self._velocity = np.where(beyond, -self._velocity, self._velocity)
        self.at = np.clip(self.at, 0, self._room)


def _cuts(rng: np.random.Generator, frames: int, mean: float) -> list[int]:
    """Frames that begin a scene, ascending, at least ``APART`` from each other and both ends."""
    places: list[int] = []
    for _ in range(int(rng.poisson(mean))):
        at = int(rng.integers(0, frames))
        if all(abs(at - other) >= APART for other in [*places, 0, frames]):
            places.append(at)
    return sorted(places)


@cache
def _digits() -> Floats:
    from sklearn.datasets import load_digits

    images: Floats = load_digits().images / 16
    return images


@cache
def _sprite(number: int, side: int) -> Floats:
    from PIL import Image

    image = Image.fromarray((_digits()[number] * 255).astype(np.uint8))
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR), np.float64) / 255


def _between_pixels(sprite: Floats, y: float, x: float) -> tuple[Floats, int, int]:
    """The sprite shifted by the fractions of its place (bilinear), and its whole pixel."""
    top, left = int(y), int(x)
    fy, fx = y - top, x - left
    wide = np.pad(sprite, ((0, 1), (0, 1)))
    down, right = np.roll(wide, 1, 0), np.roll(wide, 1, 1)
    both = np.roll(down, 1, 1)
    mixed = (1 - fy) * ((1 - fx) * wide + fx * right) + fy * ((1 - fx) * down + fx * both)
    return mixed, top, left
