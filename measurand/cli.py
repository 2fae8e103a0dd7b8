"""The one command. Imports nothing heavy: each verb's module is loaded when it is called."""

from __future__ import annotations

import atexit
import errno
import importlib
import importlib.util
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from measurand.errors import MeasurandError
from measurand.training import ranks

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
    "replicate": ("measurand.commands.replicate", "train and measure again under other seeds"),
    "gate": ("measurand.gates.command", "pass, fail or undecided; exit code 0, 1, 2 or 3"),
    "analyse": (
        "measurand.analysis.command",
        "another harness's results: intervals, items, pairs",
    ),
    "items": ("measurand.shortening.command", "faults of items; fewer that stand for all"),
    "plan": ("measurand.planning.command", "how large a sample a gate needs, from a pilot"),
    "rescore": ("measurand.rescoring.command", "stored answers by a new parser, beside the old"),
    "compare": ("measurand.comparison.command", "two revisions, folders or files, paired by item"),
    "reliability": (
        "measurand.scales.command",
        "reliability of your own responses, no model needed",
    ),
    "agreement": (
        "measurand.raters.command",
        "how far raters agree: alpha, ICC, kappa; gaps allowed",
    ),
    "publish": ("measurand.publishing.command", "a dataset as a Hugging Face folder or repository"),
    "verify": ("measurand.commands.verify", "recompute every hash, count and rule of a dataset"),
    "doctor": ("measurand.doctor", "what this machine has, what is missing, what to do"),
}

EXIT_ERROR = 3
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
EXIT_PIPE = 141
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN = 0.01
"""Seconds after which a dropped interrupt is sent again."""
_UNICODE = {"utf-8", "utf8", "utf-16", "utf-32"}

_PATH = "give a folder that exists and may be written"
_SPACE = "free some space and run it again"
#: What a file system refuses, and what to do about it.
_REFUSED = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT), _PATH),
    **dict.fromkeys((errno.ENOTDIR, errno.EISDIR, errno.EEXIST), "name another path"),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), _SPACE),
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EFBIG: "larger files are not allowed there (`ulimit -f`): allow them and run it again",
    errno.EMFILE: "more open files are not allowed (`ulimit -n`): allow them and run it again",
    errno.EIO: "the disk fails: look at it, and run it again",
}


