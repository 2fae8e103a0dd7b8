from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import forked
import pytest
from toy_graph import write

from measurand.stale import MEMORY, findings


def dvc(root: Path, *words: str) -> str:
    done = forked.dvc(root, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy project after ``dvc repro``."""
    root = tmp_path_factory.mktemp("graph")
    write(root)
    dvc(root, "init", "-q", "--no-scm")
    (root / ".dvcignore").write_text("__pycache__\n*.tmp\n/journal\n")
    dvc(root, "repro", "-q")
    return root


def append(name: str, text: str = "more\n") -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        with (root / name).open("a") as file:
            file.write(text)

    return change


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))

    return change


def remove(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return change


CHANGES: dict[str, Callable[[Path], None]] = {
    "nothing": lambda root: None,
    "a source": append("src/a.txt"),
    "a folder": append("lib/inner/new.py"),
    "an ignored file": append("lib/inner/__pycache__/z.pyc"),
    "an ignored name": append("lib/x.tmp"),
    "a parameter": replace("params/a.yaml", "y: 0.5", "y: 0.6"),
    "a parameter of another stage": replace("params/b.yaml", "0.95", "0.9"),
    "an equal parameter": replace("params/a.yaml", "0.95", "0.950"),
    "a new key": replace("params/a.yaml", "n: 1", "n: 1, m: 2"),
    "an output": append("data/b/rows.txt"),
    "an output that is gone": remove("report_a.txt"),
    "a folder that is gone": remove("data/a"),
    "a command": replace("dvc.yaml", "cat report_a.txt", "cat  report_a.txt"),
    "a dependency more": replace("dvc.yaml", "        - lib\n", "        - lib\n        - src\n"),
    "a system more": replace("params.yaml", "[a, b]", "[a, b, a]"),
}


@pytest.mark.integration
@pytest.mark.parametrize("name", CHANGES)
def test_the_same_stages_as_dvc_status(ran: Path, tmp_path: Path, name: str) -> None:
    root = tmp_path / "copy"
    shutil.copytree(ran, root, symlinks=True)
    CHANGES[name](root)
    theirs = set(json.loads(dvc(root, "status", "--json")))
    states = {f.stage: f.state for f in findings(root)}
    # DVC names the reader of a missing file too; here it waits for the stage that writes the file.
    readers = {"a folder that is gone": {"report@a"}, "an output that is gone": {"index"}}
    waiting = readers.get(name, set())
    assert {stage for stage, state in states.items() if state == "stale"} == theirs - waiting
    assert {states[stage] for stage in waiting} <= {"waits"}


@pytest.mark.integration
def test_reasons_and_what_waits(ran: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(ran, root, symlinks=True)
    CHANGES["a parameter"](root)
    found = {f.stage: f for f in findings(root)}
    assert found["build@a"].reasons == ("params/a.yaml: build.deep.y changed",)
    assert (found["report@a"].state, found["report@a"].waits_for) == ("waits", ("build@a",))
    assert found["index"].waits_for == ("report@a",)
    assert found["report@b"].state == "ok"


@pytest.mark.integration
def test_unchanged_files_are_not_read_again(ran: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(ran, root, symlinks=True)
    assert all(f.state == "ok" for f in findings(root))
    memory = json.loads((root / MEMORY).read_text())
    memory["src/a.txt"][3] = "0" * 32
    (root / MEMORY).write_text(json.dumps(memory))
    assert "src/a.txt changed" in {r for f in findings(root) for r in f.reasons}
    (root / "src" / "a.txt").touch()
    assert all(f.state == "ok" for f in findings(root))
    (root / MEMORY).write_text("no json")
    assert all(f.state == "ok" for f in findings(root))


def test_before_the_first_run(tmp_path: Path) -> None:
    write(tmp_path)
    found = findings(tmp_path)
    assert {f.state for f in found} == {"never run"}
    assert found[-1].waits_for == ("report@a", "report@b")


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), ("# nothing\n", "is empty"), ("- 1\n", "holds no keys"), (None, "is gone")],
)
@pytest.mark.parametrize("ran_before", [True, False])
def test_a_parameter_file_without_parameters_is_named(
    tmp_path: Path, text: str | None, said: str, ran_before: bool
) -> None:
    write(tmp_path)
    if ran_before:
        # No key is recorded either, so that no difference of keys can tell.
        lock = {"schema": "2.0", "stages": {"build@a": {"cmd": "x"}, "report@a": {"cmd": "x"}}}
        (tmp_path / "dvc.lock").write_text(json.dumps(lock))
    path = tmp_path / "params" / "a.yaml"
    path.unlink() if text is None else path.write_text(text)
    found = {f.stage: f.reasons for f in findings(tmp_path)}
    for stage in ("build@a", "report@a"):
        assert found[stage].count(f"params/a.yaml {said}") == 1
    assert not any("params/b.yaml" in reason for reason in found["build@b"])


def test_small_numbers_are_as_dvc_writes_them() -> None:
    from measurand.stale import _differences

    now = {"rates": [3e-05, 0.0001], "more": {"rate": 1e-7}}
    then = {"rates": ["3e-05", 0.0001], "more": {"rate": "1e-07"}}
    assert list(_differences(("train", now), ("train", then))) == []
    then["more"]["rate"] = "2e-07"
    assert list(_differences(("train", now), ("train", then))) == ["train.more.rate"]
    assert list(_differences(("name", "e5"), ("name", "f5"))) == ["name"]
