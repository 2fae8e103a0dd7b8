"""What builds of each system cost at 1, 4 and 16 times the rows: time, and memory of each side.

Each build runs in a process of its own, whose imports are not counted. Printed are rows of all its
tables, seconds of the wall and of the processor (of all its processes), and the largest memory of
the driver, where local steps and ``LOOPBACK`` workers run too, and of whatever else it started:
worker processes, the runner's service, browsers (the sum at the worst moment; pages that processes
share count in each). The exponent is the slope of log CPU seconds over log rows; what a build
costs at any size bends the first steps down, so that of the last step is printed too.

Run: python benchmarks/growth.py [--system personality] [--runner FnApiRunner PrismRunner]
     [--scale 1 4 16] [--json]
`PrismRunner` needs `prism` on the PATH or its program in MEASURAND_PRISM; without, it is left out.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from growth_builds import SYSTEMS, prepared
from watching import Watch

ROOT = Path(__file__).parents[1]

MIB = 2**20
Run = dict[str, Any]


def child(system: str, scale: int, runner: str) -> None:
    """One build in this process; says when it begins and ends."""
    from measurand.manifest import MANIFEST, read_manifest

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if system == "elastictok":
            os.chdir(folder)  # decoded frames are kept beside the project; here none are
        build = prepared(system, scale, folder)
        print("begin", flush=True)
        sys.stdin.readline()
        start = time.perf_counter()
        build(runner)
        seconds = time.perf_counter() - start
        print("end", flush=True)
        sys.stdin.readline()
        tables = [read_manifest(path.parent) for path in folder.glob(f"dataset/**/{MANIFEST}")]
        shards = [path.stat().st_size for path in folder.glob("dataset/**/part-*")]
    print(
        json.dumps(
            {
                "rows": sum(table.rows for table in tables),
                "rejected": sum(sum(table.rejected.values()) for table in tables),
                "largest_shard_mib": max(shards) / MIB,
                "wall_s": seconds,
            }
        )
    )


def measure(system: str, scale: int, runner: str) -> Run:
    """One build, watched."""
    words = [sys.executable, __file__, "--child", system, str(scale), runner]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        watch, last = None, ""
        seen: Run = {}
        for line in process.stdout:
            if line in ("begin\n", "end\n"):
                if watch is None:
                    watch = Watch(process.pid)
                else:
                    seen = watch.end()
                process.stdin.write("go on\n")
                process.stdin.flush()
            last = line
        if process.wait():
            said.seek(0)
            raise SystemExit(f"{system} x{scale} on {runner}: {said.read().decode()[-3000:]}")
    name = runner.partition(":")[0]
    return {"system": system, "runner": name, "scale": scale, **json.loads(last), **seen}


def slope(runs: list[Run], what: str = "cpu_s") -> float:
    """Least-squares slope of the logarithm of ``what`` over that of rows."""
    x, y = ([math.log(run[name]) for run in runs] for name in ("rows", what))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    over = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return over / sum((a - mean_x) ** 2 for a in x)


def growth(runs: list[Run]) -> Run:
    """Exponents of builds of one system on one runner, smallest first."""
    one, *_, last = runs
    return {
        "system": one["system"],
        "runner": one["runner"],
        "exponent": slope(runs),
        "last_step": slope(runs[-2:]),
        "mib_a_million_rows": {
            name: (last[name] - one[name]) / (last["rows"] - one["rows"]) * 1e6
            for name in ("driver_mib", "others_mib")
        },
    }


def known_runners() -> list[str]:
    """Those that this machine has."""
    prism = os.environ.get("MEASURAND_PRISM") or shutil.which("prism")
    return ["FnApiRunner", "PrismRunner"] if prism else ["FnApiRunner"]


def runner_of(name: str) -> str:
    """The runner with its program, where the environment names one."""
    program = os.environ.get("MEASURAND_PRISM")
    return f"{name}:prism_location={program}" if name == "PrismRunner" and program else name


def show(run: Run) -> None:
    """One build in a line."""
    programs = ", ".join(f"{name} {mib:.0f}" for name, mib in run["by_program_mib"].items())
    print(
        f"{run['system']:>16} {run['runner']:>12} x{run['scale']:<3}{run['rows']:>10,} rows "
        f"{run['wall_s']:7.1f} s wall {run['cpu_s']:7.1f} s CPU, driver {run['driver_mib']:6.0f} "
        f"MiB, others {run['others_mib']:6.0f} MiB{f' ({programs})' if programs else ''}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--system", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--runner", nargs="+", default=known_runners())
    parser.add_argument("--scale", nargs="+", type=int, default=[1, 4, 16])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        system, scale, runner = args.child
        child(system, int(scale), runner)
        return
    runs, grown = [], []
    for system in args.system:
        for runner in args.runner:
            mine = []
            for scale in sorted(args.scale):
                mine.append(measure(system, scale, runner_of(runner)))
                if not args.json:
                    show(mine[-1])
            runs += mine
            if len(mine) > 1:
                grown.append(growth(mine))
                if not args.json:
                    found = grown[-1]
                    print(
                        f"{system:>16} {runner:>12} exponent {found['exponent']:.2f}, of the last "
                        f"step {found['last_step']:.2f}",
                        flush=True,
                    )
    if args.json:
        load = os.getloadavg()[0]
        print(json.dumps({"load_average": load, "runs": runs, "growth": grown}, indent=1))


if __name__ == "__main__":
    main()
