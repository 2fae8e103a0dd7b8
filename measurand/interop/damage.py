"""Files that are not as their harness writes them: one error, whatever the readers meet in them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measurand.errors import InputError

DAMAGED = (
    *(ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError),
    *(EOFError, OSError, zlib.error),
)
"""What reading raises where a field is missing, of another kind, or a number too large."""


def damaged(
    file: Path, harness: str, error: Exception, line: int | None = None, hint: str = ""
) -> InputError:
    """The error for a log that cannot be read."""
    where = f"{file} line {line}" if line else str(file)
    return InputError(
        f"{where}: no sample of {harness}: {error!r}"[:400],
        hint=hint or f"give a log as {harness} writes it",
        code="bad_log",
    )


@contextmanager
def guarded(file: Path, harness: str) -> Iterator[None]:
    """Read a file whose fields may be of any kind.

    Raises:
        InputError: code ``bad_log``, or what is raised inside.
    """
    try:
        yield
    except DAMAGED as error:
        raise damaged(file, harness, error) from error
