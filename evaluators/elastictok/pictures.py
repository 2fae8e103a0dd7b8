"""Figures of the report: curves of statistics, and frames with their token trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from evaluators.elastictok.context import HEADLINE, Findings
from evaluators.elastictok.savings import figure_points
from measurand.reporting.document import Figure
from measurand.reporting.figures.frame_trace import ALPHABET
from measurand.reporting.lookup import Figures
from measurand.results import slice_parts

COLOURS = 24
"""Colours of a frame trace."""
LARGEST = 32
"""Pixels of a picture's side in a frame trace, at most."""
COLUMNS = 12
"""Blocks of a frame trace, at most."""


def error_figure(found: Findings, figures: Figures) -> Figure:
    """Mean error against tokens, a line a model."""
    rows = [
        figures.point("unseen clips", model, n, model, "mse", n=str(n), split=HEADLINE)
        for model in found.models
        for n in found.budgets(model)
    ]
    return Figure(
        "curves",
        "Error against tokens, the same number for every block",
        "Mean squared error of pixels on the scale -1 to 1; intervals over clips."
        + (
            " A fixed model is cut to numbers of tokens that it was never trained on, except at "
            "its own."
            if found.fixed
            else ""
        ),
        {
            "rows": rows, "x_axis": "tokens a block", "y_axis": "mean squared error",
            "x_scale": "log2", "minimum": 0.0,
        }
        if rows
        else {"reason": "no tokenizer was measured"},
    )  # fmt: skip


def saving_figure(found: Findings, figures: Figures) -> Figure:
    """Share of blocks under a threshold against share of tokens: figure 4 of the paper."""
    rows: list[dict[str, Any]] = []
    own = found.budgets(found.model) if found.model in found.models else ()
    single = [("one budget", found.model, n) for n in own]
    single += [("trained fixed", model, n) for model, n in found.fixed.items()]
    for threshold, limit in found.limits.items():
        panel = f"{threshold}: {limit:.3f}"
        for point in figure_points(found, found.model, threshold):
            rows.append(_point(panel, "search", point["x"], point["estimate"]))
        for series, model, n in single:
            where = {"n": str(n), "split": HEADLINE, "threshold": threshold}
            at = n / found.slots
            rows.append(figures.point(panel, series, at, model, "budget_feasible", **where))
    return Figure(
        "curves",
        "Share of blocks under a threshold against share of tokens",
        "Search gives a block the tokens it needs, up to a cap that rises along the line. One "
        "budget gives all blocks of the same model the same tokens."
        + (
            " Trained fixed are models that were trained with one number of tokens."
            if found.fixed
            else ""
        )
        + " Left and up is better.",
        {
            "rows": rows, "x_axis": "share of K used", "y_axis": "share of blocks",
            "minimum": 0.0, "maximum": 1.0,
        }
        if rows
        else {"reason": "the elastic model was not measured"},
    )  # fmt: skip


def _point(panel: str, series: str, x: float, y: float | None) -> dict[str, Any]:
    return {
        "panel": panel, "series": series, "x": x, "estimate": y, "lower": None, "upper": None,
        "reason": None,
    }  # fmt: skip


def rate_figure(found: Findings, figures: Figures) -> Figure:
    """Error against bits, tokenizers and codecs."""
    rows: list[dict[str, Any]] = []
    for model in (m for m in found.models if m != "untrained"):
        for n in found.budgets(model):
            own = found.budget(model, HEADLINE).filter(n_tokens=n)
            if own["bits"].null_count() or n != found.fixed.get(model, n):
                continue
            name = "trained fixed" if model in found.fixed else model
            where = {"n": str(n), "split": HEADLINE}
            rows.append(figures.point("unseen clips", name, own["bits"][0], model, "mse", **where))
    for codec in found.codecs:
        for setting in figures.metrics(codec, "codec_mse"):
            parts = slice_parts(setting["slice"])
            bits = figures.value(codec, "codec_bits", **parts) or 0.0
            rows.append(figures.point("unseen clips", codec, bits, codec, "codec_mse", **parts))
    rows = [row for row in rows if row["x"] > 0]
    return Figure(
        "curves",
        "Error against bits of a block",
        "Bits of tokens are their number times the logarithm of the codebook"
        + ("; codecs without headers, tables and parameter sets." if found.codecs else "."),
        {
            "rows": rows, "x_axis": "bits a block", "y_axis": "mean squared error",
            "x_scale": "log2", "minimum": 0.0,
        }
        if rows
        else {"reason": "nothing with bits was measured"},
    )  # fmt: skip


