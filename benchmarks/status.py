"""``measurand status`` beside ``dvc status`` on this project: wall time of the commands.

The first call hashes what was never hashed; then each command runs in turn, and the medians count.

    python benchmarks/status.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
WAYS = {
    "measurand status": [sys.executable, "-m", "measurand.cli", "status"],
    "dvc status": [sys.executable, "-m", "dvc", "status", "--quiet"],
}


def seconds(command: list[str]) -> float:
    """Wall time of one run; both end with 1 where something is stale."""
    start = time.monotonic()
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return time.monotonic() - start


def main(rounds: int = 5) -> None:
    """Time both, print a table."""
    first = {name: seconds(command) for name, command in WAYS.items()}
    found: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, command in WAYS.items():
            found[name].append(seconds(command))
    ours = statistics.median(found["measurand status"])
    print(f"median of {rounds}; the first call in brackets; ratio to ours")
    for name, spent in found.items():
        middle = statistics.median(spent)
        print(f"{name:<18} {middle:7.2f} s ({first[name]:.2f} s) {middle / ours:6.1f}x")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
