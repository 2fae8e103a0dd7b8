"""Build the data set: the corpus of pages, and the experience of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from measurand import beam, project
from measurand.errors import CapabilityError
from pipelines.webagent import collecting, corpus, driver, sandbox
from schemas.webagent.params import Experience, Params


def build(
    params: Params, out: Path, runner: str, argv: Sequence[str] = (), *, journal: Path
) -> None:
    """Write the tables of the corpus and of the experience below ``out``.

    Where there is no browser or no sandbox, the experience is left out, and that is said; a build
    that would have nothing else is refused.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`; workers that play must run on this
            machine.
        argv: further Beam options.
        journal: not used: no model is called.

    Raises:
        CapabilityError: nothing can be built: code ``missing_browser``, ``missing_driver`` or
            ``missing_sandbox``.
        InfraError: browsers failed too often, or a package cannot be fetched.
        InputError: a source of pages is not there, or a split has no part.
        ConservationError: a page or an episode was neither written nor rejected.
    """
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    given = params.build
    lacking = None if given.experience is None else _lacking(given.experience)
    if given.corpus is None and lacking is not None:
        raise lacking
    if given.corpus is not None:
        kept = project.root_or_here() / "data" / "sources"
        corpus.write(given.corpus, out, runner, argv, kept=kept.resolve())
    if lacking is not None:
        print(f"build webagent: experience is left out: {lacking}")
        return
    collecting.write(given, out, runner, argv)


def _lacking(wanted: Experience) -> CapabilityError | None:
    """Why nobody can play here; None where one can."""
    try:
        driver.program()
    except CapabilityError as error:
        return error
    if wanted.without_sandbox or sandbox.works():
        return None
    return CapabilityError(
        "programs are run in a sandbox, and bubblewrap does not work here",
        hint="apt-get install bubblewrap, or set build.experience.without_sandbox",
        code="missing_sandbox",
    )
