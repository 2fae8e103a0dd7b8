"""Whether an evaluation asks its models here or deals their calls to workers of a runner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from measurand.api.silence import collected
from measurand.beam.runners import LOCAL, chosen, parse
from measurand.errors import RunnerError


def asked(
    evaluate: Callable[[Path], None],
    module: ModuleType,
    out: Path,
    journal: Path,
    runner: str | None,
    argv: Sequence[str],
    *,
    until: bool,
) -> list[dict[str, Any]]:
    """Run an evaluation, on the workers of a runner where one is named that has workers.

    Args:
        evaluate: the evaluation, given the folder that it writes to.
        module: where it stands.
        out: the folder of its results.
        journal: folder of the model calls.
        runner: see :func:`measurand.beam.pipeline_options`; that of ``MEASURAND_RUNNER`` without.
        argv: further Beam options.
        until: whether the evaluation stops when gates are decided.

    Returns:
        What workers were asked of their code; nothing where there were none.

    Raises:
        RunnerError: the runner that was named cannot deal this evaluation.
    """
    name, words = chosen(runner, argv)
    kind, settings = parse(name)
    if kind == LOCAL and not (settings or words):
        evaluate(out)
        return []
    bad = _unfit(module, kind, settings, until)
    if bad is not None:
        if runner is not None:
            raise bad
        evaluate(out)
        return []
    from measurand.beam import quiet, recorded
    from measurand.beam.dealt import ask_units
    from measurand.dealing.running import run

    def aloud_at_last(folder: Path) -> None:
        with nullcontext() if folder == out else collected(None):
            evaluate(folder)

    quiet()
    with recorded() as facts:
        run(aloud_at_last, out, journal, partial(ask_units, name, words))
    return facts


def _unfit(
    module: ModuleType, kind: str, settings: dict[str, str], until: bool
) -> RunnerError | None:
    """Why an evaluation cannot be dealt to a runner; null where it can."""
    if not getattr(module, "DEALS", False):
        system = module.__name__.split(".")[1]
        return RunnerError(
            f"evaluate {system} has no batches of model calls that could be dealt",
            hint="leave out --runner: what it measures runs in this process",
        )
    if until:
        return RunnerError(
            "--runner with --until: what is asked next depends on the answers so far",
            hint="leave one of them out",
        )
    if kind == LOCAL and "threads" in settings:
        return RunnerError(
            "threads of one process would share an engine",
            hint="FnApiRunner:processes=N loads one in each process",
        )
    return None
