"""``measurand analyse PATH ...``: intervals, reliability, items and gates for anybody's results."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from measurand import dialects, outputs
from measurand.arguments import Parser
from measurand.errors import MeasurandError
from measurand.outputs import FORMATS, refuse_existing, write

EXIT_ERROR = 3
READING = ("cluster", "by", "model", "reruns", "map", "values", "label", "scale", "by_content",
           "changed", "separator", "decimal", "encoding", "skip_rows", "missing_codes", "sheet",
           )  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Run the command.

    Returns:
        0; with ``--gates`` the verdict's exit code; with ``--strict`` 1 in place of 0 where
        something was left out or a log's own figure is another.

    Raises:
        InputError: a log or an argument cannot be used; the code says why.
    """
    args = _parser().parse_args(argv)
    try:
        return _run(args)
    except (MeasurandError, BrokenPipeError):
        raise
    except Exception as error:
        if args.gates is None:
            raise
        # Python would exit with 1, which a CI reads as "the gate fails".
        print(
            f"measurand analyse: internal_error: {type(error).__name__}: {error}", file=sys.stderr
        )
        return EXIT_ERROR


def _run(args: argparse.Namespace) -> int:
    options = vars(args)
    form, out = options.pop("format"), options.pop("out")
    strict, dry_run = options.pop("strict"), options.pop("dry_run")
    refuse_existing(out)
    from measurand.api.items import analyse, read

    paths = options.pop("paths")
    if dry_run:
        reading = {name: options[name] for name in READING}
        write(read(paths, **reading, progress="stderr").render(form), out)
        return 0
    with outputs.new() as made:
        found = analyse(paths, **options, progress="stderr")
        text = found.render(form)
        if out is not None:
            made.text(text, out)
    for path in (options["every_eval_ever"], out):
        if path is not None:
            print(f"written: {path}", file=sys.stderr)
    if out is None:
        sys.stdout.write(text)
    # A verdict on part of what was given is no pass where nothing may be left out.
    short = int(strict and not found.complete)
    return short if found.verdict is None else found.verdict.exit_code or short


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "measurand analyse",
        description="Item results of another harness, or ours: means with intervals, reliability "
        "over repeats, item statistics, models compared in pairs, gates.",
    )
    parser.add_argument(
        "paths",
        type=Path,
        nargs="+",
        help="logs of lm-eval, Inspect, HELM, verifiers, promptfoo, chats; CSV, Parquet; folders",
    )
    parser.add_argument("--cluster", help="field that names what was sampled: passage, site, ...")
    parser.add_argument("--by", nargs="+", default=[], metavar="FIELD", help="fields to slice by")
    parser.add_argument("--model", help="name of the model, instead of the log's own")
    parser.add_argument(
        "--reruns",
        choices=("refuse", "repeats"),
        default="refuse",
        help="two logs of one model and task: refuse, or take as repeats (default: %(default)s)",
    )
    parser.add_argument(
        "--map",
        nargs="+",
        default=[],
        metavar="ROLE=COLUMN",
        help="columns of a plain table: item_id, value, model, metric, repeat, cluster_id, status, "
        "document",
    )
    parser.add_argument("--values", nargs="+", default=[], metavar="COLUMN", help="score columns")
    parser.add_argument(
        "--label",
        nargs="+",
        default=[],
        metavar="FIELD",
        help="settings of the logs (or path, date) that tell runs of one model apart",
    )
    parser.add_argument(
        "--scale",
        nargs="+",
        default=[],
        metavar="WORD=NUMBER",
        help="numbers of words that stand as scores: A=4 B=3",
    )
    parser.add_argument(
        "--by-content",
        action="store_true",
        help="items are what they say, whatever their ids",
    )
    parser.add_argument(
        "--changed",
        choices=("refuse", "leave-out"),
        default="refuse",
        help="items of one id that are two documents (default: %(default)s)",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit code 1 where something was left out or a log's own figure is another",
    )
    dialects.add_arguments(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="say what was understood, compute nothing"
    )
    parser.add_argument("--gates", type=Path, help="gate file to put the rows to")
    parser.add_argument(
        "--human",
        type=Path,
        metavar="LABELS",
        help="people's scores of some of the items: the judge's means are corrected by them",
    )
    parser.add_argument(
        "--human-map",
        nargs="+",
        default=[],
        metavar="ROLE=COLUMN",
        help="columns of the labels, as --map",
    )
    parser.add_argument(
        "--width", type=float, help="with --human: how many labels an interval this wide needs"
    )
    parser.add_argument(
        "--next", type=int, default=0, metavar="N", help="with --human: items to label next"
    )
    parser.add_argument(
        "--stratified",
        action="store_true",
        help="with --human: labels were drawn within each slice of --by",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write here, never over an existing file")
    parser.add_argument("--save", type=Path, help="keep the item rows in this new folder")
    parser.add_argument(
        "--every-eval-ever", type=Path, metavar="FOLDER", help="write every_eval_ever JSON there"
    )
    return parser
