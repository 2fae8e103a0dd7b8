"""Named errors: each says what is wrong and what to do about it."""

from __future__ import annotations

import json
import re

_NOTE = "measurand: "
#: Options in a hint; those of other programs have underscores, or stand behind their names.
_OPTION = re.compile(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)(?![\w-])")
_OTHERS = re.compile(r"`(?!measurand )[^`]*`|\bpip install .*")
_ARGUMENTS = {"as": "mode"}


class MeasurandError(Exception):
    """Base of every error that a user can cause or mend.

    Attributes:
        code: a stable word that scripts and tests can match.
        hint: what to do, one sentence.
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if code is not None:
            self.code = code
        if arguments := in_python(f"{message} {hint}"):
            # Python shows notes below an error; the command line shows the error alone.
            self.add_note(f"From Python: {', '.join(arguments)}")

    def __str__(self) -> str:
        return super().__str__() + (f" ({self.hint})" if self.hint else "")

    @property
    def _tagged_with_step(self) -> bool:
        """Beam asks this of what a step of a pipeline raises, before it hands the text on.

        Without it Beam would raise a copy, which has neither hint nor code. A traceback ends with
        the notes of its error, and so do they reach the driver: :func:`noted`.
        """
        if not any(note.startswith(_NOTE) for note in getattr(self, "__notes__", ())):
            kind = type(self)
            told = {
                "module": kind.__module__,
                "kind": kind.__qualname__,
                "message": str(self.args[0]) if self.args else "",
                "hint": self.hint,
                "code": self.code,
            }
            self.add_note(_NOTE + json.dumps(told))
        return True


def in_python(text: str) -> list[str]:
    """The arguments that the options in a text are for who calls the function: ``cluster=``."""
    found = dict.fromkeys(_OPTION.findall(_OTHERS.sub("", text)))
    return [f"{_ARGUMENTS.get(name, name.replace('-', '_'))}=" for name in found]


class InputError(MeasurandError):
    """A file or an argument of the user cannot be used."""

    code = "bad_input"


class ParamsError(InputError):
    """A parameter file has an unknown key, a wrong type or a forbidden value."""

    code = "bad_params"


class SchemaError(MeasurandError):
    """Data does not keep to the table it was declared as."""

    code = "schema_violation"


class ConservationError(MeasurandError):
    """Rows in differ from rows out plus rejected rows."""

    code = "rows_lost"


class VerifyError(MeasurandError):
    """Files on disk differ from what their manifest says."""

    code = "verify_failed"


class RunnerError(MeasurandError):
    """A Beam runner is unknown, unusable or known to lose data."""

    code = "bad_runner"


class WorkerError(RunnerError):
    """A worker of a runner computes with other code or other packages than the driver."""

    code = "other_worker"


class PlaceError(WorkerError):
    """A worker of a runner does not see the folder that a build writes to."""

    code = "no_place"


class CapabilityError(MeasurandError):
    """A model cannot do what the run needs; found before the first call."""

    code = "missing_capability"


class InfraError(MeasurandError):
    """A server, file system or engine failed; never the model's failure."""

    code = "infra_error"


class StoreError(InfraError):
    """An object store refuses or does not answer, or an object is not what was written."""

    code = "store_failed"


def noted(text: str) -> dict[str, str] | None:
    """Module, kind, message, hint and code of the named error that a worker's traceback ends with.

    Args:
        text: what a runner makes of it; the last error counts.
    """
    for line in reversed(text.splitlines()):
        _, mark, told = line.partition(_NOTE)
        if not mark:
            continue
        try:
            found, _ = json.JSONDecoder().raw_decode(told)
        except ValueError:
            continue
        if isinstance(found, dict) and {"module", "kind", "message", "hint", "code"} <= {*found}:
            return found
    return None
