"""``measurand plan --gate FILE --pilot RESULTS``: the sample that a gate needs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from measurand import outputs
from measurand.outputs import FORMATS


def main(argv: Sequence[str]) -> int:
    """Run the command; returns 0.

    Raises:
        InputError: gate file, pilot or argument cannot be used; the code says why.
    """
    options = vars(_parser().parse_args(argv))
    form, out = options.pop("format"), options.pop("out")
    outputs.refuse_existing(out)
    from measurand.api.plans import plan

    gates, pilot = options.pop("gate"), options.pop("pilot")
    outputs.write(plan(gates, pilot, **options, progress="stderr").render(form), out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "measurand plan",
        description="How many clusters, items, repeats and labels a gate needs for a wished power "
        "or width, by the variance and the costs of a pilot.",
    )
    parser.add_argument("--gate", type=Path, required=True, metavar="FILE", help="gate file")
    parser.add_argument(
        "--pilot", type=Path, required=True, metavar="RESULTS",
        help="results of few items, as `measurand analyse` reads",
    )  # fmt: skip
    parser.add_argument("--power", type=float, help="wished chance (default: the gate's)")
    parser.add_argument("--width", type=float, help="wished width of the interval instead")
    parser.add_argument(
        "--truth", type=float, metavar="X",
        help="true score of a threshold, true difference of other tests (default: no change where "
        "none may be lost, else the pilot's figure)",
    )  # fmt: skip
    parser.add_argument(
        "--price", nargs="+", default=[], metavar="WHAT=X",
        help="of a cluster, item, call, in any one unit (default: call=1)",
    )  # fmt: skip
    parser.add_argument(
        "--most", nargs="+", default=[], metavar="WHAT=N",
        help="clusters, items (of a cluster), repeats (of an item) that there can be",
    )  # fmt: skip
    parser.add_argument(
        "--budget", nargs=1, default=[], metavar="UNIT=X",
        help="cost, calls, tokens or seconds: what it buys",
    )  # fmt: skip
    parser.add_argument("--models", nargs="+", default=[], help="instead of the gate file's")
    parser.add_argument("--root", type=Path, default=Path("."), help="of paths in the gate file")
    parser.add_argument("--cluster", help="field of the pilot that names what was sampled")
    parser.add_argument("--map", nargs="+", default=[], metavar="ROLE=COLUMN",
                        help="columns of a plain table")  # fmt: skip
    parser.add_argument(
        "--values", nargs="+", default=[], metavar="COLUMN", help="score columns of a plain table"
    )
    parser.add_argument(
        "--reruns", choices=("refuse", "repeats"), default="refuse",
        help="what two runs of one model are (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write here, never over an existing file")
    return parser
