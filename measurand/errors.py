"""Named errors: each says what is wrong and what to do about it."""


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

    def __str__(self) -> str:
        return super().__str__() + (f" ({self.hint})" if self.hint else "")


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
