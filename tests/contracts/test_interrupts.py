"""SIGINT at random moments of every verb: 130, nothing left behind, and the next run is as usual.

One moment a verb by default; ``MEASURAND_INTERRUPTS=20`` tries twenty, ``MEASURAND_SEED`` others.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
import yaml
from elastictok_small import SMALL, build_in, params_of, train_in
from test_eleventh_system import copy_project, install

from measurand.cli import EXIT_INTERRUPTED, VERBS

pytestmark = pytest.mark.integration
MOMENTS = int(os.environ.get("MEASURAND_INTERRUPTS", "1"))
SEED = os.environ.get("MEASURAND_SEED", "1")
PATIENCE = 20.0
"""Seconds from the signal to the end of the process, at most."""
LIMIT = 240.0
"""Seconds of a whole run, at most."""
VERDICTS = (0, 1, 2)
HOW_LONG = re.compile(r"costs/|\.jsonl$")
"""Files that say how long calls took: time is not data."""
TIMES = re.compile(r"\d+(\.\d+)? s\b")
Files = dict[str, bytes]


@dataclass(frozen=True)
class Case:
    """A command.

    Attributes:
        words: after ``measurand``.
        outs: what it writes, below the project; gone before each first run.
        needs: what must be there: names of cases, or functions below.
        codes: exit codes of an undisturbed run.
        kept: files below the project that are there before and that it changes.
        says: whether it prints the same each time.
        waits: whether it ends by itself.
    """

    words: str
    outs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    codes: tuple[int, ...] = (0,)
    kept: tuple[str, ...] = ()
    says: bool = True
    waits: bool = False


ASKED = "--model synthetic:factor --limit 64"
CASES = {
    "list": Case("list"),
    "show": Case("show line"),
    "status": Case("status"),
    "doctor": Case("doctor", codes=(0, 3), says=False),
    "preset": Case("preset personality cpu", kept=("params/personality.yaml",)),
    "build": Case("build line --out b/dataset --journal b/journal", ("b",)),
    "build with Beam": Case("build personality --out p/dataset --journal p/journal", ("p",)),
    "train": Case("train line --data b --out t --journal tj", ("t", "tj"), ("build",)),
    "evaluate": Case(
        f"evaluate personality --data p --out e/results --journal e/journal {ASKED}",
        ("e",),
        ("build with Beam",),
    ),
    "run": Case("run line --out r", ("r",), codes=VERDICTS),
    "run with Beam": Case(f"run personality --out rp {ASKED}", ("rp",), codes=VERDICTS),
    "report": Case(
        "report line --data r/data --results r/results --out root/reports/line",
        ("root",),
        ("run",),
        VERDICTS,
    ),
    "report --index": Case("report --index", ("reports/index.html", "reports/index.md")),
    "report --docs": Case("report --docs", kept=("README.md", "docs/machines.md")),
    "replicate": Case(
        "replicate line --trainings 2", ("studies/line", "journal/line/replicates"), ("placed",)
    ),
    "gate": Case("gate gates/line.yaml --root root --out g", ("g",), ("report",), VERDICTS),
    "analyse": Case("analyse t.csv --save a/rows --out a.html --format html", ("a", "a.html")),
    "compare": Case("compare t.csv u.csv --out c.html --format html", ("c.html",)),
    "reliability": Case("reliability q.csv --out rel.txt", ("rel.txt",)),
    "agreement": Case("agreement q.csv --resamples 200 --out agr.txt", ("agr.txt",)),
    "publish": Case("publish line --data b/dataset --to pub", ("pub",), ("build",)),
    "verify": Case("verify p/dataset", needs=("build with Beam",)),
    "agi_levels card": Case("agi_levels card --runs t.csv --norms psych --out card", ("card",)),
    "agi_levels norms": Case("agi_levels norms"),
    "compwob pages": Case("compwob pages pages", ("pages",)),
    "compwob run": Case(
        "compwob run --html-root pages --page two-clicks.html --seeds 0:3 --out cw",
        ("cw",),
        ("compwob pages", "browser"),
    ),
    "compwob play": Case("compwob play click-button --out film", ("film",), ("browser",)),
    "elastictok encode": Case(
        "elastictok encode my.mp4 --threshold 0.2 --out enc --params small.yaml "
        "--checkpoint et/checkpoint",
        ("enc",),
        ("film",),
    ),
    "value_functions uci": Case(
        "value_functions uci --checkpoint chess-mse.safetensors", needs=("chess",), waits=True
    ),
}


def _placed(project: Path) -> None:
    _whole(project, Case("build line", ("data/line",)))


def _browser(project: Path) -> None:
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        pytest.skip("no chromium on the PATH: install it to run this")


def _film(project: Path) -> None:
    params = params_of()
    (project / "small.yaml").write_text(yaml.safe_dump(SMALL))
    (project / "et").mkdir()
    train_in(build_in(project / "et", params), params)
    with av.open(str(project / "my.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(200):
            picture = np.zeros((48, 64, 3), np.uint8)
            picture[(i * 3) % 40 :, :, i % 3] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))


def _chess(project: Path) -> None:
    from measurand.training import tensors
    from pipelines.value_functions import networks
    from pipelines.value_functions.boards import PLANES

    own = networks.beginning(PLANES, 8, 1, 1, "chess")
    head = {"low": 0.0, "high": 1.0, "bins": 21, "ratio": 0.75, "mean": 0.5, "spread": 0.3}
    about = {"kind": "chess", "phases": 1, "head": {**head, "loss": "mse"}}
    named = {f"0.{name}": weight for name, weight in own.items()}
    tensors.save(project / "chess-mse.safetensors", named, about)


MADE: dict[str, Callable[[Path], None]] = {
    "placed": _placed, "browser": _browser, "film": _film, "chess": _chess,
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a small system that trains, and tables of somebody's."""
    folder = tmp_path_factory.mktemp("interrupts") / "project"
    folder.mkdir()
    copy_project(folder)
    install(folder, "line")
    shutil.copytree(Path(__file__).parents[2] / "reports", folder / "reports")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    rng = np.random.default_rng(3)
    for name, share in (("t", 0.6), ("u", 0.7)):
        lines = [f"{m},{i},{int(rng.random() < share)}" for m in "ab" for i in range(1000)]
        (folder / f"{name}.csv").write_text("\n".join(["model,item_id,value", *lines]) + "\n")
    own = rng.normal(size=(200, 1)) + rng.normal(size=(200, 5))
    rows = np.clip(np.rint(3 + own), 1, 5).astype(int)
    (folder / "q.csv").write_text("a,b,c,d,e\n" + "\n".join(",".join(map(str, r)) for r in rows))
    return folder


