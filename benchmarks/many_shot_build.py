"""What assembling many-shot prompts costs beside tokenizing their text, in one run.

Prompts of about 1,000 to 8,000 tokens are built with all that a dataset has: permutations, layout,
token counts, offsets, budget, hashes, Beam, Parquet, manifest, the search for leaks. Then a plain
script reads the text back and does nothing but tokenize it in batches of the same size. Both run in
processes of their own, one after the other, with the same number of threads. Printed are seconds,
tokens a second, the ratio, and the largest memory of the build for few and for many shards.

Run: python benchmarks/many_shot_build.py [--prompts 2000] [--tokens-a-shard 2000000] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

# Shots that give about 1,000, 2,000 ... 7,500 tokens with the tokenizer of SmolLM2.
SHOTS = {
    "linear": [12, 24, 36, 48, 60, 72, 88],
    "parity": [15, 30, 45, 60, 75, 90, 112],
    "sums": [46, 92, 138, 184, 230, 276, 340],
}
SOURCES = {
    "linear": {"kind": "linear", "features": 16, "seed": 0},
    "parity": {"kind": "parity", "bits": 20},
    "sums": {"kind": "arithmetic", "terms": 3, "digits": 2},
}
MEAN_TOKENS = 4_000
MOST_SEEDS = 100


def params(prompts: int, n_shards: int) -> dict[str, Any]:
    """Parameters that ask for at least so many prompts."""
    each = -(-prompts // sum(map(len, SHOTS.values())))
    seeds = min(each, MOST_SEEDS)
    tasks = [
        {
            "id": name,
            "source": SOURCES[name],
            "train": max(SHOTS[name]) + 100,
            "test": 50,
            "answer_tokens": 8,
            "curves": [{"shots": SHOTS[name], "seeds": seeds, "orders": -(-each // seeds)}],
        }
        for name in SHOTS
    ]
    return {"build": {"tasks": tasks, "n_shards": n_shards}}


def build(recipe: str, out: str, runner: str) -> dict[str, Any]:
    """Build the dataset; loading libraries and tokenizer for the first time is not counted."""
    import apache_beam  # noqa: F401
    import sklearn  # noqa: F401

    from measurand.models.tokenizers import load_tokenizer
    from pipelines.many_shot.dataset import build as run
    from schemas.many_shot.params import Params

    load_tokenizer("smollm2", cache=ROOT / "models").count(["warm"])
    start = time.perf_counter()
    run(Params.model_validate_json(recipe), Path(out), runner, journal=Path(out) / "journal")
    return {"seconds": time.perf_counter() - start}


def plain(out: str) -> dict[str, Any]:
    """Tokenize the text of every prompt; reading it is not counted."""
    from measurand import shards
    from measurand.models.tokenizers import load_tokenizer
    from pipelines.many_shot.prompts import CHUNK

    tokenizer = load_tokenizer("smollm2", cache=ROOT / "models")
    tokenizer.count(["warm"])
    seconds, tokens, prompts, different = 0.0, 0, 0, 0
    for _, table in shards.iter_shards(Path(out) / "prompts"):
        for batch in table.select(["prefix", "n_tokens"]).to_batches(CHUNK):
            texts = batch["prefix"].to_pylist()
            start = time.perf_counter()
            counts = tokenizer.count(texts)
            seconds += time.perf_counter() - start
            different += sum(
                a != b for a, b in zip(counts, batch["n_tokens"].to_pylist(), strict=True)
            )
            tokens += sum(counts)
            prompts += len(texts)
    return {"seconds": seconds, "tokens": tokens, "prompts": prompts, "different": different}


def child(*words: str) -> dict[str, Any]:
    """Run a part in a process of its own; adds its largest memory in MiB."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", *words], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(prompts: int, n_shards: int, runner: str, folder: str) -> dict[str, Any]:
    """Both ways with the same prompts."""
    recipe = json.dumps(params(prompts, n_shards))
    with tempfile.TemporaryDirectory(dir=folder) as out:
        built = child("build", recipe, out, runner)
        read = child("plain", out)
        sizes = [p.stat().st_size for p in Path(out).glob("prompts/part-*")]
    return {
        "prompts": read["prompts"],
        "shards": n_shards,
        "tokens": read["tokens"],
        "counts_that_differ": read["different"],
        "build_seconds": built["seconds"],
        "plain_seconds": read["seconds"],
        "ratio": built["seconds"] / read["seconds"],
        "build_tokens_a_second": read["tokens"] / built["seconds"],
        "largest_shard_mib": max(sizes) / 2**20,
        "build_peak_mib": built["peak_mib"],
        "plain_peak_mib": read["peak_mib"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=2_000)
    parser.add_argument("--tokens-a-shard", type=int, default=2_000_000)
    parser.add_argument("--runner", default="FnApiRunner")
    parser.add_argument("--folder", help="where the datasets are written for a while")
    parser.add_argument("--once", action="store_true", help="leave out the runs on memory")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        part, *words = args.child
        found = {"build": build, "plain": plain}[part](*words)
        found["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found))
        return
    os.environ.setdefault("RAYON_NUM_THREADS", str(os.cpu_count() or 1))
    many = max(1, args.prompts * MEAN_TOKENS // args.tokens_a_shard)
    runs = [(args.prompts, many)]
    if not args.once:
        # The same prompts in few large shards, and twice the prompts in shards of the same size.
        runs += [(args.prompts, max(1, many // 4)), (2 * args.prompts, 2 * many)]
    rows = []
    for prompts, n_shards in runs:
        rows.append(measure(prompts, n_shards, args.runner, args.folder))
        if not args.json:
            show(rows[-1])
    if args.json:
        print(json.dumps({"load_average": os.getloadavg()[0], "runs": rows}, indent=1))


def show(row: dict[str, Any]) -> None:
    """One run in words."""
    print(
        f"{row['prompts']:,} prompts, {row['tokens']:,} tokens, {row['shards']} shards: build "
        f"{row['build_seconds']:.1f} s ({row['build_tokens_a_second']:,.0f} tokens/s), plain "
        f"tokenizing {row['plain_seconds']:.1f} s, ratio {row['ratio']:.2f}; build holds "
        f"{row['build_peak_mib']:.0f} MiB at most (largest shard {row['largest_shard_mib']:.1f} "
        f"MiB on disk), plain script {row['plain_peak_mib']:.0f} MiB; "
        f"{row['counts_that_differ']} token counts differ",
        flush=True,
    )


if __name__ == "__main__":
    main()
