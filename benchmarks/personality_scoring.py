"""Items a second: our scorer, its parts taken away, lm-evaluation-harness, and the limit.

Same weights, same prompts, same precision, same process; the contenders take turns, round by round,
and the figures are medians of ratios within a round, so a busy machine slows all alike. An item is
one prompt with all its choices.

ours                the scorer as it is used
no shared prefix    every prompt computed whole; one position still serves all choices
request per choice  every prompt computed whole, once for each choice
lm-eval             lm-evaluation-harness, HFLM on the same model object, loglikelihood requests
limit (own)         raw prefill tokens/s of the engine (plain batches, no head, no cache, best of
                    several shapes) over the tokens of a prompt that no other prompt shares
limit (tree)        the same over all distinct tokens: what any exact scorer has to compute

Run: python benchmarks/personality_scoring.py --items 100 [--json]
lm-eval is optional: pip install --no-deps -r locks/test.lock
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from measurand.models import load
from measurand.models.hf import HfModel
from measurand.models.protocol import Request
from measurand.progress import Progress
from pipelines.personality import instruments
from pipelines.personality.wording import postamble, preamble
from schemas.personality.params import POSTAMBLES

CHOICES = ("1", "2", "3", "4", "5")
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}


def prompts(kind: str, n: int) -> list[Request]:
    """Prompts of the personality experiments, in the order in which they are asked."""
    items = instruments.load(["ipip_neo_300"])[0].to_pylist()
    if kind == "validity":
        start, numbers = preamble(1, "rg6", (0,) * 5, "corrected"), POSTAMBLES
    else:
        start, numbers = preamble(1, "ev2", (9, 0, 0, 0, 0), "corrected"), POSTAMBLES[:1]
    texts = [
        start + item["text"] + postamble("accuracy", number) for item in items for number in numbers
    ]
    return [Request(text) for text in texts[:n]]


def token_counts(model: HfModel, requests: Sequence[Request]) -> dict[str, float]:
    """Tokens per prompt: all, those on no other prompt's path, and distinct ones."""
    rows = [tuple(model.tokenizer(model.text(r.prompt))["input_ids"]) for r in requests]
    paths = Counter(row[:at] for row in rows for at in range(1, len(row) + 1))
    return {
        "prompt": sum(map(len, rows)) / len(rows),
        "own": sum(1 for count in paths.values() if count == 1) / len(rows),
        "distinct": len(paths) / len(rows),
    }


def prefill_rate(model: HfModel, clock: Callable[[], float]) -> float:
    """Tokens a second of the bare engine, the best of several plain batches."""
    import torch

    base = model.forward.model.base_model
    best = 0.0
    for rows, length in ((8, 128), (16, 64), (32, 64), (16, 128)):
        ids = torch.randint(100, 1000, (rows, length), device=base.device)
        with torch.inference_mode():
            start = clock()
            base(input_ids=ids, use_cache=False).last_hidden_state.sum().item()
            best = max(best, ids.numel() / (clock() - start))
    return best


def harness(model: HfModel) -> Callable[[Sequence[Request]], list[list[float]]] | None:
    """lm-evaluation-harness around the same model object; None where it is not installed."""
    try:
        from lm_eval.api.instance import Instance
        from lm_eval.models.huggingface import HFLM
    except ImportError:
        return None
    with contextlib.redirect_stdout(io.StringIO()):
        lm = HFLM(
            pretrained=model.forward.model,
            tokenizer=model.tokenizer,
            batch_size=32,
            max_length=2048,
        )

    def score(requests: Sequence[Request]) -> list[list[float]]:
        asked = [
            Instance("loglikelihood", {}, (model.text(request.prompt), choice), number)
            for number, request in enumerate(requests)
            for choice in CHOICES
        ]
        with contextlib.redirect_stdout(io.StringIO()):
            values = iter(lm.loglikelihood(asked, disable_tqdm=True))
        return [[next(values)[0] for _ in CHOICES] for _ in requests]

    return score


def contenders(spec: str, cache: Path) -> tuple[HfModel, dict[str, Any]]:
    """The model, and what to time: requests -> log-probs (items x choices)."""
    ours, whole = (load(spec + option, cache=cache) for option in ("", _also(spec, "prefix=none")))
    if not isinstance(ours, HfModel):
        raise SystemExit(f"{spec} does not run in this process; give smollm2 or hf:<folder>")

    def per_choice(requests: Sequence[Request]) -> list[list[Any]]:
        columns = [whole.score(requests, (choice,)) for choice in CHOICES]
        return [[(s.logprobs or (None,))[0] for s in row] for row in zip(*columns, strict=True)]

    return ours, {
        "ours": lambda r: [s.logprobs for s in ours.score(r, CHOICES)],
        "no shared prefix": lambda r: [s.logprobs for s in whole.score(r, CHOICES)],
        "request per choice": per_choice,
        "lm-eval": harness(ours),
    }


