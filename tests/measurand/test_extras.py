from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from measurand import cli, extras

ROOT = Path(__file__).parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: Modules of the packages that are always there.
LIGHT = {"jinja2", "markupsafe", "numpy", "packaging", "pyarrow", "pydantic", "scipy"}


def test_every_package_that_the_engine_takes_is_light_or_of_an_extra() -> None:
    graph = grimp.build_graph("measurand", include_external_packages=True, cache_dir=None)
    taken = {m for m in graph.modules if not m.startswith("measurand")}
    # Whoever loads a plugin has its host.
    hosts = {"pytest", "inspect_ai"}
    known = LIGHT | hosts | {"yaml"} | set(extras.EXTRAS) | set(sys.stdlib_module_names)
    assert not taken - known


def test_every_extra_is_declared() -> None:
    assert set(extras.EXTRAS.values()) <= set(DECLARED["optional-dependencies"])


def test_light_packages_need_no_extra() -> None:
    names = {line.split(">")[0].split("=")[0] for line in DECLARED["dependencies"]}
    assert names == LIGHT - {"markupsafe"} | {"pyyaml"}
    assert not LIGHT & set(extras.EXTRAS)


def test_a_missing_package_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(_: object) -> int:
        raise ModuleNotFoundError("No module named 'apache_beam.x'", name="apache_beam.x")

    monkeypatch.setattr("measurand.commands.verify.main", absent)
    assert cli.main(["verify", "."]) == 3
    told = capsys.readouterr().err
    assert told == (
        "measurand verify: missing_extra: verify needs the package apache_beam, which is not "
        "installed (pip install 'measurand[build]')\n"
    )


def test_a_module_of_nobody_is_our_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(_: object) -> int:
        raise ModuleNotFoundError("No module named 'nowhere'", name="nowhere")

    monkeypatch.setattr("measurand.commands.verify.main", absent)
    assert cli.main(["verify", "."]) == 3
    assert "internal_error" in capsys.readouterr().err
