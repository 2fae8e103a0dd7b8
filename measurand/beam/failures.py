"""What goes wrong in a worker, named; and log lines that say it a second time, left out.

Workers hand an exception on as text alone. A named error brings a note at its end
(:func:`measurand.errors.noted`); of one without, class and message are read.
"""

from __future__ import annotations

import logging
import re
import sys

from measurand.beam.runners import LOCAL
from measurand.errors import MeasurandError, RunnerError, WorkerError, noted

_RAISED = re.compile(
    r"\b((?:measurand|schemas|pipelines|evaluators)(?:\.\w+)*)\.(\w+): (.*?)(?: \[while running|$)",
    re.M,
)
_CALL = re.compile(r'status = StatusCode\.(\w+)\s+details = "([^"\n]*)"')
_MISSING = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
_REFUSED = re.compile(r"\[Errno (\d+)\] ([^:\[\n]+)(?:: '([^'\n]*)')?")


def quiet() -> None:
    """Leave out three lines of Beam's log; call it before Beam is imported.

    The import warns through the root logger that Google's extra is missing, and a step that raises
    is logged with its traceback, though a named error, or an interrupt, reaches the caller anyway.
    """
    for name in (None, "apache_beam.runners.common"):
        logging.getLogger(name).addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    kind = record.exc_info[0] if record.exc_info else None
    named = kind is not None and issubclass(kind, MeasurandError | KeyboardInterrupt)
    return not named and not str(record.msg).startswith("apitools not found")


def named_error(error: Exception, runner: str) -> Exception:
    """The named error that a worker raised, out of the text that Beam makes of it."""
    if isinstance(error, MeasurandError):
        return error
    if told := noted(str(error)):
        made = _made(told["module"], told["kind"], told["message"], told["hint"], told["code"])
        return made or MeasurandError(told["message"], hint=told["hint"], code=told["code"])
    for module, name, message in reversed(_RAISED.findall(str(error))):
        if made := _made(module, name, message):
            return made
    if runner != LOCAL and (missing := _MISSING.search(str(error))):
        return WorkerError(
            f"a worker of {runner} has no module {missing[1]}",
            hint="give workers the driver's environment and checkout (PYTHONPATH)",
        )
    if refused := _REFUSED.search(str(error)):
        # What the file system refuses is told as such, not as a fault of the runner.
        return OSError(int(refused[1]), refused[2].strip(), refused[3])
    if lost := _CALL.search(str(error)):
        return RunnerError(
            f"{runner} is lost: {lost[1]}, {lost[2]}",
            hint="look at its log, start it again and build again",
        )
    lines = [line for line in str(error).splitlines() if line.strip()]
    return RunnerError(f"{runner} failed: {lines[-1] if lines else error!r}")


def _made(
    module: str, name: str, message: str, hint: str = "", code: str | None = None
) -> MeasurandError | None:
    """An error of a class by its name, or of the nearest class above it that is made of a message.

    None where there is no such class here, or it is no named error.
    """
    kind = getattr(sys.modules.get(module), name, None)
    for above in kind.mro() if isinstance(kind, type) else ():
        if issubclass(above, MeasurandError):
            try:
                return above(message, hint=hint, code=code)
            except TypeError:
                continue
    return None
