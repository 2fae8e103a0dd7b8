"""SIGINT at random moments of every verb: 130, nothing left behind, and the next run is as usual.

One moment of each quick verb by default; ``MEASURAND_INTERRUPTS=20`` tries twenty of every verb,
those that train and play too, which takes long; ``MEASURAND_SEED`` tries others.
Importing packages is most of a small command's time. So one moment in four is one of a process from
its start; the others are moments of a copy of a process that has imported them already.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import yaml
from elastictok_small import SMALL, build_in, params_of, train_in
from interrupting import LIMIT, Copies, Fresh, Running, left
from test_eleventh_system import copy_project, install

from measurand.cli import EXIT_INTERRUPTED, VERBS

pytestmark = pytest.mark.integration
MOMENTS = int(os.environ.get("MEASURAND_INTERRUPTS", "1"))
SEED = os.environ.get("MEASURAND_SEED", "1")
PATIENCE = 120.0
"""Seconds from the signal to the end of the process, at most."""
VERDICTS = (0, 1, 2)
NO_DATA = re.compile(r"costs/|cw/runs/|\.jsonl$|(^|/)train/[^/]+\.safetensors$|(^|/)episode\.html$")
"""Files that say how long calls took; states of trainings, with the state of random numbers;
pictures of a live page."""
QUICK = (
    *("list", "show", "status", "doctor", "preset", "build", "analyse", "compare", "reliability"),
    *("agreement", "agi_levels norms", "compwob pages"),
)
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


SMALL_RUN = "--params small_personality.yaml"
CASES = {
    "list": Case("list"),
    "show": Case("show line"),
    "status": Case("status"),
    "doctor": Case("doctor", codes=(0, 3), says=False),
    "preset": Case("preset personality cpu", kept=("params/personality.yaml",)),
    "build": Case("build line --out b/dataset --journal b/journal", ("b",)),
    "build with Beam": Case(
        f"build personality {SMALL_RUN} --out p/dataset --journal p/journal", ("p",)
    ),
    "train": Case("train line --data b --out t --journal tj", ("t", "tj"), ("build",)),
    "evaluate": Case(
        f"evaluate personality {SMALL_RUN} --data p --out e/results --journal e/journal",
        ("e",),
        ("build with Beam",),
    ),
    "run": Case("run line --out r", ("r",), codes=VERDICTS),
    "run with Beam": Case(f"run personality {SMALL_RUN} --out rp", ("rp",)),
    "report": Case(
        "report line --data r/data --results r/results --out root/reports/line",
        ("root",),
        ("run",),
        VERDICTS,
    ),
    "report --index": Case("report --index", ("reports/index.html", "reports/index.md")),
    "report --docs": Case(
        "report --docs",
        needs=("run", "reported"),
        kept=("README.md", "docs/machines.md"),
        says=False,
    ),
    "replicate": Case(
        "replicate line --trainings 2", ("studies/line", "journal/line/replicates"), ("placed",)
    ),
    "gate": Case("gate gates/line.yaml --root root --out g", ("g",), ("report",), VERDICTS),
    "analyse": Case("analyse t.csv --save a/rows --out a.html --format html", ("a", "a.html")),
    "compare": Case("compare t.csv u.csv --out c.html --format html", ("c.html",)),
    "items": Case("items m.csv --out items.txt", ("items.txt",)),
    "plan": Case("plan --gate pilot.yaml --pilot t.csv --models a --out plan.txt", ("plan.txt",)),
    "rescore": Case(
        "rescore said.csv --pattern \\d+ --save new.csv --out s.txt", ("new.csv", "s.txt")
    ),
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
    "driving_sim play": Case("driving_sim play curve-1 --planner idm --out drive", ("drive",)),
    "elastictok encode": Case(
        "elastictok encode my.mp4 --threshold 0.2 --out enc --params small.yaml "
        "--checkpoint et/checkpoint",
        ("enc",),
        ("film",),
    ),
    "webagent play": Case("webagent play map:0 --out web", ("web",), ("browser",)),
    "value_functions uci": Case(
        "value_functions uci --checkpoint chess-mse.safetensors", needs=("chess",), waits=True
    ),
}


def _placed(project: Path) -> None:
    _whole(project, Case("build line", ("data/line",)), Fresh(project))


def _reported(project: Path) -> None:
    words = "report line --data r/data --results r/results"
    _whole(project, Case(words, ("reports/line",), codes=VERDICTS), Fresh(project))


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
    from pipelines.value_functions.net import Net

    net = Net(PLANES, 8, 1)
    own = networks.beginning(net, 1, "chess")
    head = {"low": 0.0, "high": 1.0, "bins": 21, "ratio": 0.75, "mean": 0.5, "spread": 0.3}
    about = {"kind": "chess", "net": vars(net), "phases": 1, "head": {**head, "loss": "mse"}}
    named = {f"0.{name}": weight for name, weight in own.items()}
    tensors.save(project / "chess-mse.safetensors", named, about)


MADE: dict[str, Callable[[Path], None]] = {
    "placed": _placed, "reported": _reported, "browser": _browser, "film": _film, "chess": _chess,
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a small system that trains, and tables of somebody's."""
    folder = tmp_path_factory.mktemp("interrupts") / "project"
    folder.mkdir()
    copy_project(folder)
    install(folder, "line")
    shutil.copytree(Path(__file__).parents[2] / "reports", folder / "reports")
    _fewer(folder / "params" / "personality.yaml", folder / "small_personality.yaml")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    rng = np.random.default_rng(3)
    for name, share in (("t", 0.6), ("u", 0.7)):
        lines = [f"{m},{i},{int(rng.random() < share)}" for m in "ab" for i in range(1000)]
        (folder / f"{name}.csv").write_text("\n".join(["model,item_id,value", *lines]) + "\n")
    takers = rng.normal(size=8)
    taken = [
        f"m{m},{i},{int(rng.logistic(z) > 0)}" for m, z in enumerate(takers) for i in range(40)
    ]
    (folder / "m.csv").write_text("\n".join(["model,item_id,value", *taken]) + "\n")
    own = rng.normal(size=(200, 1)) + rng.normal(size=(200, 5))
    rows = np.clip(np.rint(3 + own), 1, 5).astype(int)
    (folder / "q.csv").write_text("a,b,c,d,e\n" + "\n".join(",".join(map(str, r)) for r in rows))
    gate = "{id: g, metric: value, test: threshold, limit: 0.5, min_n: 2, min_clusters: 2}"
    (folder / "pilot.yaml").write_text(f"version: 1\nresults: none\ngates:\n  - {gate}\n")
    said = [f"i{at},It is {at % 7},{at % 5},{int(at % 7 == at % 5)}" for at in range(200)]
    (folder / "said.csv").write_text("\n".join(["item_id,answer,target,value", *said]) + "\n")
    return folder


