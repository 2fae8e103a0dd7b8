"""Stage the sources of the site and build it: ``python -m website.make site``."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from website import notebooks, reference

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "studies/README.md")
NOTEBOOKS = ("is_my_model_better", "how_reliable_is_my_judge", "correct_a_judge", "how_many_items",
             "gate_a_change", "a_system")  # fmt: skip
"""In the order in which they are read."""
HOME = """\
# Measurand

Of each score how precise, how reliable, how valid it is, and whether it may pass.

```python
import measurand

measurand.analyse("scores.csv", cluster="passage").pairs[0]
```

```text
B beats A by 0.183 [0.086, 0.281] (value; p 0.0012)
```

- New here: [install](docs/how-to/use-from-python.md#install), then
  [is my model better?](docs/notebooks/is_my_model_better.md), or the [front page](README.md) of the
  repository.
- From the command line: [commands](reference/commands/index.md). From Python: [functions and
  results](reference/python.md).
- What a figure means: [statistics](docs/statistics.md). How often its interval holds:
  [coverage](docs/coverage.md).
- What the systems found: [reports](reports.md), such as this one:

[![First page of the personality report](docs/images/report.png)](reports.md)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Build the site; returns Sphinx's exit code, where a warning is an error."""
    parser = argparse.ArgumentParser("website.make", description="Build the documentation site.")
    parser.add_argument("out", type=Path, help="folder to write to; an earlier site is replaced")
    parser.add_argument(
        "--without-outputs", action="store_true", help="do not run the notebooks: code alone"
    )
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        stage(source, outputs=not args.without_outputs)
        shutil.rmtree(args.out, ignore_errors=True)
        words = ["-b", "html", "-W", "--keep-going", "-q", "-d", str(Path(scratch) / "trees")]
        command = [sys.executable, "-m", "sphinx", *words, str(source), str(args.out)]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


def stage(source: Path, *, outputs: bool) -> None:
    """Write everything that Sphinx reads into a new folder, laid out as the repository is."""
    shutil.copytree(ROOT / "website/static", source / "static")
    shutil.copy(ROOT / "website/conf.py", source)
    methods = sorted(p.relative_to(ROOT) for p in ROOT.glob("evaluators/*/methods.md"))
    guides = sorted(p.relative_to(ROOT) for p in (ROOT / "docs").rglob("*.md"))
    for path in (*map(Path, PAGES), *methods, *guides):
        # Prose of methods is a part of reports, which have the title.
        title = f"# Methods of {path.parent.name}\n\n" if path in methods else ""
        _write(source / path, title + _linked((ROOT / path).read_text(encoding="utf-8")))
    shutil.copytree(ROOT / "docs/images", source / "docs/images")
    _notebooks(source / "docs/notebooks", outputs)
    for name, text in reference.commands().items():
        _write(source / f"reference/commands/{name}.md", text)
    _write(source / "reference/python.md", reference.python())
    _reports(source)
    groups = {
        "Tutorials": [f"docs/notebooks/{name}" for name in NOTEBOOKS],
        "How to": [_name(p) for p in guides if p.parts[1] == "how-to"],
        "Systems": [_name(p) for p in guides if p.parts[1] == "systems"],
        "Methods": [_name(p) for p in methods],
        "Reference": ["reference/commands/index", "reference/python",
                      *(_name(p) for p in guides if len(p.parts) == 2)],
        "Project": ["README", "reports", *(_name(Path(p)) for p in PAGES[1:])],
    }  # fmt: skip
    trees = [
        f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```\n"
        for caption, names in groups.items()
    ]
    _write(source / "index.md", "\n".join([HOME, *trees]))


def _name(path: Path) -> str:
    return path.with_suffix("").as_posix()


def _linked(text: str) -> str:
    """A page for the site: notebooks are pages here, diagrams and tables their text."""
    text = re.sub(r"(notebooks/\w+)\.py\)", r"\1.md)", text)
    return re.sub(r"```(mermaid|csv)\n", "```text\n", text)


def _notebooks(folder: Path, outputs: bool) -> None:
    for name in NOTEBOOKS:
        path = notebooks.FOLDER / f"{name}.py"
        if outputs:
            with tempfile.TemporaryDirectory() as scratch:
                told = notebooks.run(path, Path(scratch), ROOT)
        else:
            told = notebooks.read(path)
        _write(folder / f"{name}.md", notebooks.page(told, name))


def _reports(source: Path) -> None:
    """The committed reports as they are, and a page that leads to them."""
    lines = ["# Reports", "", "As the committed runs left them; each stands on its own.", ""]
    (source / "extra").mkdir()
    for path in sorted((ROOT / "reports").glob("**/report.html")):
        name = path.parent.name
        (source / "extra/reports" / name).mkdir(parents=True)
        shutil.copy(path, source / "extra/reports" / name)
        lines.append(f'- <a href="reports/{name}/report.html">{name}</a>')
    shutil.copy(ROOT / "reports/index.html", source / "extra/reports")
    lines += ["", 'All on one page: <a href="reports/index.html">overview</a>.', ""]
    _write(source / "reports.md", "\n".join(lines))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
