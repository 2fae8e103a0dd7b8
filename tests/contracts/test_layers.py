from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold() -> None:
    code = "import sys; from importlinter.cli import lint_imports_command as c; c(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_the_command_line_imports_nothing_heavy() -> None:
    heavy = {
        "apache_beam", "datasets", "jinja2", "numpy", "pandas", "pingouin", "polars", "pyarrow",
        "pydantic", "scipy", "torch", "transformers", "vllm", "yaml",
    }  # fmt: skip
    code = "import sys, measurand.cli as c; c.main(['--help']); print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {line.split(".")[0] for line in done.stdout.splitlines()}
    assert "measurand" in loaded
    assert not loaded & heavy