@pytest.fixture(scope="module")
def done() -> set[str]:
    """Names of needs that are met."""
    return set()


def _start(project: Path, case: Case) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "measurand.cli", *case.words.split()],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
        # Whoever runs the tests in the background hands on that interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )


def _whole(project: Path, case: Case) -> tuple[int, str, float]:
    """Exit code, what it printed, and how long it took."""
    start = time.monotonic()
    out, err = (process := _start(project, case)).communicate(timeout=LIMIT)
    seconds = time.monotonic() - start
    assert process.returncode in case.codes, (case.words, process.returncode, err.decode()[-2000:])
    return process.returncode, TIMES.sub("_ s", out.decode()), seconds


def _files(project: Path, case: Case) -> Files:
    found = {}
    for place in (*case.outs, *case.kept):
        whole = project / place
        for path in sorted(whole.rglob("*")) if whole.is_dir() else [whole]:
            name = path.relative_to(project).as_posix()
            if path.is_file() and not HOW_LONG.search(name):
                found[name] = path.read_bytes()
    return found


def _state(project: Path) -> dict[str, tuple[int, int]]:
    """Every file of the project by size and time, but for compiled code."""
    found = {}
    for folder, inner, names in os.walk(project):
        inner[:] = [name for name in inner if name not in ("__pycache__", ".git")]
        for name in names:
            facts = os.stat(os.path.join(folder, name), follow_symlinks=False)
            found[os.path.join(folder, name)] = (facts.st_size, facts.st_mtime_ns)
    return found


