"""What trained planners say and point at where it is known what is right, one step at a time.

Steps are those of the oracle in an evaluation: instruction, history and page as they were, so that
a mistake has no consequences, and both planners are asked the very same. Two questions:

start     pre-trained against scratch: exact sub-instructions, F1 of elements, paired by instruction
window    recall of elements when so many tokens of noise stand before the page, read through a long
          window, and cut to a short one

    python benchmarks/webagent_planners.py [--params FILE] [--data FOLDER] [--results FOLDER]
        [--steps 60] [--noise 8000] [--short 1024] [--long 16384]

Needs a trained and evaluated system: `dvc repro evaluate@webagent`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from measurand import params as parameters
from measurand import shards
from measurand.stats.means import cluster_mean
from measurand.stats.resample import rng_for
from pipelines.webagent import planning, records
from pipelines.webagent.page import Seen
from pipelines.webagent.planning import Trained
from pipelines.webagent.rules import Plan
from schemas.webagent.params import Params

ROOT = Path(__file__).parents[1]
Row = dict[str, Any]


def steps_of(results: Path, most: int) -> list[Row]:
    """Steps of the oracle that came off, as many of each site, the end of no episode among them."""
    table = shards.read_table(results / "steps").to_pylist()
    mine = [r for r in table if r["agent"] == "oracle" and r["what"] == "ok" and r["refs"]]
    mine.sort(key=lambda row: (row["episode_id"], row["step"]))
    order = np.random.default_rng(0).permutation(len(mine))[:most]
    return [mine[at] for at in sorted(order)]


def padded(html: str, row: Row, planner: Trained, tokens: int) -> str:
    """The page with prose before all that it shows."""
    rng, noise = rng_for("webagent noise", row["episode_id"], row["step"]), ""
    while len(planner.coder.read("", (), f"<div>{noise}</div>")) < tokens:
        noise += f"<p>{records.prose(rng, 20)}</p>"
    return re.sub(r"(<body[^>]*>|\A(?!.*<body))", rf"\1<div>{noise}</div>", html, count=1)


def plans(planner: Trained, rows: Sequence[Row], noise: int = 0) -> list[Plan]:
    found = []
    for row in rows:
        html = padded(row["html"], row, planner, noise) if noise else row["html"]
        task: Any = SimpleNamespace(text=row["instruction"])
        found.append(planner.plan(task, row["history"], Seen(html)))
    return found


def f1(plan: Plan, row: Row) -> float:
    mine, due = set(plan.refs), set(row["refs"])
    return 2 * len(mine & due) / (len(mine) + len(due))


def recall(plan: Plan, row: Row) -> float:
    return len(set(plan.refs) & set(row["refs"])) / len(set(row["refs"]))


def exact(plan: Plan, row: Row) -> float:
    return float(plan.sub_instruction.casefold() == row["sub_instruction"].casefold())


def told(values: Sequence[float], rows: Sequence[Row]) -> str:
    """A mean with its interval over instructions."""
    clusters = np.array([row["episode_id"].rsplit("|", 1)[0] for row in rows])
    found = cluster_mean(np.array(values), clusters)
    value, low, high = (100 * float(one or 0) for one in (found.value, found.ci_lo, found.ci_hi))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--params", type=Path, default=ROOT / "params/webagent.yaml")
    parser.add_argument("--data", type=Path, default=ROOT / "data/webagent")
    parser.add_argument("--results", type=Path, default=ROOT / "reports/webagent/results")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--noise", type=int, default=8000)
    parser.add_argument("--short", type=int, default=1024)
    parser.add_argument("--long", type=int, default=16_384)
    args = parser.parse_args()
    if not (args.results / "steps" / "manifest.json").exists():
        print(f"{args.results} holds no evaluation: dvc repro evaluate@webagent")
        return
    given = parameters.read(args.params, Params)
    rows = steps_of(args.results, args.steps)
    names = [spec.name for spec in given.train.finetuning.planners]  # type: ignore[union-attr]
    folders = args.data / "dataset", args.data / "checkpoint"
    both = {name: planning.load(given.train, name, *folders) for name in names}
    said = {name: plans(planner, rows) for name, planner in both.items()}
    print(f"{len(rows)} steps of the oracle; shares in %, 95% intervals over instructions")
    for what, score in (("exact words", exact), ("F1 of elements", f1), ("recall", recall)):
        each = {
            name: [score(p, r) for p, r in zip(said[name], rows, strict=True)] for name in names
        }
        parts = [f"{name} {told(values, rows)}" for name, values in each.items()]
        first, *others = names
        parts += [
            f"{first} - {other} {told(np.subtract(each[first], each[other]).tolist(), rows)}"
            for other in others
        ]
        print(f"{what}: {'; '.join(parts)}")
    for name, planner in both.items():
        kept = {}
        for window, noise in ((args.long, 0), (args.long, args.noise), (args.short, args.noise)):
            found = plans(planner.within(window), rows, noise)
            kept[window, noise] = [recall(p, r) for p, r in zip(found, rows, strict=True)]
        whole = kept.pop((args.long, 0))
        parts = [f"{told(whole, rows)} of the page itself"]
        parts += [
            f"loses {told(np.subtract(whole, values).tolist(), rows)} with {noise} tokens before "
            f"it in a window of {window}"
            for (window, noise), values in kept.items()
        ]
        print(f"recall of {name}: {'; '.join(parts)}", flush=True)


if __name__ == "__main__":
    main()
