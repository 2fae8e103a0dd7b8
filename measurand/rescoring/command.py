"""``measurand rescore ANSWERS``: stored answers scored by a new parser, paired with the old one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from measurand import outputs
from measurand.errors import InputError
from measurand.outputs import FORMATS

if TYPE_CHECKING:
    from measurand.rescoring.record import Answers

ROLES = ("answer", "target", "item_id", "value", "model", "cluster_id")


def main(argv: Sequence[str]) -> int:
    """Run the command; returns 0.

    Raises:
        InputError: table, parser or argument cannot be used; the code says why.
    """
    args = _parser().parse_args(argv)
    for path in (args.out, args.save):
        outputs.refuse_existing(path)
    from measurand.api.wishes import pairs_of
    from measurand.dialects import Dialect
    from measurand.rescoring import page, parsers, record
    from measurand.responses import read_file

    columns = {role: role for role in ROLES} | pairs_of(args.map, "map")
    if unknown := sorted(set(columns) - set(ROLES)):
        raise InputError(
            f"--map {unknown[0]}=...", hint=f"a role of {', '.join(ROLES)}", code="bad_argument"
        )
    if args.pattern is not None:
        name, parser = args.pattern, parsers.of_pattern(args.pattern, ignore_case=args.ignore_case)
    else:
        name, parser = args.parser, parsers.of_function(args.parser)
    table = read_file(args.answers, dialect=Dialect())
    answers = record.score(table, parser, columns, ignore_case=args.ignore_case)
    found = record.describe(answers, args.answers.name, name)
    form = args.format
    text = outputs.as_json(found) if form == "json" else outputs.drawn(page.document(found), form)
    with outputs.new() as places:
        if args.save is not None:
            places.text(_rows(answers), args.save)
        if args.out is not None:
            places.text(text, args.out)
    if args.out is None:
        outputs.write(text, None)
    return 0


def _rows(answers: Answers) -> str:
    """The new scores as a table that every verb reads."""
    import csv
    import io
    from collections import Counter

    import numpy as np

    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["item_id", "model", "metric", "repeat", "cluster_id", "value", "status"])
    seen: Counter[tuple[str, str]] = Counter()
    columns = (answers.items, answers.models, answers.clusters, answers.new)
    for item, model, cluster, new in zip(*columns, strict=True):
        lost = bool(np.isnan(new))
        last = ("", "model_error") if lost else (f"{new:g}", "ok")
        writer.writerow([item, model, "rescored", seen[item, model], cluster, *last])
        seen[item, model] += 1
    return file.getvalue()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "measurand rescore",
        description="Read stored answers anew: scores by another parser beside the old ones, what "
        "could not be read, and the paired difference. No model is asked.",
    )
    parser.add_argument(
        "answers", type=Path, help="table (CSV, Parquet, lines of JSON) with a row an answer"
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument(
        "--pattern", metavar="RE2", help="first match, or its group (?P<answer>...), is the answer"
    )
    how.add_argument(
        "--parser", metavar="MODULE:FUNCTION", help="from a text to the answer, or None"
    )
    parser.add_argument("--ignore-case", action="store_true", help="capitals do not count")
    parser.add_argument(
        "--map", nargs="+", default=[], metavar="ROLE=COLUMN",
        help=f"columns: {', '.join(ROLES)} (default: columns of these names)",
    )  # fmt: skip
    parser.add_argument("--save", type=Path, metavar="CSV", help="write the new item rows there")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write here, never over an existing file")
    return parser
