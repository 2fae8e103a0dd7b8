"""The one command. Imports nothing heavy: each verb's module is loaded when it is called."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence

from measurand.errors import MeasurandError

#: verb -> (module with ``main(argv) -> int``, help)
VERBS = {
    "list": ("measurand.commands.show", "the systems of this project, one line each"),
    "show": ("measurand.commands.show", "a system's front page, parameters, tables and files"),
    "status": ("measurand.commands.status", "what is out of date, and why, in one screen"),
    "preset": ("measurand.commands.preset", "list presets, or put one in force"),
    "run": ("measurand.commands.run", "build, train, evaluate and report into one folder"),
    "build": ("measurand.commands.stages", "build a system's dataset (Beam)"),
    "train": ("measurand.commands.stages", "train a system's models, where it has any"),
    "evaluate": ("measurand.commands.stages", "run models over a dataset, write item results"),
    "report": ("measurand.commands.stages", "statistics, gates and report from item results"),
    "gate": ("measurand.gates.command", "pass, fail or undecided; exit code 0, 1, 2 or 3"),
    "analyse": (
        "measurand.analysis.command",
        "another harness's results: intervals, items, pairs",
    ),
    "compare": ("measurand.comparison.command", "two revisions, folders or files, paired by item"),
    "reliability": ("measurand.reliability", "reliability of your own responses, no model needed"),
    "publish": ("measurand.publish.command", "a dataset as a Hugging Face folder or repository"),
    "verify": ("measurand.commands.verify", "recompute every hash, count and rule of a dataset"),
    "doctor": ("measurand.doctor", "what this machine has, what is missing, what to do"),
}

EXIT_ERROR = 3


def usage() -> str:
    """The overview that ``measurand --help`` prints."""
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:<{width}}  {text}" for verb, (_, text) in VERBS.items())
    return (
        "usage: measurand VERB ... (measurand VERB --help for one verb)\n\n"
        "Versioned datasets and evaluations: of each score how precise, how reliable,\n"
        f"how valid it is, and whether it may pass.\n\n{verbs}\n\n"
        "  --version    the version\n"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; a :class:`MeasurandError` becomes one line on standard error and exit 3."""
    args = list(sys.argv[1:] if argv is None else argv)
    if not args or args[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if args else EXIT_ERROR
    if args[0] == "--version":
        from measurand import __version__

        print(__version__)
        return 0
    verb = args[0]
    path = VERBS[verb][0] if verb in VERBS else _of_a_system(verb)
    if path is None:
        print(f"measurand: unknown verb {verb!r}\n\n{usage()}", file=sys.stderr)
        return EXIT_ERROR
    try:
        module = importlib.import_module(path)
        code: int = module.main(args if module.__name__ in _SHARED else args[1:])
        return code
    except MeasurandError as error:
        print(f"measurand {verb}: {error.code}: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print(f"measurand {verb}: interrupted; run it again to go on", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0


def _of_a_system(name: str) -> str | None:
    """Module of the verbs that a system has of its own: ``measurand compwob play``."""
    path = f"evaluators.{name}.commands"
    try:
        return path if name.isidentifier() and importlib.util.find_spec(path) else None
    except ModuleNotFoundError:
        return None


#: Modules that serve several verbs and are told which.
_SHARED = {"measurand.commands.show", "measurand.commands.stages"}

if __name__ == "__main__":
    raise SystemExit(main())
