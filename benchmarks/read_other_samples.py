"""``measurand analyse`` of large logs of further tools, as ``read_samples.py`` does with two.

These tools do not run here: the logs have the forms that the tests of their readers write.

    python benchmarks/read_other_samples.py [ROWS]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from read_samples import analyse

import measurand

sys.path.append(str(Path(__file__).parents[1] / "tests/measurand/interop"))

from more_logs import helm_run, lines_file, promptfoo_file, verifiers_run


def helm(folder: Path, rows: int) -> Path:
    """Half of the rows in each of two trials."""
    trials = [[float((i * 7919 + t) % 10 < 6) for i in range(rows // 2)] for t in range(2)]
    return helm_run(folder / "run", trials)


def verifiers(folder: Path, rows: int) -> Path:
    """Four rollouts of an example."""
    return verifiers_run(
        folder / "run", [[float((i * 7 + k) % 3 > 0) for k in range(4)] for i in range(rows // 4)]
    )


def promptfoo(folder: Path, rows: int) -> Path:
    """One provider."""
    right = [(i * 7919) % 10 < 6 for i in range(rows)]
    return promptfoo_file(
        folder / "results.json", [{"success": one, "score": float(one)} for one in right]
    )


def chats(folder: Path, rows: int) -> Path:
    """Requests and answers of two messages."""
    said = [
        {
            "messages": [
                {"role": "user", "content": f"question {i}"},
                {"role": "assistant", "content": f"answer {i % 7}"},
            ],
            "score": float((i * 7919) % 10 < 6),
        }
        for i in range(rows)
    ]
    return lines_file(folder / "chats.jsonl", said)


def every_eval_ever(folder: Path, rows: int) -> Path:
    """What Measurand itself writes in that form, with its sidecar of samples."""
    scores = {
        "item_id": [f"i{k}" for k in range(rows)],
        "model": ["org/one"] * rows,
        "metric": ["acc"] * rows,
        "value": [float((k * 7919) % 10 < 6) for k in range(rows)],
    }
    measurand.analyse(scores, every_eval_ever=folder / "out")
    return folder / "out"


LOGS: tuple[Callable[[Path, int], Path], ...] = (
    helm,
    verifiers,
    promptfoo,
    chats,
    every_eval_ever,
)


def main(rows: int = 200_000) -> None:
    """Write each log, analyse it."""
    with tempfile.TemporaryDirectory() as scratch:
        for write in LOGS:
            folder = Path(scratch) / write.__name__
            folder.mkdir()
            log = write(folder, rows)
            files = [log] if log.is_file() else [f for f in log.rglob("*") if f.is_file()]
            size = sum(file.stat().st_size for file in files) / 2**20
            print(f"{write.__name__}: {rows:,} rows, {size:,.0f} MiB", flush=True)
            analyse(log)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
