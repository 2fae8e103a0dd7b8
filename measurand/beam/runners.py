"""Which Beam runners are allowed, and what their names and settings mean.

Facts of Beam 2.77: ``DirectRunner`` tries to download a binary at every run; ``DaskRunner`` drops
all branches of a pipeline but the last and fills tagged outputs wrongly, with state DONE. They are
refused. ``PrismRunner``, ``FlinkRunner`` and ``SparkRunner`` download what is not at hand: they are
allowed where it is, so that nothing is ever downloaded at run time.
"""

from __future__ import annotations

import math
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from measurand.errors import RunnerError

LOCAL = "FnApiRunner"
PRISM = "PrismRunner"
PORTABLE = ("PortableRunner", PRISM, "FlinkRunner", "SparkRunner", "DataflowRunner")
JARS = {
    "FlinkRunner": ("flink_job_server_jar", "beam-runners-flink-VERSION-job-server"),
    "SparkRunner": ("spark_job_server_jar", "beam-runners-spark-3-job-server"),
}
"""The option that names a runner's job server, and the name of that artifact at Maven Central."""
_THIS_MACHINE = re.compile(r"\[(local|auto)\]|local(\[.+\])?")
"""Masters that Beam starts in the job server itself: workers are then this process."""
REFUSED = {
    "DirectRunner": "it tries to download the Prism binary at every run",
    "SwitchingDirectRunner": "it tries to download the Prism binary at every run",
    "BundleBasedDirectRunner": "it is many times slower and has other semantics",
    "DaskRunner": "it loses rows silently: it computes the last branch alone, and tagged outputs "
    "are wrong",
}


VARIABLE = "MEASURAND_RUNNER"
"""Names the runner of builds where nothing else does; no stage is out of date by it."""


def chosen(runner: str | None, argv: Sequence[str] = ()) -> tuple[str, list[str]]:
    """The runner that was given, else that of :data:`VARIABLE`, else the local one; its options.

    The variable holds what stands after ``--runner``: ``Name:key=value,...``, and options in Beam's
    own form after a blank.

    Raises:
        RunnerError: the variable's quotes do not match.
    """
    try:
        words = [w for w in shlex.split(os.environ.get(VARIABLE, "")) if w != "--"]
    except ValueError as error:
        raise RunnerError(f"{VARIABLE}: {error}", hint="mend the quotes") from error
    if runner is not None or not words:
        return runner or LOCAL, [*argv]
    return words[0], [*words[1:], *argv]


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


def require(name: str, found: Mapping[str, Any]) -> dict[str, str]:
    """Refuse a portable runner that lacks what Beam would download or guess.

    Args:
        name: of the runner.
        found: its options by name, as Beam reads them.

    Returns:
        Options that follow from these.

    Raises:
        RunnerError: no binary, jar or Java at hand; no endpoint; nobody said where workers run.
    """
    own: dict[str, str] = {}
    endpoint, kind = found.get("job_endpoint"), found.get("environment_type")
    if name == PRISM and not endpoint:
        own["prism_location"] = str(prism_binary(found.get("prism_location")))
    elif name in JARS and not endpoint:
        _require_jar(name, found)
    elif name == "PortableRunner" and not endpoint:
        raise RunnerError(
            f"{name}: no job_endpoint, the address of a job service",
            hint=f"{name}:job_endpoint=HOST:PORT,environment_type=...",
        )
    if name == "DataflowRunner":
        return own
    if not kind:
        master = found.get("flink_master" if name == "FlinkRunner" else "spark_master_url")
        here = name in JARS and not endpoint and _THIS_MACHINE.fullmatch(str(master))
        if name != PRISM and not here:
            raise RunnerError(
                f"{name}: no environment_type, so nothing says where workers run; "
                "Beam would ask Docker",
                hint="environment_type=EXTERNAL,environment_config=HOST:PORT for a worker pool, "
                "LOOPBACK for this process, DOCKER with a daemon that runs",
            )
        own["environment_type"] = "LOOPBACK"
    if kind == "EXTERNAL" and not found.get("environment_config"):
        raise RunnerError(
            f"{name}: environment_type=EXTERNAL without environment_config",
            hint="environment_config=HOST:PORT is the worker pool, as the cluster reaches it",
        )
    return own


def prism_binary(location: str | None) -> Path:
    """The program Prism: the one named, else what the PATH has.

    Raises:
        RunnerError: there is none, or it cannot be started.
    """
    hint = (
        "name the program in PrismRunner:prism_location=FILE or put `prism` on the PATH; "
        "nothing is downloaded at run time"
    )
    path = location or shutil.which("prism")
    if path is None:
        raise RunnerError(f"{PRISM}: there is no program `prism` on the PATH", hint=hint)
    if not Path(path).is_file():
        raise RunnerError(f"{PRISM}: {path} is no file", hint=hint)
    if not os.access(path, os.X_OK):
        raise RunnerError(f"{PRISM}: {path} is no program", hint=hint)
    return Path(path).resolve()


def _require_jar(name: str, found: Mapping[str, Any]) -> None:
    option, artifact = JARS[name]
    hint = (
        f"give {option}=FILE, the jar {artifact} of Maven Central, or job_endpoint=HOST:PORT of a "
        "job server that runs; nothing is downloaded at run time"
    )
    jar = found.get(option)
    if not jar:
        raise RunnerError(f"{name}: no jar of its job server", hint=hint)
    if not Path(jar).is_file():
        raise RunnerError(f"{name}: {option}={jar} is no file", hint=hint)
    java = found.get("job_server_java_launcher") or "java"
    if shutil.which(java) is None:
        raise RunnerError(
            f"{name}: there is no program `{java}`, which starts the job server",
            hint="install Java, or give job_endpoint=HOST:PORT of a job server that runs",
        )


def refuse_unknown(name: str, words: Sequence[str], known: Iterable[str]) -> None:
    """Refuse options that Beam would drop with a warning.

    Args:
        name: of the runner, or who else was asked.
        words: the command line.
        known: names of options, without dashes.

    Raises:
        RunnerError: naming each of them.
    """
    names = {*known}
    bad = []
    for before, word in zip(("", *words), words, strict=False):
        if word.startswith("--"):
            option = word[2:].split("=")[0]
            # Some of Beam's options are turned off so.
            if option not in names and option.removeprefix("no_") not in names:
                bad.append(f"--{option}")
        elif not before.startswith("--") or "=" in before:
            bad.append(word)
    if bad:
        raise RunnerError(
            f"{name} has no options {', '.join(bad)}",
            hint="see the options of Beam and of the job server; nothing is dropped silently",
        )
