"""Which Beam runners are allowed, and what their names and settings mean.

Facts of Beam 2.77: ``DirectRunner`` and ``PrismRunner`` try to download a binary at every run;
``DaskRunner`` drops all branches of a pipeline but the last and fills tagged outputs wrongly, with
state DONE. They are refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from measurand.errors import RunnerError

LOCAL = "FnApiRunner"
PORTABLE = ("PortableRunner", "FlinkRunner", "SparkRunner", "DataflowRunner")
REFUSED = {
    "DirectRunner": "it tries to download the Prism binary at every run",
    "PrismRunner": "it tries to download the Prism binary at every run",
    "SwitchingDirectRunner": "it tries to download the Prism binary at every run",
    "BundleBasedDirectRunner": "it is many times slower and has other semantics",
    "DaskRunner": "it loses rows silently: it computes the last branch alone, and tagged outputs "
    "are wrong",
}


def parse(runner: str) -> tuple[str, dict[str, str]]:
    """Name and settings of ``Name`` or ``Name:key=value,...``.

    Raises:
        RunnerError: the runner is refused or unknown, or a setting has no value.
    """
    name, _, rest = runner.partition(":")
    if reason := REFUSED.get(name.rsplit(".", 1)[-1]):
        raise RunnerError(f"{name} is refused: {reason}", hint=f"use {LOCAL}")
    if name not in (LOCAL, *PORTABLE):
        raise RunnerError(
            f"unknown runner {name!r}", hint=f"known are {', '.join((LOCAL, *PORTABLE))}"
        )
    pairs = [part.partition("=") for part in rest.split(",") if part]
    if bad := [key for key, equals, value in pairs if not (key and equals and value)]:
        raise RunnerError(f"{runner}: {bad} without a value", hint="write Runner:key=value,...")
    return name, {key: value for key, _, value in pairs}


def flags(name: str, settings: Mapping[str, str]) -> list[str]:
    """Beam's own flags for the settings of a runner.

    Raises:
        RunnerError: the runner takes no such setting, or not this value.
    """
    if name != LOCAL:
        plain = [f"--{k}={v}" for k, v in settings.items() if k != "timeout_s"]
        if "job_server_timeout" in settings:
            return plain
        # Beam gives the job's whole state stream this deadline, 300 s by default: a longer run on
        # a job service like Beam's own would fail. _reach() is what finds a dead endpoint.
        limit = seconds(settings.get("timeout_s"))
        return [*plain, f"--job_server_timeout={int(limit or 1_000_000) + 60}"]
    modes = {"threads": "multi_threading", "processes": "multi_processing"}
    if len(settings) > 1 or not set(settings) <= set(modes):
        raise RunnerError(
            f"{LOCAL} takes threads=N or processes=N, not {dict(settings)}",
            hint="a time-out works on portable runners alone",
        )
    words = []
    for key, value in settings.items():
        if not value.isdecimal() or int(value) < 1:
            raise RunnerError(f"{LOCAL}: {key}={value} is no count")
        words = [f"--direct_running_mode={modes[key]}", f"--direct_num_workers={value}"]
    return words


def seconds(text: str | None) -> float | None:
    """A time-out in seconds; null stays null.

    Raises:
        RunnerError: no number, or not above 0.
    """
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1e9:
        raise RunnerError(f"timeout_s={text} is no number of seconds above 0")
    return value
