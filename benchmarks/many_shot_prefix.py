"""What shared prefixes save on many-shot prompts: tokens computed and seconds, in one run.

Every prompt is K shots and one question; the shots of a smaller K begin those of a larger one, and
all questions of a K stand after the same shots. The same prompts are scored with prefix=shared and
with prefix=none, which must give the same answers.

Run: python benchmarks/many_shot_prefix.py [--shots 4 8 16 32] [--questions 16] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from measurand.models import load
from measurand.models.protocol import Request, Score

CHOICES = (" A", " B")


def prompts(shots: Sequence[int], questions: int, seed: int) -> list[Request]:
    """Linear classification of four integers, as text; ``questions`` requests for each K."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=4)
    numbers = rng.integers(1, 1000, (max(shots) + questions, 4))
    labels = np.where((numbers - 500) @ weights > 0, "A", "B")
    inputs = [f"Input: {' '.join(map(str, row))}\nLabel:" for row in numbers]
    shown = [f"{text} {label}" for text, label in zip(inputs, labels, strict=True)]
    return [
        Request("\n\n".join([*shown[:k], question]))
        for k in shots
        for question in inputs[max(shots) :]
    ]


def run(spec: str, cache: Path, requests: Sequence[Request]) -> tuple[list[Score], float]:
    """Scores and seconds; loading and one warm-up prompt are not counted."""
    model = load(spec, cache=cache)
    model.score([Request("Input: 0\nLabel:")], CHOICES)
    start = time.perf_counter()
    scores = model.score(requests, CHOICES)
    seconds = time.perf_counter() - start
    model.close()
    return scores, seconds


def compare(args: argparse.Namespace) -> dict[str, Any]:
    """Both ways on the same prompts."""
    requests = prompts(args.shots, args.questions, args.seed)
    mark = "&" if "?" in args.model else "?"
    rows, scores = {}, {}
    for way in ("none", "shared"):
        found, seconds = run(f"{args.model}{mark}prefix={way}", args.cache, requests)
        bad = [score for score in found if score.status != "ok"]
        if bad:
            sys.exit(f"prefix={way}: {len(bad)} prompts without a score: {bad[0].reason}")
        computed = sum((s.prompt_tokens or 0) - (s.cached_tokens or 0) for s in found)
        rows[way] = {"tokens_computed": computed, "seconds": seconds}
        scores[way] = np.array([score.logprobs for score in found])
    gap = np.abs(scores["shared"] - scores["none"])
    return {
        "model": args.model,
        "prompts": len(requests),
        "shots": args.shots,
        "load_average": os.getloadavg()[0],
        **rows,
        "tokens_ratio": rows["none"]["tokens_computed"] / rows["shared"]["tokens_computed"],
        "seconds_ratio": rows["none"]["seconds"] / rows["shared"]["seconds"],
        "largest_difference": float(gap.max()),
        "same_argmax": float((scores["shared"].argmax(1) == scores["none"].argmax(1)).mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="smollm2?template=none")
    parser.add_argument("--cache", type=Path, default=Path("models"))
    parser.add_argument("--shots", type=int, nargs="+", default=[4, 8, 16, 32])
    parser.add_argument("--questions", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = compare(args)
    if args.json:
        print(json.dumps(result, indent=1))
        return
    print(f"{result['prompts']} prompts, K in {args.shots}, {args.model}")
    for way in ("none", "shared"):
        row = result[way]
        print(f"prefix={way:7} {row['tokens_computed']:9} tokens {row['seconds']:8.2f} s")
    print(f"ratio: {result['tokens_ratio']:.2f} tokens, {result['seconds_ratio']:.2f} seconds")
    print(
        f"largest log-prob difference {result['largest_difference']:.1e}, "
        f"same argmax {result['same_argmax']:.1%}"
    )


if __name__ == "__main__":
    main()
