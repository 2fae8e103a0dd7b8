"""Report sections on the ground that figures stand on: codes, training, data, methods."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from evaluators.elastictok.context import HEADLINE, NEAR, Findings, View
from evaluators.elastictok.pictures import training_figure
from evaluators.elastictok.quality import near_clips
from measurand import shards
from measurand.manifest import read_manifest
from measurand.reporting.document import Block, Cell, Section, Table, Text
from measurand.reporting.grid import Line, grid
from measurand.reporting.learned import learned
from measurand.reporting.lookup import Figures
from measurand.reporting.methods import methods
from measurand.results import slice_parts
from measurand.subject import frame


def code_section(view: View) -> Section | None:
    """How much of the codebook is used."""
    found, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    for model in found.models:
        for threshold in found.limits:
            row = figures.get(model, "codes_used", threshold=threshold)
            if row is not None:
                rows.append([
                    {"text": model, "detail": threshold},
                    row["n"],
                    int(row["estimate"] or 0),
                    figures.value(model, "code_perplexity", threshold=threshold),
                ])  # fmt: skip
    if not rows:
        return None
    table = Table(
        "Codes in use",
        ["model and threshold", "tokens", "different codes", "perplexity"],
        rows,
        ["With fewer tokens than codes, both are limited by the sample."],
    )
    return Section("Codes", (table,), "Tokens that binary search kept, all test splits together.")


def training_section(view: View) -> Section | None:
    """Curves and speed of the training."""
    found = view.found
    speed = found.tables.get("speed")
    if speed is None:
        return None
    rows: list[list[Cell]] = []
    for row in speed.iter_rows(named=True):
        rate = row["tokens"] / row["seconds"] if row["seconds"] > 0 else None
        flops = None if rate is None else rate * row["flops_per_token"]
        share = None if flops is None or not row["peak_flops"] else flops / row["peak_flops"]
        rows.append([
            {"text": row["model"], "detail": f"{row['device']}, {row['precision']}"},
            row["parameters"],
            row["steps"],
            {"value": rate, "reason": None if rate else "too few steps to time"},
            {"value": None if flops is None else flops / 1e9, "reason": "too few steps to time"},
            {"value": share, "reason": row["reason"] or "too few steps to time"},
        ])  # fmt: skip
    table = Table(
        "Speed of training",
        ["model", "weights", "steps timed", "tokens a second", "Gflop a second", "share of peak"],
        rows,
        ["Operations by the rule of six a weight of a matrix, and attention over the slots seen. "
         "Times are of the machine that trained; models may have shared it."],
    )  # fmt: skip
    blocks = (training_figure(found), table, Text(_learned(found)))
    return Section("Training", blocks, "All models see the same batches.")


def _learned(found: Findings) -> str:
    """Whether the tokenizers learned: their last error in training against their first."""
    history = found.table("history")
    ends = {
        str(model): (own["mse"][-1], own["mse"][0] if own.height > 1 else None)
        for (model,), own in history.group_by("model", maintain_order=True)
    }
    return learned("Last error in training", "the first", ends)


def data_section(view: View) -> Section:
    """What the dataset holds, and that nothing of a test was trained on."""
    data, found, figures = view.data, view.found, view.figures
    summary = frame(shards.read_table(data / "dataset" / "summary"))
    rows: list[list[Cell]] = [
        [
            {"text": row["source"], "detail": row["split"]},
            row["clips"],
            row["sequences"],
            row["pixel_mean"],
            row["pixel_sd"],
            row["motion_deciles"][5],
            row["motion_deciles"][9],
            row["energy_mean"],
            row["cut_share"],
        ]
        for row in summary.iter_rows(named=True)
    ]
    holds = Table(
        "Sequences by source and split",
        ["source", "clips", "sequences", "mean pixel", "deviation", "median motion",
         "motion, 9th decile", "spatial energy", "share of blocks with a cut"],
        rows,
        ["Pixels, motion and spatial energy on the scale 0 to 255."],
    )  # fmt: skip
    leaks: list[list[Cell]] = [
        [
            row["split"], row["train_frames"], row["split_frames"], row["shared_pixels"],
            row["shared_times"], row["smallest_gap"], f"{row['found']} of {row['planted']}",
        ]
        for row in shards.read_table(data / "dataset" / "leakage").to_pylist()
    ]  # fmt: skip
    search = Table(
        "The search for test frames in training",
        ["split", "frames of training", "frames of the split", "equal pixels", "equal times",
         "smallest gap, frames", "planted frames found"],
        leaks,
        ["By SHA-256 of the pixels as written, and by source file and time. A gap exists only "
         "where a clip is on both sides."],
    )  # fmt: skip
    blocks = (holds, search, *_near(view), _rejected(found, figures))
    return Section("Data", blocks, _sources(data))


def near_words(clips: pl.DataFrame) -> str:
    """What near copies do to the headline: nothing where there are none.

    Args:
        clips: rows of ``near``.
    """
    own = clips.filter(split=HEADLINE)
    if own.is_empty() or not own["near"].any():
        return ""
    by = own.group_by("source").agg(left=(~pl.col("near")).sum(), every=pl.len()).sort("source")
    few = [
        f"{r['source']} ({r['left']} of {r['every']})"
        for r in by.to_dicts()
        if r["left"] <= 1 and r["left"] < r["every"]
    ]
    near, every = int(own["near"].sum()), own.height
    words = f"{near} of {every} unseen clips are near copies of what was trained on"
    if near == every:
        return f"**{words}: nothing is left, and the figures of unseen clips are of copies.**"
    words += f": figures of unseen clips are of the {every - near} others, `{NEAR}` has these."
    return words + (f" Next to nothing is left of {', '.join(few)}." if few else "")


def _near(view: View) -> list[Block]:
    """Near copies by source and split."""
    clips, build = near_clips(view.data), view.found.params.build
    if clips.is_empty():
        return []
    rows: list[list[Cell]] = [
        [
            {"text": source, "detail": split},
            own.height,
            int(own["near"].sum()),
            {"value": own["median_rms"].median(), "reason": "nothing of it is trained on"},
            view.figures.cell(view.found.model, "near_copies", source=source, split=split),
        ]
        for (source, split), own in clips.group_by(["source", "split"], maintain_order=True)
    ]
    table = Table(
        "Near copies of training frames",
        ["source", "clips", "near copies", "median distance", "share of frames"],
        rows,
        [f"A frame is a near copy within {build.near_rms:g} of a training frame of its source, "
         "root mean squared, pixels 0 to 1, on frames of 16 x 16 or a little less; a clip is one "
         f"where more than {build.near_share:.0%} of its frames are."],
    )  # fmt: skip
    words = near_words(clips)
    return [table, Text(words)] if words else [table]


def _rejected(found: Findings, figures: Figures) -> Table:
    rows: list[list[Cell]] = []
    for row in figures.metrics(found.model, "rejected"):
        parts = slice_parts(row["slice"])
        rows.append([parts["reason"], parts["table"], int(row["estimate"] or 0), row["n"]])
    return Table(
        "Rows left out",
        ["reason", "table", "rows", "of"],
        rows or [["none", "", 0, 0]],
        ["Each with its own detail in rejected.parquet beside the data."],
    )


def _sources(data: Path) -> str:
    manifest = read_manifest(data / "dataset" / "blocks")
    names = pl.Series([source.licence for source in manifest.sources]).unique().sort()
    licences = "; ".join(names.to_list())
    return f"{len(manifest.sources)} sources, each with its hash in the manifest. {licences}."


def method_section(view: View) -> Section:
    """How it was done, and what differs from the paper."""
    text = methods(__file__, view.found.params)
    return Section("Methods", (text, _reliability(view.found, view.figures)))


def _reliability(found: Findings, figures: Figures) -> Table:
    budgets = found.budgets(found.model)
    asked: list[tuple[str, str, dict[str, str]]] = [
        (words, threshold, {"of": metric, "threshold": threshold, "split": HEADLINE})
        for threshold in found.limits
        for words, metric in (("tokens", "tokens"), ("under the threshold", "feasible"))
    ]
    asked += [
        (words, f"{n} tokens", {"of": metric, "n": str(n), "split": HEADLINE})
        for words, metric in (("error", "mse"), ("PSNR", "psnr"), ("SSIM", "ssim"))
        for n in dict.fromkeys((*budgets[:1], *budgets[-1:]))
    ]
    asked += [
        ("falling steps", "of one token", {"of": "monotone_share"}),
        ("falling steps", "between budgets", {"of": "monotone_share", "steps": "budgets"}),
    ]
    return grid(
        figures,
        f"Reliability of a sequence's mean over its blocks, {found.model}",
        "score",
        [Line({"text": words, "detail": of}, found.model, parts) for words, of, parts in asked],
        {"Cronbach's alpha": "block_alpha"},
        ["Unseen clips, binary search; the falling steps are of all test splits. Intervals by a "
         "bootstrap over clips. Where a block's score never varies, alpha is undefined."],
    )  # fmt: skip