def usage() -> str:
    """The overview that ``measurand --help`` prints."""
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:<{width}}  {text}" for verb, (_, text) in VERBS.items())
    return (
        "usage: measurand VERB ... (measurand VERB --help for one verb)\n\n"
        "Versioned datasets and evaluations: of each score how precise, how reliable,\n"
        f"how valid it is, and whether it may pass.\n\n{verbs}\n\n"
        "  --version    the version\n\n"
        "exit codes: 0 done, 3 error (one line says what to do), 130 interrupted (run it again),\n"
        "143 terminated (run it again);\n"
        "gate, analyse --gates: 1 fail, 2 undecided; verify: 1 problems; status --exit-code: 1;\n"
        "compare --as rerun: 1 a verdict or a claim changed\n"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns its exit code.

    Every error ends with 3, since 1 and 2 are findings (a gate that fails, one that is undecided):
    wrong usage; a :class:`MeasurandError` or what the system refuses, in one line; a fault of ours,
    with its traceback. 130 after an interrupt, 143 after a SIGTERM and 141 for a closed pipe are
    what shells expect.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    _show_anything()
    with _Interrupts(whole=argv is None) as interrupts:
        interrupts.code = _run(args, interrupts)
    return interrupts.code


class _Interrupts:
    """Ctrl-C means one thing, whatever a library makes of the exception that it raises.

    A SIGTERM means the same, with a code of its own: what runs elsewhere is given up in order.

    Args:
        whole: this is the whole process, so its signal may be taken.
    """

    def __init__(self, *, whole: bool) -> None:
        self.came, self.code, self.given_up = False, EXIT_INTERRUPTED, EXIT_INTERRUPTED
        self._late = False
        self._ours = whole and threading.current_thread() is threading.main_thread()

    def __enter__(self) -> _Interrupts:
        if self._ours:
            for number in _SIGNALS:
                signal.signal(number, self._take)
            signal.signal(signal.SIGALRM, self._take)
            sys.unraisablehook = self._unraised
            # Registered first, run last: when the interpreter goes, everything was done and said.
            atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
        return self

    def __exit__(self, *error: object) -> None:
        # Nothing is left to do but to end: no traceback of what is being torn down. What was
        # done was done whole, so the code says that and not "run it again".
        self._end_with(lambda: self.code)

    def too_late(self) -> None:
        """All that the command makes is whole: it ends as it would have ended."""
        if self.came:
            raise KeyboardInterrupt
        self._late = True

    def _take(self, number: int, _: Any) -> None:
        if self._late:
            return
        self.came = True
        if number != signal.SIGALRM:
            self.given_up = EXIT_TERMINATED if number == signal.SIGTERM else EXIT_INTERRUPTED
        raise KeyboardInterrupt

    def _unraised(self, found: Any) -> None:
        """An interrupt that came in a callback of Python's own, which drops and prints it.

        It is sent again when the callback is over: an alarm, as it may not be raised in here.
        """
        if self.came and found.exc_type is KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        else:
            sys.__unraisablehook__(found)

    def quiet(self) -> None:
        """From here on a second Ctrl-C ends the process at once."""
        self._end_with(lambda: self.given_up)

    def _end_with(self, code: Callable[[], int]) -> None:
        if self._ours:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number in _SIGNALS:
                signal.signal(number, lambda *_: os._exit(code()))


def _show_anything() -> None:
    """Replace what a stream cannot show: a sign never changes a verdict."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and (stream.encoding or "").lower() not in _UNICODE:
            stream.reconfigure(errors="replace")


def _call(args: list[str]) -> int:
    """Run one verb, or print the overview or the version."""
    if not args or args[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if args else EXIT_ERROR
    if args[0] == "--version":
        from measurand.version import __version__

        print(__version__)
        return 0
    verb = args[0]
    _find_systems()
    if verb != "train":
        ranks.refuse(verb)
    path = VERBS[verb][0] if verb in VERBS else _of_a_system(verb)
    if path is None:
        print(f"measurand: unknown verb {verb!r}\n\n{usage()}", file=sys.stderr)
        return EXIT_ERROR
    module = importlib.import_module(path)
    code: int = module.main(args if module.__name__ in _SHARED else args[1:])
    sys.stdout.flush()
    return code


def _run(args: list[str], interrupts: _Interrupts) -> int:
    verb = args[0] if args else ""
    try:
        code = _call(args)
        # A library may have swallowed it, and then what was done may not be whole.
        return _interrupted(verb, interrupts) if interrupts.came else code
    except SystemExit as stop:
        return 0 if stop.code in (0, None) else EXIT_ERROR
    except KeyboardInterrupt:
        return _interrupted(verb, interrupts)
    except Exception as error:
        if interrupts.came:
            # What a library made of it on the way, such as a failed step of a pipeline.
            return _interrupted(verb, interrupts)
        if isinstance(error, MeasurandError):
            print(f"measurand {verb}: {error.code}: {error}", file=sys.stderr)
            return EXIT_ERROR
        return _stopped(verb, error)


def _interrupted(verb: str, interrupts: _Interrupts) -> int:
    interrupts.quiet()
    word = "terminated" if interrupts.given_up == EXIT_TERMINATED else "interrupted"
    print(f"measurand {verb}: {word}; run it again to go on", file=sys.stderr)
    return interrupts.given_up


def _find_systems() -> None:
    """Make the systems of the project here importable: they belong to it, not to the wheel."""
    from measurand import project

    try:
        project.make_importable(project.find_root())
    except MeasurandError:
        return


def _stopped(verb: str, error: Exception) -> int:
    """Say what no module has named; returns the exit code."""
    if isinstance(error, BrokenPipeError):
        # Python would write what it still holds at its end, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_PIPE
    if isinstance(error, OSError) and error.errno in _REFUSED:
        where = f"{error.filename}: " if error.filename else ""
        hint = _REFUSED[error.errno]
        print(f"measurand {verb}: os_error: {where}{error.strerror} ({hint})", file=sys.stderr)
        return EXIT_ERROR
    if isinstance(error, ModuleNotFoundError):
        from measurand.extras import missing

        if (named := missing(error, verb)) is not None:
            print(f"measurand {verb}: {named.code}: {named}", file=sys.stderr)
            return EXIT_ERROR
    traceback.print_exception(error)
    print(f"measurand {verb}: internal_error: please report the lines above", file=sys.stderr)
    return EXIT_ERROR


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
