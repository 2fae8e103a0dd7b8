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
    project = tmp_path / "project"
    for name in ("params.yaml", "dvc.yaml", "params/toy.yaml", "pipelines/toy/dataset.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    (project / "params.yaml").write_text("systems:\n  - toy\n")
    (project / "pipelines/toy/dataset.py").write_text("import apache_beam\n")
    (project / "schemas/toy").mkdir(parents=True)
    (project / "schemas/toy/__init__.py").write_text('"""A toy."""\n')
    assert "A toy." in run(command, "list", cwd=project)


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
