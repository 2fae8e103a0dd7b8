"""``measurand driving_sim play | import``: a drive to be looked at; recordings of one's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from measurand import folders
from measurand.arguments import Parser
from measurand.errors import InputError

if TYPE_CHECKING:
    from pipelines.driving_sim.drives import Driver


def main(argv: Sequence[str]) -> int:
    """Run the verb named by ``argv[0]``.

    Raises:
        InputError: a file or an argument cannot be used.
    """
    parser = Parser("measurand driving_sim", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    play = verbs.add_parser(
        "play",
        help="drive a scenario and show it from above: film.html, film.svg, film.md",
        description="Drives one scenario by one planner and writes a strip of pictures "
        "(film.html), one that moves (film.svg) and the same in words (film.md).",
    )
    play.add_argument("scenario", help="its id in the dataset, or a made one, such as cross-7")
    play.add_argument("--planner", required=True, help="a rule, such as idm, or a trained driver")
    play.add_argument("--others", choices=("playback", "constant", "idm"), default="playback",
                      help="how the other cars move (%(default)s)")  # fmt: skip
    play.add_argument("--seed", type=int, default=0, help="of the planner's draws (%(default)s)")
    play.add_argument("--dataset", type=Path, help="a built dataset (the project's by default)")
    play.add_argument("--checkpoint", type=Path, help="folder that `measurand train` wrote")
    play.add_argument("--params", type=Path, help="parameters that the checkpoint was trained with")
    play.add_argument("--out", type=Path, required=True, help="folder to write to")
    read = verbs.add_parser(
        "import",
        help="read recordings: what is in them, what is left out and assumed",
        description="Reads recordings and says what becomes of them before anything is built: "
        "what is left out and why, what is assumed, licences and checksums. With --out the dataset "
        "is built there; without it nothing is written.",
    )
    read.add_argument("files", nargs="+", help="files, or patterns in quotes")
    read.add_argument("--format", required=True, choices=("womd", "av2", "commonroad"),
                      help="womd: TFRecord of Scenario or tf.Example; av2: scenario_*.parquet with "
                      "the map beside it; commonroad: XML")  # fmt: skip
    read.add_argument("--licence", help="of CommonRoad files, which state none")
    read.add_argument("--most", type=int, default=64, help="objects a scenario (%(default)s)")
    read.add_argument("--test-share", type=float, default=0.375,
                      help="share that nothing is trained on (%(default)s)")  # fmt: skip
    read.add_argument("--out", type=Path, help="folder to build the dataset in")
    args = parser.parse_args(argv)
    return {"play": _play, "import": _import}[args.verb](args)


def _import(args: argparse.Namespace) -> int:
    from pydantic import ValidationError

    from evaluators.driving_sim import importing
    from measurand.reporting.text import one_line
    from pipelines.driving_sim import dataset
    from schemas.driving_sim.params import Build, Recorded

    try:
        given = Recorded(
            format=args.format, files=tuple(args.files), licence=args.licence, most=args.most
        )
        build = Build(scenarios=0, recorded=(given,), test_share=args.test_share)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "files"
        hint = "see --help"
        raise InputError(f"{where}: {first['msg']}", hint=hint, code="bad_params") from error
    found = importing.account(given)
    for line in importing.told(found):
        print(one_line(line))
    if args.out is None:
        print("to build it, put into params/driving_sim.yaml:")
        print("\n".join(importing.snippet(given)))
    elif found.scenarios:
        with folders.held(args.out):
            dataset.write(build, args.out, "FnApiRunner")
        print(args.out)
    if not found.scenarios:
        raise InputError("none of these recordings can be driven", hint="see why above")
    return 0


def _play(args: argparse.Namespace) -> int:
    from evaluators.driving_sim import film, playing
    from measurand.manifest import write_text
    from measurand.reporting.document import Document, Section, Text
    from measurand.reporting.render import to_html, to_markdown

    if args.seed < 0:
        raise InputError(f"--seed {args.seed}", hint="give 0 or more")
    dataset = _dataset(args.dataset)
    driver = _driver(args, dataset)
    drive = playing.play(playing.find(args.scenario, dataset), driver, args.others, args.seed)
    title = f"{args.scenario}, driven by {args.planner} among {args.others}"
    told = playing.verdict(drive)
    shown = film.strip(drive, title)
    page = Document("A drive", title, None, (Section("What happened", (Text(told), shown)),))
    with folders.held(args.out):
        write_text(args.out / "film.html", to_html(page))
        write_text(args.out / "film.md", to_markdown(page))
        write_text(args.out / "film.svg", film.animated(drive, title))
    print(f"{title}: {told}")
    print(args.out / "film.html")
    return 0


def _dataset(given: Path | None) -> Path | None:
    """The dataset to look in; None where none was given and the project has none."""
    from measurand import project

    if given is not None:
        if not (given / "scenarios").is_dir():
            raise InputError(f"{given} holds no scenarios", hint="give what `build` wrote")
        return given
    usual = project.root_or_here() / "data" / "driving_sim" / "dataset"
    return usual if (usual / "scenarios").is_dir() else None


def _driver(args: argparse.Namespace, dataset: Path | None) -> Driver:
    from evaluators.driving_sim import playing
    from measurand import params, project
    from measurand.manifest import read_manifest
    from schemas.driving_sim.params import RULES, Params

    if args.planner in RULES:
        return playing.who(args.planner, None, None, "")
    root = project.root_or_here()
    file = args.params or root / "params" / "driving_sim.yaml"
    checkpoint = args.checkpoint or root / "data" / "driving_sim" / "checkpoint"
    if dataset is None or not file.exists() or not checkpoint.is_dir():
        return playing.who(args.planner, None, None, "")
    given = params.read(file, Params)
    parent = read_manifest(dataset / "scenarios").logical_hash
    return playing.who(args.planner, given.train, checkpoint, parent)
