"""``measurand analyse`` of large logs: seconds and memory, each log in a process of its own.

The samples are those that lm-evaluation-harness and Inspect wrote of a toy task with their own
dummy models (``locks/test.lock``), repeated under other ids until the log has as many rows as
asked; writing a million with the harness itself would take hours.

    python benchmarks/read_samples.py [LM_EVAL_ROWS [INSPECT_SAMPLES]]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

TASK = """\
task: toy
dataset_path: json
dataset_kwargs: {data_files: {test: FOLDER/toy.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{passage}} {{question}}"
doc_to_choice: choices
doc_to_target: answer
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
metadata: {version: 1.0}
"""
PASSAGE = "A passage of some length, as reading tests have them. " * 6


def lm_eval_log(folder: Path, rows: int) -> Path:
    """A sample log of ``rows`` lines."""
    with (folder / "toy.jsonl").open("w") as file:
        for i in range(50):
            doc = {"passage": PASSAGE, "question": f"{i} + 1?", "choices": ["1", "2", "3", "4"]}
            file.write(json.dumps({**doc, "answer": i % 4}) + "\n")
    (folder / "toy.yaml").write_text(TASK.replace("FOLDER", str(folder)))
    command = [
        *(sys.executable, "-m", "lm_eval", "--model", "dummy", "--tasks", "toy"),
        *("--include_path", str(folder), "--log_samples", "--output_path", str(folder / "out")),
    ]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache")}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    [log] = (folder / "out").rglob("samples_toy_*.jsonl")
    return repeated(log, log, rows)


def repeated(source: Path, log: Path, rows: int) -> Path:
    """The lines of a sample log again and again under other ids, scores and passages."""
    templates = []
    for text in source.read_text().splitlines():
        line = json.loads(text)
        line |= {"doc_id": "ID", "doc_hash": "HASH", "prompt_hash": "PROMPT", "acc": "SCORE"}
        line["doc"]["passage_id"] = "PASSAGE"
        template = json.dumps(line).replace("%", "%%")
        for name, form in _FORMS.items():
            template = template.replace(f'"{name}"', f"%({name}){form}")
        templates.append(template + "\n")
    with log.open("w") as file:
        for i in range(rows):
            file.write(
                templates[i % len(templates)]
                % {
                    "ID": i,
                    "HASH": f'"{i:064x}"',
                    "PROMPT": f'"{i + 7:064x}"',
                    "SCORE": float((i * 7919) % 10 < 6),
                    "PASSAGE": i // 10,
                }
            )
    return log


_FORMS = {"ID": "d", "HASH": "s", "PROMPT": "s", "SCORE": "s", "PASSAGE": "d"}


def inspect_log(folder: Path, samples: int) -> Path:
    """A log of ``samples`` summaries, members in Zstandard as Inspect writes them or deflated."""
    from read_logs import write_log

    small = write_log(folder, 50)
    with zipfile.ZipFile(small) as archive:
        header = _member(small, "header.json")
        rows = json.loads(_member(small, "summaries.json"))
        names = archive.namelist()
    assert "summaries.json" in names
    about = json.loads(header)
    about["eval"]["dataset"] |= {"samples": samples, "sample_ids": None}
    large = folder / "large.eval"
    with zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(about))
        with archive.open("summaries.json", "w", force_zip64=True) as member:
            for i in range(samples):
                row = {**rows[i % len(rows)], "id": f"s{i}", "input": f"Is {i} odd?"}
                row["metadata"] = {"passage": f"p{i // 10}"}
                member.write(b"[" if i == 0 else b",")
                member.write(json.dumps(row).encode())
            member.write(b"]")
    return large


def _member(path: Path, name: str) -> bytes:
    from measurand.interop.inspect_files import Archive

    with Archive(path) as archive:
        return archive.member(name).read()


def analyse(log: Path, cluster: str | None = None) -> None:
    """Run the command, print what it took."""
    page = log.parent / "page.html"
    words = ["analyse", str(log), "--format", "html", "--out", str(page)]
    words += [] if cluster is None else ["--cluster", cluster]
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", _MEASURED, *words], check=True, stderr=subprocess.DEVNULL)
    print(f"{'':14}{time.monotonic() - start:8.1f} s with the start of Python")


_MEASURED = """
import re, sys, time
from measurand.cli import main
start = time.monotonic(), time.process_time()
code = main(sys.argv[1:])
wall, spent = time.monotonic() - start[0], time.process_time() - start[1]
# Not getrusage's, which begins with the memory of the process that wrote the log.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 2**20
print(f"{'':14}{wall:8.1f} s, {spent:.1f} s of processor, {peak:.2f} GiB at its peak")
raise SystemExit(code)
"""


def main(rows: int = 1_000_000, samples: int = 200_000) -> None:
    """Write both logs, analyse both."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, write, n, cluster in (
            ("lm-eval", lm_eval_log, rows, "passage_id"),
            ("Inspect", inspect_log, samples, "passage"),
        ):
            folder = Path(scratch) / name
            folder.mkdir()
            log = write(folder, n)
            print(f"{name}: {n:,} rows, {log.stat().st_size / 2**20:,.0f} MiB")
            analyse(log, cluster)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
