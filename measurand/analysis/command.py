"""``measurand analyse PATH ...``: intervals, reliability, items and gates for anybody's results."""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from measurand import dialects, outputs
from measurand.errors import InputError, MeasurandError
from measurand.interop.rows import Wish

if TYPE_CHECKING:
    from measurand.analysis.record import People
    from measurand.gates.verdict import Verdict
    from measurand.interop.rows import ItemRows
    from measurand.outputs import Outputs

FORMATS = ("text", "json", "md", "html")
EXIT_ERROR = 3


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Wrong usage is an error (3); argparse's own 2 would read as an undecided gate."""
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(EXIT_ERROR)


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
    for path in (args.out, args.save, args.every_eval_ever):
        outputs.refuse_existing(path, folder_too=path is args.out)
    if args.gates is not None and not args.gates.is_file():
        raise InputError(f"{args.gates}: no such gate file", hint="name one", code="no_file")
    from measurand.analysis.record import analyse
    from measurand.interop.read import read
    from measurand.progress import Progress

    people = _labels(args)
    rows = read(args.paths, _wish(args))
    if args.dry_run:
        outputs.write(_understood(rows, args.format), args.out)
        return 0
    with Progress("analyse", None, "scores") as progress:
        record = analyse(
            rows,
            sources=[path.name for path in args.paths],
            cluster=args.cluster,
            on_score=lambda name: progress.advance(),
            people=people,
        )
    with outputs.new() as made:
        verdict = _judge(args, rows, made)
        if verdict is not None:
            record["verdict"] = json.loads(verdict.to_json())
        if args.every_eval_ever is not None:
            from measurand.interop import every_eval_ever

            every_eval_ever.write(record, _folder(args.every_eval_ever, made))
        text = render(record, args.format)
        if args.out is not None:
            made.text(text, args.out)
    for path in (args.every_eval_ever, args.out):
        if path is not None:
            print(f"written: {path}", file=sys.stderr)
    if args.out is None:
        sys.stdout.write(text)
    # A verdict on part of what was given is no pass where nothing may be left out.
    strict = int(args.strict and bool(record["findings"] or record["account"]["left_out"]))
    return strict if verdict is None else verdict.exit_code or strict


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "measurand analyse",
        description="Item results of another harness, or ours: means with intervals, reliability "
        "over repeats, item statistics, models compared in pairs, gates.",
    )
    parser.add_argument(
        "paths",
        type=Path,
        nargs="+",
        help="lm-eval samples_*.jsonl, Inspect .eval, CSV, Parquet, results of ours, or folders",
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


def _wish(args: argparse.Namespace) -> Wish:
    return Wish(
        cluster=args.cluster,
        by=tuple(args.by),
        model=args.model,
        reruns=args.reruns,
        columns=roles(args.map),
        values=tuple(args.values),
        label=tuple(args.label),
        scale=scale(args.scale),
        by_content=args.by_content,
        changed=args.changed,
        dialect=dialects.from_arguments(args),
        describe=args.dry_run,
    )


def _labels(args: argparse.Namespace) -> People | None:
    """The labels, read before the logs: what is wrong with them is said at once.

    Raises:
        InputError: code ``bad_argument`` or ``no_file``, or what the reader raises.
    """
    if args.human is None:
        for name in ("human_map", "width", "next", "stratified"):
            if getattr(args, name):
                option = name.replace("_", "-")
                raise InputError(
                    f"--{option} without --human", hint="name the labels", code="bad_argument"
                )
        return None
    if args.next < 0 or (args.width is not None and not 0 < args.width < math.inf):
        raise InputError(
            f"--next {args.next}, --width {args.width}",
            hint="give a number above 0",
            code="bad_argument",
        )
    if args.stratified and not args.by:
        raise InputError("--stratified without --by", hint="name the strata", code="bad_argument")
    from measurand.analysis.people import Ask
    from measurand.analysis.record import People
    from measurand.interop.read import read

    wish = Wish(
        columns=roles(args.human_map),
        scale=scale(args.scale),
        reruns="repeats",
        dialect=dialects.from_arguments(args),
    )
    return People(read([args.human], wish), Ask(args.width, args.next, args.stratified))


def roles(pairs: Sequence[str]) -> dict[str, str]:
    """Columns by role, of ``ROLE=COLUMN``.

    Raises:
        InputError: there is no such role.
    """
    from measurand.interop.plain import ROLES

    columns = {}
    for pair in pairs:
        role, found, column = pair.partition("=")
        if not found or role not in ROLES:
            raise InputError(f"--map {pair}", hint=f"ROLE=COLUMN with a role of {', '.join(ROLES)}")
        columns[role] = column
    return columns


def scale(pairs: Sequence[str]) -> dict[str, float]:
    """Numbers of words, of ``WORD=NUMBER``.

    Raises:
        InputError: code ``bad_argument``.
    """
    numbers: dict[str, float] = {}
    for pair in pairs:
        word, _, number = pair.rpartition("=")
        try:
            numbers[word] = float(number)
        except ValueError:
            word = ""
        if not word or not math.isfinite(numbers[word]):
            raise InputError(
                f"--scale {pair}", hint="WORD=NUMBER, such as A=4", code="bad_argument"
            )
    return numbers


def _folder(path: Path, made: Outputs) -> Path:
    """Where to make a folder whose own folder may not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return made.at(path)


def _judge(args: argparse.Namespace, rows: ItemRows, made: Outputs) -> Verdict | None:
    """Keep the rows where asked for, and put the gates to them."""
    if args.save is None and args.gates is None:
        return None
    from measurand.gates import run_gates
    from measurand.gates.gatefile import read_gate_file
    from measurand.gates.reading.comparable import same_system
    from measurand.results import LOGGED, RESULTS
    from measurand.shards import write_dataset

    if args.gates is not None:
        systems = rows.table.column("system").unique().to_pylist()
        same_system(systems, read_gate_file(args.gates), "these rows")
    with tempfile.TemporaryDirectory() as scratch:
        folder = _folder(args.save, made) if args.save else Path(scratch) / "rows"
        spec = LOGGED if "item_sha256" in rows.table.column_names else RESULTS
        write_dataset(
            folder, spec, rows.table, params={"origin": rows.origin, "notes": list(rows.notes)}
        )
        if args.gates is None:
            return None
        return run_gates(args.gates, results=folder)


def _understood(rows: ItemRows, form: str) -> str:
    """What was read, and the first item rows, without any figure."""
    from measurand import understanding
    from measurand.interop.account import lines
    from measurand.reliability_report import to_text
    from measurand.report.document import Table
    from measurand.report.render import to_html, to_markdown

    table, account = rows.table, rows.account.record()
    first = table.slice(0, understanding.SHOWN).select(
        ["model", "metric", "item_id", "repeat", "cluster_id", "value", "status", "slice"]
    )
    if form == "json":
        record = {"account": account, "columns": rows.account.columns, "notes": list(rows.notes)}
        return json.dumps({**record, "first": first.to_pylist()}, indent=1, default=str) + "\n"
    counts = table.group_by(["model", "slice", "metric"], use_threads=False).aggregate(
        [([], "count_all")]
    )
    ordered = counts.sort_by([(n, "ascending") for n in ("model", "slice", "metric")]).slice(0, 200)
    heads = ("model", "slice", "metric", "rows")
    what = [tuple(row.values()) for row in ordered.to_pylist()]
    made = understanding.document(
        f"{rows.origin}: {table.num_rows:,} item rows; nothing was computed",
        rows.account.columns,
        [*rows.notes, *lines(account)],
        (
            Table(
                "Files read",
                ("file", "item rows"),
                [(r["file"], r["rows"]) for r in account["read"]],
            ),
            Table("What the rows hold", heads, what),
            Table(
                "First item rows",
                first.column_names,
                [tuple(r.values()) for r in first.to_pylist()],
            ),
        ),
    )
    return {"text": to_text, "md": to_markdown, "html": to_html}[form](made)


def render(record: dict[str, Any], form: str) -> str:
    """The record as ``text``, ``json``, ``md`` or ``html``."""
    if form == "json":
        return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    from measurand.analysis.page import document
    from measurand.reliability_report import to_text
    from measurand.report.render import to_html, to_markdown

    made = document(record)
    return {"text": to_text, "md": to_markdown, "html": to_html}[form](made)
