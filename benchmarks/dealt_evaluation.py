"""What workers gain in an evaluation: two processes of one thread against a loop of two threads.

Runs `measurand evaluate personality` on the same prompts, each way in a process of its own: a loop
with one thread, a loop with N threads, and ``--runner FnApiRunner:processes=N`` with one thread a
worker. Two numbers of prompts tell what starting and loading takes from what a prompt takes.
Printed are seconds of the wall and of the processor, prompts a second, the ratios of both ways with
N cores, and the memory of driver and workers. Item results have to be those of the loop of one
thread, to the byte.

Run: python benchmarks/dealt_evaluation.py [--model smollm2] [--processes 2] [--prompts 128 640]
     [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from watching import Watch

from measurand.manifest import read_manifest

ROOT = Path(__file__).parents[1]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
Run = dict[str, Any]


def measurand(words: list[str], threads: int) -> Run:
    """A command, watched; its last words where it fails."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    env = os.environ | {name: str(threads) for name in THREADS} | {"PYTHONPATH": paths}
    env.pop("MEASURAND_RUNNER", None)
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "measurand", *words], cwd=ROOT, env=env, stdout=said, stderr=said
        )
        watch = Watch(process.pid)
        code = process.wait()
        seconds = time.perf_counter() - start
        if code:
            said.seek(0)
            raise SystemExit(f"{words}: {said.read().decode()[-3000:]}")
    return {"wall_s": seconds, **watch.end()}


def ways(processes: int) -> dict[str, tuple[int, list[str]]]:
    """Threads and further words of each way."""
    return {
        "loop, 1 thread": (1, []),
        f"loop, {processes} threads": (processes, []),
        f"{processes} processes": (1, ["--runner", f"FnApiRunner:processes={processes}"]),
    }


def compare(model: str, processes: int, prompts: list[int], folder: Path) -> list[Run]:
    """All ways with every number of prompts."""
    preset = ROOT / "params" / "presets" / "personality" / "tiny.yaml"
    data, given = folder / "data", ["--params", str(preset)]
    measurand(["build", "personality", *given, "--out", str(data / "dataset")], 1)
    found: list[Run] = []
    for name, (threads, more) in ways(processes).items():
        for n in prompts:
            out = folder / f"{len(found)}"
            words = ["evaluate", "personality", *given, "--model", model, "--limit", str(n)]
            words += ["--data", str(data), "--out", str(out / "results")]
            words += ["--journal", str(out / "journal"), *more]
            run = measurand(words, threads)
            items = read_manifest(out / "results" / "items").logical_hash
            found.append({"way": name, "prompts": n, **run, "items": items})
            print(said(found[-1]), file=sys.stderr, flush=True)
    return found


def said(run: Run) -> str:
    """A run in a line."""
    return (
        f"{run['way']:>16} {run['prompts']:>6} prompts {run['wall_s']:7.1f} s wall "
        f"{run['cpu_s']:7.1f} s CPU, driver {run['driver_mib']:5.0f} MiB, others "
        f"{run['others_mib']:5.0f} MiB, items {run['items'][:12]}"
    )


def ratios(runs: list[Run], processes: int) -> Run:
    """The loop's seconds over the workers', on as many cores: of whole runs, and of a prompt."""
    by = {name: [run for run in runs if run["way"] == name] for name in ways(processes)}
    alone, loop, workers = by.values()

    def of_a_prompt(some: list[Run]) -> float:
        first, last = some[0], some[-1]
        return float((last["wall_s"] - first["wall_s"]) / (last["prompts"] - first["prompts"]))

    found: Run = {
        "whole": loop[-1]["wall_s"] / workers[-1]["wall_s"],
        "memory": sum(workers[-1][name] for name in ("driver_mib", "others_mib"))
        / (loop[-1]["driver_mib"] + loop[-1]["others_mib"]),
        "equal_items": [a["items"] == w["items"] for a, w in zip(alone, workers, strict=True)],
    }
    if len(workers) > 1:
        found["of_a_prompt"] = of_a_prompt(loop) / of_a_prompt(workers)
        found["prompts_a_second"] = {name: 1 / of_a_prompt(some) for name, some in by.items()}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--prompts", type=int, nargs="+", default=[128, 640])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = compare(args.model, args.processes, sorted(args.prompts), Path(folder))
    found = ratios(runs, args.processes)
    load = os.getloadavg()[0]
    if args.json:
        print(json.dumps({"load_average": load, "runs": runs, "ratios": found}, indent=1))
        return
    print(f"load {load:.1f}; loop over workers: {json.dumps(found, indent=1)}")


if __name__ == "__main__":
    main()
