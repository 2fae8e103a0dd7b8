"""Units of model calls on the workers of a runner."""

from __future__ import annotations

from collections.abc import Sequence

from measurand.beam.running import pipeline
from measurand.beam.work import Work, give
from measurand.dealing.units import Unit, answer


def ask_units(
    runner: str, argv: Sequence[str], units: Sequence[Unit], label: str, total: int, done: int
) -> None:
    """Have workers answer units; each publishes its answers in the units' folder.

    Args:
        runner: see :func:`measurand.beam.pipeline_options`.
        argv: further Beam options.
        units: of one folder.
        label: what is being done, for the progress line.
        total: calls in all.
        done: of these, calls that were answered before.

    Raises:
        RunnerError: the runner is refused, or it failed; what was published stands.
        MeasurandError: whatever named error a worker raised.
    """
    import apache_beam

    def answered() -> int:
        return done + sum(unit.calls for unit in units if unit.file.exists())

    with pipeline(runner, argv) as built:
        give(built, Work(label, "prompts", total, answered, units[0].folder))
        _ = (
            built
            | "units" >> apache_beam.Create([*units])
            | "deal" >> apache_beam.Reshuffle()
            | "ask" >> apache_beam.Map(answer)
        )
