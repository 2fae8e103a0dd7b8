"""``measurand preset S [NAME]``: a preset is a file; putting it in force is copying it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from measurand import params, project
from measurand.arguments import Parser
from measurand.errors import InputError


def main(argv: Sequence[str]) -> int:
    """List a system's presets, or copy one to ``params/<system>.yaml``.

    Raises:
        InputError: the preset is unknown, or the parameters in force are nobody's preset and
            would be lost (``--force`` overrides).
    """
    parser = Parser("measurand preset", description="List or set presets.")
    parser.add_argument("system", help="a system's name, see `measurand list`")
    parser.add_argument("name", nargs="?", help="put this preset in force; without it: list them")
    parser.add_argument("--force", action="store_true", help="overwrite edited parameters")
    args = parser.parse_args(argv)
    root = project.find_root()
    system = project.system(root, args.system)
    presets = {
        p.stem: p for p in sorted((root / "params" / "presets" / args.system).glob("*.yaml"))
    }
    in_force = _same_as(system.params, presets)
    if args.name is None:
        for name in presets:
            print(f"{name}{'  (in force)' if name == in_force else ''}")
        if in_force is None:
            print(f"{system.params} is edited: no preset is in force")
            if system.params.exists():
                # What was edited may be no parameter file any more, and then that is the answer.
                params.read(system.params, system.module("params").Params)
        return 0
    if args.name not in presets:
        raise InputError(f"no preset {args.name!r}", hint=f"one of: {', '.join(presets)}")
    if system.params.exists() and in_force is None and not args.force:
        raise InputError(
            f"{system.params} differs from every preset and would be lost",
            hint="save it as a preset of your own, or give --force",
        )
    from measurand.manifest import write_text

    params.read(presets[args.name], system.module("params").Params)
    write_text(system.params, presets[args.name].read_bytes().decode("utf-8"))
    print(f"{system.params.relative_to(root)} is now preset {args.name}; `dvc repro` builds it")
    return 0


def _same_as(path: Path, presets: dict[str, Path]) -> str | None:
    if not path.exists():
        return None
    return next((n for n, p in presets.items() if p.read_bytes() == path.read_bytes()), None)