def _fewer(source: Path, target: Path) -> None:
    """Parameters of personality with few prompts and one respondent."""
    params = yaml.safe_load(source.read_text())
    build = params["build"]
    build["validity"] |= {"instruments": ["ipip_50", "mini_ipip"], "n_bios": 2}
    build["single"] |= {"traits": ["EXT"], "n_bios": 1}
    build["concurrent"]["n_bios"] = 1
    for part in ("reversed_options", "cue"):
        build[part] |= {"n_items": 2, "n_bios": 1}
    params["evaluate"]["models"] = [{"model": "synthetic:factor", "experiments": ["validity"]}]
    params["report"]["resamples"] = 100
    target.write_text(yaml.safe_dump(params))


@pytest.fixture(scope="module")
def done() -> set[str]:
    """Names of needs that are met."""
    return set()


@pytest.fixture(scope="module")
def copies(project: Path) -> Iterator[Copies]:
    """See :class:`interrupting.Copies`."""
    made = Copies(project)
    yield made
    made.close()


@dataclass(frozen=True)
class Ended:
    """What a whole run came to.

    Attributes:
        code: its exit code.
        printed: standard output, but for times.
        files: what it wrote or changed.
        seconds: how long it took.
    """

    code: int
    printed: str
    files: Files
    seconds: float = field(compare=False)


def _whole(project: Path, case: Case, how: Fresh | Copies) -> Ended:
    start = time.monotonic()
    code, out, err = how.begin(case.words).whole()
    assert code in case.codes, (case.words, code, err[-2000:])
    seconds = time.monotonic() - start
    shown = TIMES.sub("_ s", out) if case.says else ""
    return Ended(code, shown, _files(project, case), seconds)