def _clean(project: Path, case: Case, kept: Files) -> None:
    for place in case.outs:
        shutil.rmtree(project / place, ignore_errors=True)
        (project / place).unlink(missing_ok=True)
    for name, raw in kept.items():
        (project / name).write_bytes(raw)


def _meet(project: Path, needs: tuple[str, ...], done: set[str]) -> None:
    for name in needs:
        if name in MADE and name not in done:
            MADE[name](project)
        elif name not in done:
            _meet(project, CASES[name].needs, done)
            if not all((project / out).exists() for out in CASES[name].outs):
                _whole(project, CASES[name])
        done.add(name)


def _left(session: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            state, *numbers = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            if int(numbers[2]) == session and state not in "ZX":
                found.append(int(folder.name))
    return found


def _interrupted(
    project: Path, case: Case, after: float, whole_group: bool
) -> tuple[int, str] | None:
    """Exit code and last words of a run that was interrupted; None where it had ended before."""
    process = _start(project, case)
    try:
        if case.waits:
            time.sleep(after)
        else:
            process.communicate(timeout=after)
            return None
    except subprocess.TimeoutExpired:
        pass
    # A terminal sends it to everything that runs there, a service to the process alone.
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    start = time.monotonic()
    try:
        _, err = process.communicate(timeout=LIMIT)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    assert time.monotonic() - start < PATIENCE
    for _ in range(50):
        if not _left(process.pid):
            break
        time.sleep(0.1)
    assert not _left(process.pid), "processes were left behind"
    return process.returncode, err.decode()


def _kind(code: int, said: str, codes: tuple[int, ...]) -> str:
    """What an interrupt came to, in a word.

    Before ``main`` runs, the interpreter itself ends as it does: by the signal, and with a
    traceback of what it was importing.
    """
    if code == EXIT_INTERRUPTED:
        assert "Traceback" not in said, said
        return "130"
    if "in main" not in said and (code == -signal.SIGINT or "KeyboardInterrupt" in said):
        return "before main"
    assert code in codes, (code, said)
    assert "Traceback" not in said, said
    return "done"


@pytest.mark.timeout(LIMIT * (2 + 2 * MOMENTS))
@pytest.mark.parametrize("name", CASES)
def test_the_next_run_ends_as_if_nothing_had_been(name: str, project: Path, done: set[str]) -> None:
    case = CASES[name]
    _meet(project, case.needs, done)
    kept = {place: (project / place).read_bytes() for place in case.kept}
    _clean(project, case, kept)
    usual, printed, seconds = (0, "", 3.0) if case.waits else _whole(project, case)
    wanted = _files(project, case)
    rng = random.Random(f"{SEED} {name}")
    seen: Counter[str] = Counter()
    while seen.total() - seen["again"] < MOMENTS:
        _clean(project, case, kept)
        before = _state(project)
        after = rng.uniform(0, seconds)
        ended = _interrupted(project, case, after, rng.random() < 0.5)
        if ended is None:
            continue
        kind = _kind(*ended, case.codes)
        seen[kind] += 1
        if case.waits:
            continue
        if kind != "done":
            if seen["again"] and _state(project) == before:
                continue  # A first run begins from there too.
            seen["again"] += 1
            code, again, _ = _whole(project, case)
            assert code == usual
            assert again == printed or not case.says
        found = _files(project, case)
        changed = [n for n in sorted(wanted | found) if wanted.get(n) != found.get(n)]
        assert not changed, f"after {after:.2f} of {seconds:.2f} s: {changed}"
    _clean(project, case, kept)
    if case.outs:  # others may need it
        _whole(project, case)
    print(f"\n{name}: {seconds:.1f} s, {dict(seen)}", flush=True)


def test_every_verb_is_among_them() -> None:
    tried = {case.words.split()[0] for case in CASES.values()}
    own = {"agi_levels", "compwob", "elastictok", "value_functions"}
    systems = {path.parent.name for path in Path("evaluators").glob("*/commands.py")}
    assert tried == {*VERBS, *own}
    assert systems == own