def _also(spec: str, option: str) -> str:
    return f"{'&' if '?' in spec else '?'}{option}"


def measure(args: argparse.Namespace, kind: str, ours: HfModel, run: dict[str, Any]) -> dict:
    """Medians over rounds for one kind of prompt."""
    clock, requests = CLOCKS[args.clock], prompts(kind, args.items)
    per_item = token_counts(ours, requests)
    names = [name for name, score in run.items() if score is not None]
    rates: dict[str, list[float]] = {name: [] for name in (*names, "prefill")}
    answers: dict[str, list[list[float]]] = {}
    for score in (run[name] for name in names):
        score(requests[:2])
    with Progress(f"{kind} prompts", args.rounds * len(rates), "timings") as progress:
        for _ in range(args.rounds):
            rates["prefill"].append(prefill_rate(ours, clock))
            progress.advance()
            for name in names:
                start = clock()
                answers[name] = run[name](requests)
                rates[name].append(len(requests) / (clock() - start))
                progress.advance()
    for limit, tokens in (("limit (own)", "own"), ("limit (tree)", "distinct")):
        rates[limit] = [rate / per_item[tokens] for rate in rates["prefill"]]
    prefill = rates.pop("prefill")
    rows = {
        name: {
            "items_per_s": statistics.median(rates[name]),
            "ours_over_it": statistics.median(
                [a / b for a, b in zip(rates["ours"], rates[name], strict=True)]
            ),
            **(_agreement(answers["ours"], answers[name]) if name in answers else {}),
        }
        for name in rates
    }
    for name in run.keys() - rows.keys():
        rows[name] = {"not_installed": "pip install --no-deps -r locks/test.lock"}
    return {
        "items": len(requests),
        "tokens_per_item": per_item,
        "prefill_tokens_per_s": statistics.median(prefill),
        "rows": rows,
    }


def _agreement(ours: list[list[float]], other: list[list[float]]) -> dict[str, float]:
    """Same answer, and the largest difference of log-probs relative to the first choice."""
    same = [a.index(max(a)) == b.index(max(b)) for a, b in zip(map(list, ours), other, strict=True)]
    gaps = [
        abs((a[at] - a[0]) - (b[at] - b[0]))
        for a, b in zip(ours, other, strict=True)
        for at in range(len(a))
    ]
    return {"same_answer": sum(same) / len(same), "largest_difference": max(gaps)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100, help="prompts of each kind")
    parser.add_argument("--rounds", type=int, default=3, help="turns of every contender")
    parser.add_argument("--model", default="smollm2", help="smollm2 or hf:<folder>")
    parser.add_argument("--cache", type=Path, default=Path("models"), help="folder of weights")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu on a busy machine")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    ours, run = contenders(args.model, args.cache)
    import torch

    result = {
        "model": args.model,
        "dtype": ours.capabilities().dtype,
        "device": str(ours.forward.model.device),
        "threads": torch.get_num_threads(),
        "clock": args.clock,
        "load_average": os.getloadavg()[0],
        "rounds": args.rounds,
        **{kind: measure(args, kind, ours, run) for kind in ("validity", "shaping")},
    }
    if args.json:
        print(json.dumps(result, indent=1))
        return
    for kind in ("validity", "shaping"):
        part = result[kind]
        tokens = part["tokens_per_item"]
        print(
            f"\n{kind}: {part['items']} prompts of {tokens['prompt']:.1f} tokens, "
            f"{tokens['own']:.1f} on no other prompt's path, {tokens['distinct']:.1f} distinct; "
            f"engine {part['prefill_tokens_per_s']:.0f} tokens/s"
        )
        print(f"{'':20}{'items/s':>9}{'ours / it':>11}{'same answer':>13}{'max diff':>11}")
        for name, row in part["rows"].items():
            if "not_installed" in row:
                print(f"{name:20} not installed: {row['not_installed']}")
                continue
            same = f"{row['same_answer']:12.1%}" if "same_answer" in row else f"{'':12}"
            gap = f"{row['largest_difference']:11.1e}" if "largest_difference" in row else ""
            print(f"{name:20}{row['items_per_s']:9.2f}{row['ours_over_it']:11.2f} {same}{gap}")


if __name__ == "__main__":
    main()
