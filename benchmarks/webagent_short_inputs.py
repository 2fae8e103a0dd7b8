"""Planners trained and asked where a short input holds all that is due: how far minutes bring them.

Pages are longer than a small model reads. Here are only those steps of the oracle whose elements
all stand in the first tokens, so that what is learned is not hidden by what is cut off. Episodes
are played by requests, without a browser: pages are those that a browser gets, numbers of elements
are mixed anew on every page. Planners from pre-trained weights and from scratch see the same pairs
in the same order; steps asked are of other instructions of the training's templates (``same``),
and of the evaluation (``eval``): other templates, records and names.

    nice -n 15 python benchmarks/webagent_short_inputs.py FOLDER [--seeds 3] [--steps 400]
        [--pretraining 400] [--input 768] [--episodes 300] [--asked 60] [--pointing 0]

``--pointing 1500`` has planners learn to point in growing windows first, 1,500 steps in the
shortest: a quarter of an hour a planner.
A run that was killed goes on where it was, when it is started again. Processor time is printed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/pipelines/webagent"))
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from web_client import Client
from webagent_planners import Row, exact, f1, plans, told

from measurand import params as parameters
from measurand import runs, shards
from measurand.stats.resample import rng_for
from pipelines.webagent import corpus, fitting, net, planning, rows, train
from pipelines.webagent.instructions import task
from pipelines.webagent.page import Seen
from pipelines.webagent.pairs import Coder
from pipelines.webagent.rules import Oracle
from pipelines.webagent.server import Sites
from schemas.webagent.params import SITES, Params
from schemas.webagent.pretraining import Steps
from schemas.webagent.tables import EXPERIENCE
from schemas.webagent.training import Train

ROOT = Path(__file__).parents[1]
BATCH = 8
TOKENS = 3072
"""Of the windows of a step in which planners learn to point."""
SETS = {"train": ("train", 1), "same": ("train", 2), "eval": ("eval", 1)}
"""Split and seed of the instructions of each set of steps."""


def given(args: argparse.Namespace, seed: int) -> Params:
    """``tiny`` with so many steps on inputs of so many tokens."""
    tiny = parameters.read(ROOT / "params/presets/webagent/tiny.yaml", Params)
    before, after = tiny.train.pretraining, tiny.train.finetuning  # type: ignore[union-attr]
    often = {"save_every": 25}
    before = before.model_copy(update={"steps": args.pretraining, "warmup": 40, **often})
    changed = {"steps": args.steps, "warmup": 40, "input": args.input, "batch": BATCH, **often}
    changed["pointing"] = stages(args.pointing, args.input, often)
    after = after.model_copy(update=changed)  # type: ignore[union-attr]
    return tiny.model_copy(update={"train": Train(pretraining=before, finetuning=after, seed=seed)})


def stages(steps: int, most: int, often: dict[str, int]) -> tuple[Steps, ...]:
    """Windows of 64 tokens for so many steps, then of twice as many up to the input's."""
    found = []
    for tokens in (64, 128, 256, 512):
        if steps and tokens <= most:
            lr, few = (3e-3, steps) if tokens == 64 else (2e-3, steps // 4)
            found.append(
                Steps(
                    input=tokens, target=64, batch=TOKENS // tokens, steps=few, lr=lr,
                    warmup=few // 4, device="cpu", **often,
                )
            )  # fmt: skip
    return tuple(found)


def played(site: str, split: str, number: int, seed: int, sites: Sites) -> Iterator[Row]:
    """Steps of the oracle on an instruction, as rows of the experience; the end is not among them.

    Fields that were filled in have their value in the page, as the browser's pages have.
    """
    from lxml import html as reader

    asked = task(site, split, number, seed)
    client, planner, history = Client(sites, asked.setting), Oracle(), []
    for step, act in enumerate(asked.goal.acts):
        body = client.seen.root.find("body")
        every = [one for one in body.iter() if isinstance(one.tag, str)]
        if every[0].get("data-ref") is None:
            mixed = rng_for("webagent numbers", asked.id, step).permutation(len(every)) + 1
            for one, ref in zip(every, mixed, strict=True):
                one.set("data-ref", str(ref))
        page = Seen(reader.tostring(body, encoding="unicode"))
        plan = planner.plan(asked, history, page)
        yield {
            **rows.about(asked, "oracle"), "step": step, "instruction": asked.text,
            "history": list(history), "html": page.html, "html_tokens": len(page.html) // 3,
            "sub_instruction": plan.sub_instruction, "refs": list(plan.refs), "snippet": "",
            "program": "",
        }  # fmt: skip
        history.append(plan.sub_instruction)
        client.do(act)
        for element, value in client.filled.items():
            fill(element, value)


def fill(element: Any, value: Any) -> None:
    if element.tag == "select":
        for option in element.iter("option"):
            option.attrib.pop("selected", None)
            if option.get("value") == value:
                option.set("selected", "")
    elif value is True:
        element.set("checked", "")
    elif element.tag == "textarea":
        element.text = value
    else:
        element.set("value", value)


def last(coder: Coder, row: Row) -> int:
    """Tokens of the input up to the number of the last element that is due."""
    ids = coder.read(row["instruction"], row["history"], row["html"]).tolist()
    digits = {one for n in range(10) for one in coder.number(n)}
    found = 0
    for ref in row["refs"]:
        number = [coder.ref, *coder.number(ref)]
        ends = (
            at + len(number)
            for at, one in enumerate(ids)
            if one == coder.ref and ids[at : at + len(number)] == number
            and ids[at + len(number)] not in digits
        )  # fmt: skip
        found = max(found, next(ends, sys.maxsize))
    return found


def steps_of(name: str, coder: Coder, args: argparse.Namespace) -> Iterator[Row]:
    """The steps of a set, if all of their elements stand in the input."""
    split, seed = SETS[name]
    sites, all_of_them, short = Sites(), 0, 0
    for number in range(args.episodes if name == "train" else 12):
        print(f"{name}: instruction {number} of each site", end="\r", file=sys.stderr)
        for site in SITES:
            for row in played(site, split, number, seed, sites):
                all_of_them += 1
                if row["refs"] and last(coder, row) <= args.input:
                    short += 1
                    yield row
    print(f"{name}: {short} of {all_of_them} steps in {args.input} tokens", flush=True)


def saved(folder: Path, make: Callable[[], Iterator[Row]]) -> list[Row]:
    """Rows of a folder, made where there are none."""
    if not (folder / "manifest.json").exists():
        shards.write_dataset(folder, EXPERIENCE, runs.table(EXPERIENCE, list(make())))
    return shards.read_table(folder).to_pylist()


def told_right(path: Path, coder: Coder, some: Sequence[Row], most: int) -> dict[str, list[float]]:
    """Shares of words, and of tokens of numbers, that are the likeliest after those due before."""
    weights, size = fitting.load(path)
    found: dict[str, list[float]] = {"next words": [], "next digits": []}
    for row in some:
        ids = coder.read(row["instruction"], row["history"], row["html"])[:most]
        answer = coder.answer(row["sub_instruction"], row["refs"])
        given, target = torch.from_numpy(ids).long()[None], torch.tensor([answer])
        with torch.no_grad():
            logits = net.forward(weights, size, given, torch.tensor([len(ids)]), target)
        right = (logits.argmax(-1) == target)[0].numpy()[:-1]
        tokens = np.array(answer[:-1])
        first = answer.index(coder.ref)
        found["next words"].append(float(right[:first].mean()))
        digits = np.arange(len(tokens)) > first
        found["next digits"].append(float(right[digits & (tokens != coder.ref)].mean()))
    return found


def compared(
    args: argparse.Namespace, params: Params, seed: int, sets: dict[str, list[Row]]
) -> None:
    """Train both planners with a seed, and print what they say of each set of steps."""
    dataset, out = args.folder / "dataset", args.folder / f"checkpoint{seed}"
    train.train(params, dataset, out, journal=args.folder / f"journal{seed}")
    losses = shards.read_table(out / "finetuning").to_pylist()
    for name in ("tuned", "scratch"):
        mine = [row for row in losses if row["model"] == name]
        shown = ", ".join(f"{row['step']}: {row['loss']:.2f}" for row in mine[:: len(mine) // 8])
        print(f"seed {seed}, loss of {name} by step: {shown}, {mine[-1]['loss']:.2f}")
    for name, some in sets.items():
        each: dict[str, dict[str, list[float]]] = {}
        for one in ("tuned", "scratch"):
            planner = planning.load(params.train, one, dataset, out)
            said = plans(planner, some)
            each[one] = {
                what: [score(plan, row) for plan, row in zip(said, some, strict=True)]
                for what, score in (("exact words", exact), ("F1 of elements", f1))
            } | told_right(out / f"{one}.safetensors", planner.coder, some, args.input)
        for what, tuned in each["tuned"].items():
            scratch = each["scratch"][what]
            apart = np.subtract(tuned, scratch).tolist()
            print(f"seed {seed}, {name}, {what}: tuned {told(tuned, some)}; scratch "
                  f"{told(scratch, some)}; tuned - scratch {told(apart, some)}")  # fmt: skip
    print(f"seed {seed}: {time.process_time():.0f} s of the processor so far", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path, nargs="?", help="for data, states and weights")
    for name, value in (
        ("seeds", 3), ("steps", 400), ("pretraining", 400), ("input", 768), ("episodes", 300),
        ("asked", 60), ("pointing", 0),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    if args.folder is None:
        print("a quarter of an hour or more: name a folder for data, states and weights")
        return
    torch.set_num_threads(1)
    dataset = args.folder / "dataset"
    corpus_given = given(args, 1).build.corpus
    if corpus_given and not (dataset / "masks" / "manifest.json").exists():
        corpus.write(corpus_given, dataset, "FnApiRunner", kept=args.folder / "kept")
    coder = Coder.of(dataset)
    fitted = saved(dataset / "experience", lambda: steps_of("train", coder, args))
    sets = {"train": fitted}
    for name in ("same", "eval"):
        sets[name] = saved(args.folder / name, lambda name=name: steps_of(name, coder, args))  # type: ignore[misc]
    for name, some in sets.items():
        order = np.random.default_rng(0).permutation(len(some))[: args.asked]
        sets[name] = [some[at] for at in sorted(order)]
    print(f"{len(fitted)} pairs; {time.process_time():.0f} s of the processor so far", flush=True)
    for seed in range(1, args.seeds + 1):
        compared(args, given(args, seed), seed, sets)


if __name__ == "__main__":
    main()
