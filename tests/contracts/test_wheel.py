"""What a user installs: the engine alone, and little beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
#: Packages of a light installation, measurand itself included.
MOST_PACKAGES = 14
MOST_MEBIBYTES = 350
MOST_WHEEL_MEBIBYTES = 2
LIGHT = """item_id,model,value
a,m,1
b,m,0
c,m,1
d,m,1
a,n,0
b,n,0
c,n,1
d,n,0
"""


def run(*command: str, cwd: Path, code: int = 0) -> str:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=clean, timeout=240)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the tracked files, as ``pip wheel .`` makes it."""
    tree = tmp_path_factory.mktemp("tree")
    listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = run(*listed, cwd=ROOT).split("\0")
    kept = ("measurand/", "schemas/", "pipelines/", "evaluators/", "pyproject.toml", "README.md")
    for name in (n for n in names if n.startswith((*kept, "LICENSE")) and (ROOT / n).is_file()):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    words = ("--no-deps", "--no-build-isolation", "--no-index", "-w", "out")
    run(sys.executable, "-m", "pip", "wheel", ".", *words, cwd=tree)
    [found] = (tree / "out").glob("*.whl")
    return found


@pytest.mark.integration
def test_the_wheel_holds_the_engine_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"measurand"}
    modules = {p.relative_to(ROOT).as_posix() for p in (ROOT / "measurand").rglob("*.py")}
    assert modules <= set(names)
    assert "measurand/py.typed" in names or not (ROOT / "measurand/py.typed").exists()
    assert {n.rsplit(".", 1)[-1] for n in names} >= {"py", "css", "j2"}


