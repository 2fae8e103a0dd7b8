"""Every module has a test file of its name, in the folder that mirrors its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGES = ("measurand", "schemas", "pipelines", "evaluators")
MODULES = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__init__.py"
)
SYSTEMS = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["systems"]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_a_test_of_its_name(module: Path) -> None:
    folder = ROOT / "tests" / module.parent
    names = [p.stem for p in folder.glob("test_*.py")] if folder.is_dir() else []
    if module.match("schemas/*/tables.py"):
        names += [p.stem for p in (ROOT / "tests/schemas").glob("test_*.py")]
    assert any(module.stem in name for name in names), (
        f"no tests/{module.parent}/test_{module.stem}*"
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_has_the_same_files(system: str) -> None:
    for path in (
        f"schemas/{system}/__init__.py",
        f"schemas/{system}/params.py",
        f"schemas/{system}/tables.py",
        f"pipelines/{system}/dataset.py",
        f"evaluators/{system}/evaluate/__init__.py",
        f"evaluators/{system}/report.py",
        f"params/{system}.yaml",
        f"params/presets/{system}/tiny.yaml",
        f"gates/{system}.yaml",
        f"docs/systems/{system}.md",
    ):
        assert (ROOT / path).is_file(), path


@pytest.mark.parametrize("system", SYSTEMS)
def test_parameters_in_force_are_the_tiny_preset(system: str) -> None:
    tiny = ROOT / "params" / "presets" / system / "tiny.yaml"
    assert (ROOT / "params" / f"{system}.yaml").read_bytes() == tiny.read_bytes()


@pytest.mark.parametrize("system", SYSTEMS)
def test_parameter_files_have_one_section_a_stage(system: str) -> None:
    for path in [
        ROOT / "params" / f"{system}.yaml",
        *(ROOT / "params/presets").glob(f"{system}/*"),
    ]:
        sections = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert set(sections) == {"build", "train", "evaluate", "report"}, path


@pytest.mark.parametrize(
    "system", [s for s in SYSTEMS if (ROOT / "pipelines" / s / "train.py").is_file()]
)
def test_a_system_that_trains_says_what_its_figures_are_about(system: str) -> None:
    """These weights, or the method: without it an interval over items passes for both."""
    report = (ROOT / "evaluators" / system / "report.py").read_text(encoding="utf-8")
    assert "of_trainings(" in report
