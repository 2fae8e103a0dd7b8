from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gate_evidence import Project, bits, gate, gate_file

from measurand import cli
from measurand.gates import command
from measurand.gates.verdict import EXIT_CODES

GOOD = bits(600, 0.9)


def main(project: Project, *argv: str, limit: float = 0.5, metric: str = "accuracy") -> int:
    path = project.write(gate_file(gate(limit=limit, metric=metric)))
    return command.main([str(path), "--root", str(project.root), *argv])


@pytest.mark.parametrize(("limit", "code"), [(0.5, 0), (0.99, 1), (0.9, 2)])
def test_exit_codes(
    project: Project, capsys: pytest.CaptureFixture[str], limit: float, code: int
) -> None:
    project.items(GOOD)
    assert main(project, limit=limit) == code
    assert "accuracy is 0.9" in capsys.readouterr().out
    out = project.root / ".measurand" / "gate" / "gates"
    assert json.loads((out / "verdict.json").read_text())["exit_code"] == code
    assert sorted(p.name for p in out.iterdir()) == [
        "junit.xml", "looks.json", "summary.md", "verdict.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "argv", [[], ["--frobnicate"], ["a.yaml", "b.yaml"], ["a.yaml", "--format", "pdf"]]
)
def test_wrong_usage_is_an_error_and_not_undecided(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(argv) == 3
    assert "usage" in capsys.readouterr().err


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--help"]) == 0
    assert "undecided" in capsys.readouterr().out


def test_what_is_no_gate_file(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.yaml").write_text("")
    for path in (tmp_path, tmp_path / "none.yaml", tmp_path / "empty.yaml"):
        out = tmp_path / "out"
        assert command.main([str(path), "--root", str(project.root), "--out", str(out)]) == 3
        assert "bad_gate" in capsys.readouterr().out
        assert json.loads((out / "verdict.json").read_text())["problem"]["code"] == "bad_gate"


def test_json_on_standard_output_is_json(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    project.items(GOOD)
    assert main(project, "--format", "json", limit=0.99) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["state"] == "fail"
    assert printed.err.startswith("::error title=")


def test_markdown_and_explanation(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.items(GOOD)
    assert main(project, "--format", "md", "--explain") == 0
    text = capsys.readouterr().out
    assert "| g &#91;m&#93; |" in text
    assert "rule: pass if" in text
    assert "one-sided alpha: 0.05" in text


def test_the_explanation_says_why_and_what_would_decide(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.items(bits(600, 0.9), cluster_size=6)
    assert main(project, "--explain", limit=0.89) == 2
    text = capsys.readouterr().out
    assert "why: The sample leaves open values on both sides of the line" in text
    assert (
        "what this sample can show: 600 items in 100 clusters show a distance of the truth" in text
    )
    assert "what would decide: about " in text
    assert "more clusters" in text
    assert main(project, "--explain", metric="none") == 3
    assert "why: What the gate asks about is not among the results." in capsys.readouterr().out


def test_an_unwritable_folder_is_an_error(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.items(GOOD)
    (project.root / "file").write_text("")
    assert main(project, "--out", str(project.root / "file")) == 3
    assert "file" in capsys.readouterr().err


def test_a_defect_of_ours_is_an_error_and_not_a_failed_gate(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("measurand.gates.run.run_gates", broken)
    assert main(project) == 3
    assert "internal_error: ZeroDivisionError: oops" in capsys.readouterr().err


def test_through_the_one_command(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.items(GOOD)
    path = project.write(gate_file(gate(limit=0.99)))
    assert cli.main(["gate", str(path), "--root", str(project.root)]) == 1
    assert (
        "Fail: g (accuracy is 0.9; at least 0.99 is asked); 0 of 1 gates pass."
        in capsys.readouterr().out
    )


@pytest.mark.integration
def test_in_a_process_of_its_own(project: Project) -> None:
    project.items(GOOD)
    path = project.write(gate_file(gate(limit=0.9)))
    command_line = [sys.executable, "-m", "measurand.cli", "gate", str(path)]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        command_line,
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(root), "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 2, done.stderr
    assert "Undecided" in done.stdout


@pytest.mark.integration
def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from measurand.gates import command; command.main(['--help']); "
        "print(sorted({'numpy', 'pyarrow', 'pydantic', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_the_code_of_an_error_is_the_verdicts() -> None:
    assert EXIT_CODES["error"] == command.ERROR