@pytest.mark.integration
def test_an_empty_environment_analyses_and_compares_with_it(wheel: Path, tmp_path: Path) -> None:
    if UV is None:
        pytest.skip("no uv: it makes the empty environment")
    python = tmp_path / "env" / "bin" / "python"
    run(UV, "venv", "-q", "--python", sys.executable, "env", cwd=tmp_path)
    install = (UV, "pip", "install", "-q", "--offline", "--python", str(python))
    locked = str(ROOT / "requirements.lock")
    try:
        run(*install, "-c", locked, str(wheel), cwd=tmp_path)
    except AssertionError as error:
        pytest.skip(f"uv's cache lacks the packages: {str(error).splitlines()[1][:200]}")
    packages = tmp_path / "env/lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    found = sorted(p.name for p in packages.glob("*.dist-info"))
    size = sum(p.stat().st_size for p in packages.rglob("*") if p.is_file()) / 2**20
    assert len(found) <= MOST_PACKAGES, found
    assert size <= MOST_MEBIBYTES
    heavy = ("apache_beam", "dvc", "datasets", "torch", "schemas", "pipelines", "evaluators")
    assert not [name for name in heavy if (packages / name).exists()]
    command = str(tmp_path / "env/bin/measurand")
    (tmp_path / "log.csv").write_text(LIGHT)
    assert "0.75" in run(command, "analyse", "log.csv", cwd=tmp_path)
    answers = "\n".join(f"{i % 5 + 1},{i % 4 + 1},{(i * 3) % 5 + 1}" for i in range(40))
    (tmp_path / "answers.csv").write_text(f"q1,q2,q3\n{answers}\n")
    assert "alpha" in run(command, "reliability", "answers.csv", cwd=tmp_path)
    gate = "{id: g, metric: value, test: threshold, limit: 0.99, min_n: 1, min_clusters: 1}"
    (tmp_path / "gate.yaml").write_text(f"version: 1\nresults: .\ngates:\n- {gate}\n")
    run(command, "analyse", "log.csv", "--gates", "gate.yaml", cwd=tmp_path, code=1)
    run(command, "analyse", "log.csv", "--save", "rows", cwd=tmp_path)
    assert "rows" in run(command, "verify", "rows", cwd=tmp_path)
    (tmp_path / "gate.yaml").write_text(f"version: 1\nresults: rows\ngates:\n- {gate}\n")
    assert "Fail" in run(command, "gate", "gate.yaml", cwd=tmp_path, code=1)
    run(command, "compare", "rows", "rows", cwd=tmp_path)
    planned = ("plan", "--gate", "gate.yaml", "--pilot", "log.csv", "--truth", "0.995")
    assert "items" in run(command, *planned, cwd=tmp_path)
    (tmp_path / "ratings.csv").write_text("a,b\n1,1\n2,2\n3,3\n1,2\n")
    assert "alpha" in run(command, "agreement", "ratings.csv", cwd=tmp_path)
    (tmp_path / "said.csv").write_text("item_id,answer,target\na,It is 1,1\nb,?,2\n")
    assert "scored anew" in run(command, "rescore", "said.csv", "--pattern", "[0-9]", cwd=tmp_path)
    taken = "\n".join(f"q{i},m{j},{int((i * j) % 7 < 4)}" for i in range(9) for j in range(12))
    (tmp_path / "taken.csv").write_text(f"item_id,model,value\n{taken}\n")
    assert "q3" in run(command, "items", "taken.csv", cwd=tmp_path)
    # What is not there is told with what brings it.
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04")
    assert "pip install 'measurand[excel]'" in run(
        command, "analyse", "book.xlsx", cwd=tmp_path, code=3
    )
    project = tmp_path / "project"
    for name in ("params.yaml", "dvc.yaml", "params/toy.yaml", "pipelines/toy/dataset.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    (project / "params.yaml").write_text("systems:\n  - toy\n")
    (project / "pipelines/toy/dataset.py").write_text("import apache_beam\n")
    (project / "schemas/toy").mkdir(parents=True)
    (project / "schemas/toy/__init__.py").write_text('"""A toy."""\n')
    assert "A toy." in run(command, "list", cwd=project)


IMPORTED = """import sys
import measurand
loaded = [m for m in sys.modules.values() if "site-packages" in (getattr(m, "__file__", 0) or "")]
print(",".join(sorted({m.__name__.split(".")[0] for m in loaded})), measurand.__file__)
"""
TASK = """from importlib.metadata import entry_points
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, scorer

[found] = [e for e in entry_points(group="inspect_ai") if e.name == "measurand"]
metrics = found.load()
made = ModelOutput.from_content("mockllm/model", "yes")
made.usage = ModelUsage(input_tokens=3, output_tokens=1, total_tokens=4)

@scorer(metrics=[metrics.interval()])
def correct():
    async def score(state, target):
        return Score(value=float(int(state.input_text) % 4 > 0))
    return score

samples = [Sample(id=str(i), input=str(i), target="") for i in range(20)]
model = get_model("mockllm/model", custom_outputs=[made] * 20)
[log] = eval(Task(dataset=samples, scorer=correct()), model=model, display="none")
print(log.status, {n: m.value for s in log.results.scores for n, m in s.metrics.items()})
"""


@pytest.mark.integration
def test_plugins_of_the_wheel_work_in_an_environment_of_their_own(
    wheel: Path, tmp_path: Path
) -> None:
    """Half a minute: pytest and Inspect find the entry points by themselves."""
    if UV is None:
        pytest.skip("no uv: it makes the empty environment")
    python = str(tmp_path / "env" / "bin" / "python")
    run(UV, "venv", "-q", "--python", sys.executable, "env", cwd=tmp_path)
    install = (UV, "pip", "install", "-q", "--offline", "--python", python)
    pins = ("-c", str(ROOT / "requirements.lock"), "-c", str(ROOT / "locks/test.lock"))
    try:
        run(*install, *pins, str(wheel), "pytest", "inspect-ai", cwd=tmp_path)
    except AssertionError as error:
        pytest.skip(f"uv's cache lacks the packages: {str(error).splitlines()[1][:200]}")
    loaded, where = run(python, "-c", IMPORTED, cwd=tmp_path).split()
    assert loaded == "measurand"
    assert "site-packages" in where
    assert wheel.stat().st_size <= MOST_WHEEL_MEBIBYTES * 2**20
    mine = tmp_path / "mine"
    mine.mkdir()
    rows = "\n".join(f"q{i},{int(i % 5 > 0)}" for i in range(200))
    (mine / "scores.csv").write_text(f"item_id,value\n{rows}\n")
    gate = "{id: good, metric: value, test: threshold, limit: LIMIT, min_n: 20, min_clusters: 5}"
    test = "def test_gate(measurand_gate):\n    measurand_gate('g.yaml', results='scores.csv')\n"
    (mine / "test_mine.py").write_text(test)
    (mine / "pytest.ini").write_text("[pytest]\n")
    for limit, code, word in ((0.5, 0, "1 passed"), (0.95, 1, "good [scores] fails")):
        text = gate.replace("LIMIT", str(limit))
        (mine / "g.yaml").write_text(f"version: 1\nresults: unused\ngates:\n- {text}\n")
        assert word in run(python, "-m", "pytest", "-q", cwd=mine, code=code)
    (mine / "task.py").write_text(TASK)
    said = run(python, "task.py", cwd=mine)
    assert "success" in said
    assert "'correct/mean': 0.75" in said or "'mean': 0.75" in said
    assert "'low'" in said
    log = next((mine / "logs").glob("*.eval"))
    assert "0.75" in run(str(Path(python).parent / "measurand"), "analyse", str(log), cwd=mine)


def test_the_project_itself_installs_what_every_extra_of_it_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    wanted = [*project["dependencies"]]
    for extra in ("build", "publish", "openai", "hf", "project", "games", "video", "web"):
        wanted += project["optional-dependencies"][extra]
    names = {w.split("[")[0].split(">")[0].split("=")[0].split("<")[0] for w in wanted}
    assert not names - locked - {"measurand"}
