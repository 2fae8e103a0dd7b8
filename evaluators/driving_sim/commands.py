"""``measurand driving_sim play``: a scenario driven by a planner, to be looked at."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from measurand import folders
from measurand.errors import InputError

if TYPE_CHECKING:
    from pipelines.driving_sim.drives import Driver


def main(argv: Sequence[str]) -> int:
    """Run the verb named by ``argv[0]``.

    Raises:
        InputError: a file or an argument cannot be used.
    """
    parser = argparse.ArgumentParser("measurand driving_sim", description=__doc__)
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
    args = parser.parse_args(argv)
    return {"play": _play}[args.verb](args)


def _play(args: argparse.Namespace) -> int:
    from evaluators.driving_sim import film, playing
    from measurand.manifest import write_text
    from measurand.report.document import Document, Section, Text
    from measurand.report.render import to_html, to_markdown

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
    from measurand import project, yamls
    from measurand.manifest import read_manifest
    from schemas.driving_sim.params import RULES, Train

    if args.planner in RULES:
        return playing.who(args.planner, None, None, "")
    root = project.root_or_here()
    file = args.params or root / "params" / "driving_sim.yaml"
    checkpoint = args.checkpoint or root / "data" / "driving_sim" / "checkpoint"
    if dataset is None or not file.exists() or not checkpoint.is_dir():
        return playing.who(args.planner, None, None, "")
    train = Train.model_validate(yamls.load(file)["train"])
    parent = read_manifest(dataset / "scenarios").logical_hash
    return playing.who(args.planner, train, checkpoint, parent)