def training_figure(found: Findings) -> Figure:
    """Error in training, a line a model."""
    history = found.tables.get("history")
    rows = []
    if history is not None:
        for row in history.sort("model", "step").iter_rows(named=True):
            rows.append(_point("training batches", row["model"], row["step"], row["mse"]))
    return Figure(
        "curves",
        "Error in training",
        "Mean of the steps since the point before. An elastic model's error is over all its "
        "numbers of tokens.",
        {"rows": rows, "x_axis": "steps", "y_axis": "mean squared error", "minimum": 0.0}
        if rows
        else {"reason": "no training was recorded"},
    )


def strip_figures(found: Findings) -> Iterator[Figure]:
    """Each clip's middle frames, their reconstruction, and the tokens under them."""
    strips, near = found.tables["strips"], found.table("near")
    copies = set() if near.is_empty() else set(near.filter("near")["clip_id"])
    for (clip,), own in strips.group_by(["clip_id"], maintain_order=True):
        yield strip_figure(str(clip), own.sort("position").head(COLUMNS), copied=clip in copies)


def strip_figure(clip: str, own: pl.DataFrame, *, copied: bool = False) -> Figure:
    """Blocks of a clip in time.

    Args:
        clip: its name.
        own: rows of ``elastictok.strips``, in order.
        copied: whether it is a near copy of what was trained on, which the words then say.
    """
    size, slots = int(own["size"][0]), int(own["slots"][0])
    columns = ("source_frame", "coded_frame")
    pictures = [[_small(data, size) for data in own[name]] for name in columns]
    palette, texts = _quantized([p for strip in pictures for p in strip])
    n, threshold = len(own), own["threshold"][0]
    rows = [
        {"label": str(at), "estimate": 100 * tokens / slots, "met": met}
        for at, tokens, met in own.select("position", "n_tokens", "feasible").iter_rows()
    ]
    return Figure(
        "frame_trace",
        f"{clip}, threshold {threshold}",
        f"Middle frame of each block, its reconstruction, and the share of {slots} tokens that "
        "binary search gave the block. Dashed: no number of tokens met the threshold. Every "
        "sequence begins without a past."
        + (" This clip is a near copy of what was trained on." if copied else ""),
        {
            "rows": rows,
            "strips": [
                {"name": "source", "pictures": texts[:n]},
                {"name": "coded", "pictures": texts[n:]},
            ],
            "side": pictures[0][0].shape[0],
            "palette": palette,
            "axis": "% of tokens",
            "maximum": 100.0,
        },
    )


def _small(data: bytes, size: int) -> np.ndarray:
    """A frame, (side, side, 3) uint8, averaged down to at most 32 pixels a side."""
    frame = np.frombuffer(data, np.uint8).reshape(size, size, 3)
    step = -(-size // LARGEST)
    side = size // step
    part = frame[: side * step, : side * step].reshape(side, step, side, step, 3)
    small: np.ndarray = np.rint(part.mean((1, 3))).astype(np.uint8)
    return small


def _quantized(pictures: list[np.ndarray]) -> tuple[list[str], list[str]]:
    """A common palette (median cut), and each picture as signs of it."""
    from PIL import Image

    wide = Image.fromarray(np.concatenate(pictures))
    mapped = wide.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    colours = (mapped.getpalette() or [])[: 3 * COLOURS]
    triples = [colours[i : i + 3] for i in range(0, len(colours), 3)]
    palette = ["#{:02x}{:02x}{:02x}".format(*triple) for triple in triples]
    signs = np.array(list(ALPHABET))[np.asarray(mapped)]
    parts = np.split(signs, len(pictures))
    return palette, ["".join(part.ravel().tolist()) for part in parts]