def _files(project: Path, case: Case) -> Files:
    found = {}
    for place in (*case.outs, *case.kept):
        whole = project / place
        for path in sorted(whole.rglob("*")) if whole.is_dir() else [whole]:
            name = path.relative_to(project).as_posix()
            if path.is_file() and not NO_DATA.search(name):
                found[name] = path.read_bytes()
    for name in [name for name in found if name.endswith("/report.json")]:
        report = json.loads(found[name])
        if (timeless := _without_times(report)) != report:
            found[name] = json.dumps(timeless).encode()
            for page in ("report.html", "report.md"):  # functions of it
                found.pop(name.replace("report.json", page), None)
    return found


def _without_times(report: Any) -> Any:
    """A report without what its calls cost: their seconds, and the hash of these."""
    if isinstance(report, dict):
        told = any(isinstance(v, list) and "seconds" in v for v in report.values())
        kept = {} if told else report
        return {k: _without_times(v) for k, v in kept.items() if k != "costs"}
    return [_without_times(v) for v in report] if isinstance(report, list) else report


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
                _whole(project, CASES[name], Fresh(project))
        done.add(name)


def _interrupted(running: Running, after: float, group: bool) -> tuple[int, str] | None:
    """Exit code and last words of a run that is interrupted; None where it ended before."""
    if running.ended(after) is not None:
        return None
    # A terminal sends it to everything that runs there, a service to the process alone.
    with suppress(ProcessLookupError):
        (os.killpg if group else os.kill)(running.pid, signal.SIGINT)
    start = time.monotonic()
    code, _, err = running.whole()
    assert time.monotonic() - start < PATIENCE
    for _ in range(50):
        if not left(running.pid):
            break
        time.sleep(0.1)
    assert not left(running.pid), "processes were left behind"
    return code, err


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
@pytest.mark.parametrize("name", CASES if "MEASURAND_INTERRUPTS" in os.environ else QUICK)
def test_the_next_run_ends_as_if_nothing_had_been(
    name: str, project: Path, copies: Copies, done: set[str]
) -> None:
    case, fresh = CASES[name], Fresh(project)
    _meet(project, case.needs, done)
    kept = {place: (project / place).read_bytes() for place in case.kept}
    rng, seen, again = random.Random(f"{SEED} {name}"), Counter[str](), 0
    usual: dict[Fresh | Copies, Ended] = {}
    for how in (fresh,) if case.waits else (copies, fresh):
        _clean(project, case, kept)
        usual[how] = Ended(0, "", {}, 3.0) if case.waits else _whole(project, case, how)
    wanted = usual[fresh]
    assert [_differs(one, wanted) for one in usual.values()] == [[]] * len(usual)
    while seen.total() < MOMENTS:
        _clean(project, case, kept)
        before = _state(project)
        how = fresh if case.waits or seen.total() % 4 == 0 else copies
        after = rng.uniform(0, usual[how].seconds)
        ended = _interrupted(how.begin(case.words), after, rng.random() < 0.5)
        if ended is None:
            continue
        kind = _kind(*ended, case.codes)
        seen[kind] += 1
        where = f"after {after:.2f} of {usual[how].seconds:.2f} s: {kind}"
        if kind == "done":
            assert _files(project, case) == wanted.files, where
        # Where nothing was written, a first run begins from there too.
        elif not case.waits and not (again and _state(project) == before):
            again += 1
            assert _differs(_whole(project, case, copies), wanted) == [], where
    print(f"\n{name}: {wanted.seconds:.1f} s, {dict(seen)}, {again} run again", flush=True)
    _clean(project, case, kept)
    if case.outs:  # others may need it
        _whole(project, case, copies)


def _differs(found: Ended, wanted: Ended) -> list[str]:
    """What of two runs is not the same: names of files, of fields."""
    names = sorted(found.files | wanted.files)
    changed = [name for name in names if found.files.get(name) != wanted.files.get(name)]
    return changed + [n for n in ("code", "printed") if getattr(found, n) != getattr(wanted, n)]


def test_every_verb_is_among_them() -> None:
    tried = {case.words.split()[0] for case in CASES.values()}
    systems = {path.parent.name for path in Path("evaluators").glob("*/commands.py")}
    assert tried == {*VERBS, *systems}
