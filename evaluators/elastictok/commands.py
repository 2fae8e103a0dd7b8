"""Verbs of this system alone: ``encode`` takes a video of one's own through a trained tokenizer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from evaluators.elastictok.pictures import COLUMNS, strip_figure
from measurand import folders, project
from measurand.arguments import Parser
from measurand.errors import InputError
from measurand.manifest import write_text
from measurand.params import read as read_params
from measurand.reporting.document import Block, Document, Section, Table
from measurand.reporting.render import to_html
from pipelines.elastictok.encoding import encode
from pipelines.elastictok.frames import BrokenClipError
from schemas.elastictok.params import Params

SHOWN = 48
"""Blocks of the frame trace, at most; of a longer video evenly spaced ones."""


def main(argv: Sequence[str]) -> int:
    """Run the verb named by ``argv[0]``; returns 0.

    Raises:
        InputError: a file or argument cannot be used.
    """
    parser = Parser("measurand elastictok", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser(
        "encode",
        help="codes, reconstruction and token trace of a video",
        description="Writes codes/ (Parquet with manifest), reconstruction.mp4, frame_trace.html.",
    )
    one.add_argument("video", type=Path, help="a film in any usual container")
    one.add_argument(
        "--threshold",
        type=float,
        required=True,
        help="mean squared error of pixels on the scale -1..1 that a block should stay under",
    )
    one.add_argument("--out", type=Path, required=True, help="a new folder")
    one.add_argument(
        "--licence", default="unknown", help="of the video, for the manifest (an SPDX identifier)"
    )
    one.add_argument("--model", help="name of an elastic model; the first one by default")
    one.add_argument("--params", type=Path, help="parameters that the checkpoint was trained with")
    one.add_argument("--checkpoint", type=Path, help="folder that `measurand train` wrote")
    args = parser.parse_args(argv)
    if not args.threshold > 0:
        raise InputError(f"--threshold {args.threshold}", hint="give an error above 0, such as .01")
    with folders.held(args.out):
        _encode(args)
    return 0


def _encode(args: argparse.Namespace) -> None:
    params_file, checkpoint = args.params, args.checkpoint
    if params_file is None or checkpoint is None:
        system = project.System("elastictok", project.find_root())
        params_file, checkpoint = params_file or system.params, checkpoint or system.checkpoint
    params = read_params(params_file, Params)
    model = args.model or params.elastic.name
    try:
        rows = encode(params, checkpoint, model, args.video, args.threshold, args.out, args.licence)
    except BrokenClipError as error:
        why = Exception.__str__(error)
        hint = "give a video that FFmpeg reads"
        raise InputError(f"{args.video}: {why}", hint=hint, code=error.code) from error
    page = args.out / "frame_trace.html"
    write_text(page, to_html(_document(rows, args, model, params.slots)))
    used = sum(row["n_tokens"] for row in rows) / (len(rows) * params.slots)
    met = sum(row["feasible"] for row in rows) / len(rows)
    print(
        f"{len(rows)} blocks, {used:.0%} of the tokens, {met:.0%} of blocks under "
        f"{args.threshold:g}: {args.out}"
    )


def _document(
    rows: Sequence[dict[str, Any]], args: argparse.Namespace, model: str, slots: int
) -> Document:
    at = np.unique(np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).round().astype(int))
    some = [rows[int(i)] for i in at]
    frame = pl.DataFrame(
        {
            "position": [row["block"] for row in some],
            "threshold": [f"{args.threshold:g}"] * len(some),
            "slots": [slots] * len(some),
            "size": [row["source_frame"].shape[0] for row in some],
            "n_tokens": [row["n_tokens"] for row in some],
            "feasible": [row["feasible"] for row in some],
            "source_frame": [row["source_frame"].tobytes() for row in some],
            "coded_frame": [row["coded_frame"].tobytes() for row in some],
        }
    )
    strips: list[Block] = [
        strip_figure(args.video.name, frame.slice(first, COLUMNS))
        for first in range(0, frame.height, COLUMNS)
    ]
    n = [row["n_tokens"] for row in rows]
    met = [row["feasible"] for row in rows]
    table = Table(
        "All blocks",
        ["figure", "value"],
        [
            ["blocks", len(rows)],
            ["tokens", sum(n)],
            ["share of tokens", float(np.mean(n)) / slots],
            ["share of blocks under the threshold", float(np.mean(met))],
            ["mean error", float(np.mean([row["mse"] for row in rows]))],
        ],
    )
    return Document(
        f"{args.video.name} in tokens",
        f"Model {model}, threshold {args.threshold:g}",
        None,
        (Section("Token trace", (*strips, table), "Blocks in order of time."),),
    )
