"""A small DVC project: two systems, three stages, every kind of dependency and output."""

from __future__ import annotations

from pathlib import Path

DVC_YAML = """\
stages:
  build:
    foreach: ${systems}
    do:
      cmd: mkdir -p data/${item} && cp src/${item}.txt data/${item}/rows.txt
      deps:
        - src/${item}.txt
        - lib
      params:
        - params/${item}.yaml:
            - build
      outs:
        - data/${item}
  report:
    foreach: ${systems}
    do:
      cmd: cp data/${item}/rows.txt report_${item}.txt
      deps:
        - data/${item}
      params:
        - params/${item}.yaml:
            - report
      outs:
        - report_${item}.txt:
            cache: false
  index:
    cmd: cat report_a.txt report_b.txt > index.txt
    deps:
      - report_a.txt
      - report_b.txt
    params:
      - systems
    metrics:
      - index.txt:
          cache: false
"""


def write(root: Path) -> None:
    (root / "params").mkdir()
    (root / "src").mkdir()
    (root / "lib" / "inner" / "__pycache__").mkdir(parents=True)
    (root / "dvc.yaml").write_text(DVC_YAML)
    (root / "params.yaml").write_text("systems: [a, b]\n")
    (root / ".dvcignore").write_text("__pycache__\n*.tmp\n/journal\n")
    for name in ("a", "b"):
        text = "build: {n: 1, deep: {x: [1, 2], y: 0.5}}\nreport: {level: 0.95}\n"
        (root / "params" / f"{name}.yaml").write_text(text)
        (root / "src" / f"{name}.txt").write_text(f"rows of {name}\n")
    (root / "lib" / "z.py").write_text("z\n")
    (root / "lib" / "Ä.py").write_text("umlaut\n")
    (root / "lib" / "inner" / "y.py").write_text("y\n")
    (root / "lib" / "inner" / "__pycache__" / "y.pyc").write_text("compiled\n")
