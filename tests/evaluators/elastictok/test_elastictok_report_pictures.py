from __future__ import annotations

import numpy as np
import pytest

from evaluators.elastictok.context import Findings
from evaluators.elastictok.pictures import COLUMNS, _quantized, _small, strip_figures
from measurand.reporting.figures import draw
from measurand.reporting.figures.frame_trace import ALPHABET


def test_strips_show_what_was_coded(found: Findings) -> None:
    [figure] = strip_figures(found)
    strips = found.tables["strips"].sort("position").head(COLUMNS)
    shares = [row["estimate"] for row in figure.data["rows"]]
    assert shares == pytest.approx((100 * strips["n_tokens"] / 16).to_list())
    assert [row["met"] for row in figure.data["rows"]] == strips["feasible"].to_list()
    source = figure.data["strips"][0]["pictures"]
    palette = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in figure.data["palette"]]
    shown = np.array([palette[ALPHABET.index(sign)] for sign in source[0]]).reshape(16, 16, 3)
    real = np.frombuffer(strips["source_frame"][0], np.uint8).reshape(16, 16, 3)
    assert np.abs(shown - real.astype(int)).mean() < 8
    assert draw(figure, "u")


def test_few_colours_are_kept_as_they_are() -> None:
    rng = np.random.default_rng(0)
    colours = np.array([[255, 0, 0], [0, 0, 255], [9, 9, 9]], np.uint8)
    pictures = [colours[rng.integers(0, 3, (4, 4))] for _ in range(3)]
    palette, texts = _quantized(pictures)
    for picture, text in zip(pictures, texts, strict=True):
        hexes = ["#{:02x}{:02x}{:02x}".format(*pixel) for pixel in picture.reshape(-1, 3)]
        assert [palette[ALPHABET.index(sign)] for sign in text] == hexes


def test_large_frames_are_averaged_down() -> None:
    frame = np.zeros((64, 64, 3), np.uint8)
    frame[::2] = 100
    assert _small(frame.tobytes(), 64).shape == (32, 32, 3)
    assert set(_small(frame.tobytes(), 64).ravel().tolist()) == {50}
