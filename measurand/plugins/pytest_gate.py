"""Gates as tests: the fixture ``measurand_gate``, loaded by pytest through ``pytest11``.

::

    def test_the_model_is_good_enough(measurand_gate):
        measurand_gate("gates/mine.yaml", results="runs/today")

A gate that fails or is undecided fails the test with its sentence; evidence that cannot be read
fails it with code and hint. JUnit files get every gate's sentence as a property.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from measurand.errors import MeasurandError

if TYPE_CHECKING:
    from measurand.gates.verdict import Verdict

Gate = Callable[..., "Verdict"]


class GateFailed(AssertionError):
    """A blocking gate fails or is undecided; the message is its sentence."""


class GateError(Exception):
    """A gate could not be put to its evidence; the message says what to do."""


@pytest.fixture
def measurand_gate(request: pytest.FixtureRequest) -> Gate:
    """A function that puts a gate file to its evidence.

    It takes ``file``, and by keyword ``results`` (a folder of results, or anything that
    ``measurand analyse`` reads), ``root`` (folder that paths in the file are relative to; pytest's
    root), ``out`` (folder where looks are counted) and ``models``. It returns the verdict; a gate
    that warns is a warning of the test.

    Raises:
        GateFailed: a blocking gate fails or is undecided.
        GateError: a gate could not be put.
    """

    def gate(
        file: str | Path,
        *,
        results: str | Path | None = None,
        root: str | Path | None = None,
        out: str | Path | None = None,
        models: Sequence[str] | None = None,
    ) -> Verdict:
        from measurand.gates.logs import verdict_of

        base = Path(root) if root is not None else request.config.rootpath
        where = None if out is None else base / out
        path = None if results is None else base / results
        try:
            found = verdict_of(base / file, base, path, where, models)
        except MeasurandError as error:
            raise GateError(f"{error.code}: {error}") from error
        # `record_property` does this too, and warns whoever writes JUnit files of the default kind.
        told = request.node.user_properties
        told.append(("measurand.state", found.state))
        told.extend((f"measurand.{one.name}", one.sentence) for one in found.gates)
        for one in found.gates:
            if one.state != "pass" and one.effect == "pass":
                request.node.warn(pytest.PytestWarning(one.sentence))
        if found.problem is not None:
            hint = f" ({found.problem.hint})" if found.problem.hint else ""
            raise GateError(f"{found.problem.code}: {found.problem.message}{hint}")
        errors = [g.sentence for g in found.gates if g.effect == "error"]
        if errors:
            raise GateError("\n".join(errors))
        blocking = [g.sentence for g in found.gates if g.effect in ("fail", "inconclusive")]
        if blocking:
            raise GateFailed("\n".join(blocking))
        return found

    return gate
