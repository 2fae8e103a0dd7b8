"""``measurand agi_levels card | norms``: levels of anybody's results; which norms there are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from measurand import folders
from measurand.arguments import Parser
from measurand.errors import InputError

if TYPE_CHECKING:
    from schemas.agi_levels.norms import Norm


def main(argv: Sequence[str]) -> int:
    """Run the verb named by ``argv[0]``; returns 0.

    Raises:
        InputError: a file or an argument cannot be used.
    """
    parser = Parser("measurand agi_levels", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    card = verbs.add_parser(
        "card",
        help="place results among people: card.html, card.md, card.json",
        description="Place results of any harness among people. A level is claimed only where both "
        "sampling errors and the size of the norm allow it; what is missing is a row.",
    )
    card.add_argument("--runs", type=Path, nargs="+", required=True, metavar="PATH",
                      help="logs of lm-eval or Inspect, tables (item_id, value, model, metric), "
                      "folders of ours")  # fmt: skip
    card.add_argument("--norms", nargs="+", required=True, metavar="FILE",
                      help="norm files, or names of those that come along")  # fmt: skip
    card.add_argument("--tasks", type=Path, help="families, metrics, headline norms of the tasks")
    card.add_argument("--autonomy", type=Path, help="declared autonomy of deployments")
    card.add_argument("--rules", type=Path, metavar="FILE",
                      help="when a level is claimed (claim, possible, coverages, headline, "
                      "compulsory, min_tasks, min_families); the card shows them")  # fmt: skip
    card.add_argument("--cluster", help="field that names the independently sampled unit")
    card.add_argument("--model", help="name to give the model")
    card.add_argument("--tools", help="field that says which tools a row was made with")
    card.add_argument("--reruns", choices=("refuse", "repeats"), default="refuse",
                      help="what two runs of one model are (%(default)s)")  # fmt: skip
    card.add_argument("--workers", type=int, default=1, metavar="N",
                      help="processes; any number: the same bytes (%(default)s)")  # fmt: skip
    card.add_argument("--out", type=Path, required=True, help="folder to write to")
    norms = verbs.add_parser("norms", help="norms with group, people, licence and what they show")
    norms.add_argument("files", nargs="*", help="norm files; those that come along by default")
    args = parser.parse_args(argv)
    return {"card": _card, "norms": _norms}[args.verb](args)


def read_norms(given: Sequence[str]) -> list[Norm]:
    """Norms of files and of names that come along, no id twice.

    Raises:
        ParamsError: a file cannot be used.
        InputError: code ``norm_twice``.
    """
    from measurand import params
    from pipelines.agi_levels import shipped
    from schemas.agi_levels.norms import NormFile

    found: list[Norm] = []
    for name in given:
        along = name in shipped.names() and not Path(name).exists()
        found += shipped.read(name)[0] if along else params.read(Path(name), NormFile).norms
    ids = [norm.id for norm in found]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise InputError(
            f"norm {twice[0]} stands in two files", hint="one id each", code="norm_twice"
        )
    return found


def _card(args: argparse.Namespace) -> int:
    from evaluators.agi_levels import card, given
    from measurand import params
    from measurand.interop.rows import Wish
    from schemas.agi_levels.norms import AutonomyFile, TaskFile
    from schemas.agi_levels.params import Rules

    if args.workers < 1:
        raise InputError(f"--workers {args.workers}", hint="1 or more", code="bad_workers")
    rules = Rules() if args.rules is None else params.read(args.rules, Rules)
    norms = read_norms(args.norms)
    tasks = () if args.tasks is None else params.read(args.tasks, TaskFile).tasks
    known = {task.id: task for task in tasks}
    lost = [t for t in tasks if t.headline and t.headline not in {norm.id for norm in norms}]
    if lost:
        raise InputError(
            f"task {lost[0].id}: its headline norm {lost[0].headline} is not given",
            hint=f"norms: {', '.join(norm.id for norm in norms)}",
            code="no_norm",
        )
    declared = args.autonomy and params.read(args.autonomy, AutonomyFile).deployments
    by = () if args.tools is None else (args.tools,)
    wish = Wish(cluster=args.cluster, by=by, model=args.model, reruns=args.reruns)
    results, origin, notes = given.results(args.runs, norms, known, wish=wish, tools=args.tools)
    unused = sorted(set(known) - {result.task.id for result in results})
    notes += [f"task {name} of --tasks has no run" for name in unused]
    with folders.held(args.out):
        made = card.write(
            card.Given(results, norms, known, declared or (), origin, notes),
            rules,
            args.out,
            args.workers,
        )
    for row in made.placements:
        print(f"{row.model or '-'} | {row.task} | {row.norm or '-'}: {row.statement}")
    for one in made.general:
        print(f"{one.model}: {one.reason or 'general level by coverage: ' + str(one.level)}")
    print(args.out / "card.html")
    return 0


def _norms(args: argparse.Namespace) -> int:
    from evaluators.agi_levels.needs import norm_table
    from measurand.reporting.document import Document, Section
    from measurand.reporting.render import to_markdown
    from pipelines.agi_levels import shipped
    from schemas.agi_levels.params import Rules

    table = norm_table(read_norms(args.files or shipped.names()), Rules())
    page = to_markdown(Document("Norms", "", None, (Section("Norms", (table,)),)))
    print(page[page.index("| norm |") :].rstrip())
    return 0
