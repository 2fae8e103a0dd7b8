"""``measurand publish S --to FOLDER | hub:<owner>/<name>``."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from measurand import project
from measurand.errors import InputError
from measurand.reporting.text import one_line

if TYPE_CHECKING:
    from measurand.publishing.publication import Publication

HUB = "hub:"


def main(argv: Sequence[str]) -> int:
    """Publish a system's dataset.

    Raises:
        MeasurandError: the dataset is unbuilt or damaged, a licence is missing, the folder holds
            something else, or the upload failed.
    """
    parser = argparse.ArgumentParser(
        "measurand publish",
        description="Verify a built dataset, check that every source and row may be published, and "
        "write it as a Hugging Face folder or repository: card, Croissant, SHA256SUMS.",
    )
    parser.add_argument("system", help="a system's name, see `measurand list`")
    parser.add_argument("--to", required=True, help="a folder, or hub:<owner>/<name>")
    parser.add_argument("--data", type=Path, help="dataset folder (default: data/<system>/dataset)")
    parser.add_argument(
        "--licence",
        default="Apache-2.0",
        help="SPDX identifier for what this project itself made (default: %(default)s)",
    )
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument("--dry-run", action="store_true", help="check and list; write nothing")
    args = parser.parse_args(argv)
    from measurand.publishing import hub, publication

    root = project.find_root()
    system = project.system(root, args.system)
    repo = args.to.removeprefix(HUB) if args.to.startswith(HUB) else None
    if repo is not None:
        hub.check(repo, send=not args.dry_run)
    found = publication.prepare(
        system.name,
        args.data or system.dataset,
        about=system.module("schemas").__doc__ or "",
        own=args.licence,
        repo=repo,
    )
    _refuse_others(found, set(project.systems(root)) - {system.name})
    print(summary(found))
    if args.dry_run:
        print("dry run: nothing was written")
    elif repo is None:
        publication.write(found, Path(args.to))
        print(f"published: {args.to}")
    else:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "publication"
            publication.copy(found, folder)
            message = f"measurand publish {system.name}: {found.digest[:12]}"
            address = hub.upload(folder, repo, message=message, private=args.private)
        print(f"published: {address}")
    return 0


def _refuse_others(found: Publication, others: set[str]) -> None:
    """Refuse tables of another system, which a shared folder may hold."""
    names = [part.spec.name for part in found.parts if part.spec.name.split(".")[0] in others]
    if names:
        raise InputError(
            f"the folder also holds {', '.join(names)}, of another system",
            hint="build into a folder of its own",
        )


def summary(found: Publication) -> str:
    """What would be published: files with sizes, rows, rejected rows, licences, logical hash."""
    lines = []
    for path, content in found.files.items():
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        lines.append(f"{size:>14,} B  {path}")
    lines.append("")
    for part in found.parts:
        left = sum(part.manifest.rejected.values())
        lines.append(f"{part.name}: {part.manifest.rows:,} rows, {left:,} rejected on the way")
    lines.append("")
    for origin in found.origins:
        licence = origin.licence.identifier if origin.licence else "texts withheld"
        lines.append(f"{licence}: {one_line(origin.source.name)}")
    lines += ["", f"logical hash: {found.digest}"]
    return "\n".join(lines)
