"""Episodes that are made up, with known effects, so that every figure has a known answer."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measurand import runs, shards
from schemas.webagent import pretraining_tables
from schemas.webagent.checks import CHECKS, COUNTED
from schemas.webagent.corpus import Corpus
from schemas.webagent.corpus_tables import EXAMPLES, MASKS
from schemas.webagent.params import SITES, Agent, Build, Evaluate, Params, Report
from schemas.webagent.pretraining_tables import FINETUNING, PROBES, SPEED
from schemas.webagent.tables import EPISODES, FILMS, RUNS, STEPS
from schemas.webagent.training import Train

Row = dict[str, Any]
Change = Callable[[str, Row], Row | None]
EACH = 20
"""Instructions a site."""
MODEL = "trained:cut"
SCRATCH = "trained:scratch"
AGENTS = (
    Agent(name="oracle"),
    Agent(name="random", planner="random"),
    Agent(name="full", planner=MODEL),
    Agent(name="told", planner=MODEL, summariser=False),
    Agent(name="shown", planner=MODEL, plans=False),
    Agent(name="alone", planner=None, summariser=False),
    Agent(name="shuffled", planner=MODEL, shuffled=True),
    Agent(name="scratch", planner=SCRATCH),
)
SQUARE_OF_RULES = (
    Agent(name="oracle_no_snippet", planner="oracle", summariser=False),
    Agent(name="oracle_shuffled", planner="oracle", shuffled=True),
)
"""Rules that know the steps, and whose writer is shown nothing of use."""
_STEPS = {"input": 64, "target": 16, "steps": 1, "batch": 1, "lr": 1e-3}
_NETWORK = {"width": 16, "heads": 2, "mlp": 24, "encoder_layers": 1, "decoder_layers": 1}
TRAIN = Train.model_validate(
    {
        "pretraining": {**_STEPS, "network": _NETWORK},
        "finetuning": {
            **_STEPS,
            "planners": [{"name": "cut"}, {"name": "scratch", "start": "scratch"}],
        },
    }
)
"""Who the planners of :data:`AGENTS` are."""
SOLVED = {"oracle": 20, "random": 0, "full": 16, "told": 8, "shown": 6, "alone": 2, "shuffled": 0,
          "scratch": 10, "oracle_no_snippet": 1, "oracle_shuffled": 0}  # fmt: skip
"""Of the instructions of a site, how many an agent solves: the first so many."""
ACTS = ('Type "Oslo" into "City".', 'Choose "2" in "Beds".', 'Press "Search".', 'Open "Home 7".')
LENGTHS = (1_500, 3_500, 7_000, 14_000)
"""Words and signs of pages; instructions take turns."""
FORM = (
    '<main><label data-ref="1" for="c">City</label><input data-ref="2" id="c">'
    '<label data-ref="3" for="b">Beds</label><select data-ref="4" id="b"><option>2</option>'
    '</select><button data-ref="5">Search</button><a data-ref="6" href="/help">Help</a></main>'
)
LIST = (
    '<main><a data-ref="1" href="/flat/6">Home 6</a>'
    '<a data-ref="2" href="/flat/7">Home 7</a></main>'
)
REFS = ((1, 2), (3, 4), (5,), (2,))
FAULTS = ("other_plan", "not_in_view", "guard", "other_element")
"""How an agent with a planner fails, in turn by instruction."""


def params(seeds: int = 1) -> Params:
    return Params(
        build=Build(corpus=Corpus.model_validate({"sources": [{"kind": "sites"}]})),
        train=TRAIN,
        evaluate=Evaluate(agents=AGENTS, instructions=EACH, seeds=seeds),
        report=Report(resamples=200),
    )


def sha(*words: object) -> str:
    return hashlib.sha256("|".join(map(str, words)).encode()).hexdigest()


def name_of(site: str, k: int, seed: int, agent: str) -> str:
    return f"{site}|{site}-t{k % 5}|{k}|{seed}|{agent}"


def episodes(given: Params) -> Iterator[tuple[Row, list[Row], Row]]:
    """Episode, steps and run of every agent."""
    for agent in given.evaluate.agents:
        for site in SITES:
            for k in range(EACH):
                for seed in range(given.evaluate.seeds):
                    yield episode(agent, site, k, seed)


def episode(agent: Agent, site: str, k: int, seed: int) -> tuple[Row, list[Row], Row]:
    name, success = name_of(site, k, seed, agent.name), k < SOLVED[agent.name]
    who = {
        "episode_id": name, "site": site, "theme": "quartz", "records": 1000 + k,
        "template_id": f"{site}-t{k % 5}", "split": "eval", "agent": agent.name,
    }  # fmt: skip
    steps = [{**who, **row} for row in _steps(agent, site, k, success)]
    met = 4 if success else 1 if agent.shuffled else 2
    wanted = [{"name": f"query.{i}", "met": i < met} for i in range(4)]
    return (
        {
            **who, "seed": seed, "instruction": f"Find home {k}.", "steps": len(steps),
            "attributes": [*wanted, {"name": "nothing_else", "met": True}],
            "success": success, "score": met / 4, "foreign": [],
            "ending": "planner_end" if success else "step_limit",
            "status": "ok", "reason": None, "browser": "Chromium 1", "env_sha256": sha("env"),
        },
        steps,
        {
            "episode_id": name, "seconds": 2.0, "plan_ms": 500.0, "write_ms": 0.0,
            "run_ms": 1000.0, "tries": 1, "failures": "",
        },
    )  # fmt: skip


def fault_of(agent: Agent, k: int) -> tuple[str, int]:
    """How an agent fails, and at which step."""
    if agent.planner is None:
        return "own_way", 0
    if agent.shuffled:
        return "not_in_view", 0
    if agent.name == "told":
        return "not_in_view", 3
    if agent.name == "shown":
        return "own_way", 0
    if agent.name == "random":
        return "other_plan", 0
    fault = FAULTS[k % 4]
    return fault, {"other_plan": 1, "not_in_view": 2, "guard": 3, "other_element": 2}[fault]


def _steps(agent: Agent, site: str, k: int, success: bool) -> Iterator[Row]:
    fault, at = ("", -1) if success else fault_of(agent, k)
    history: list[str] = []
    for step, said in enumerate(ACTS if success else ACTS[: at + 1]):
        wrong = fault if step == at else ""
        yield _step(agent, site, k, step, said, wrong, history)
        history = [*history, said]


def _step(
    agent: Agent, site: str, k: int, step: int, said: str, wrong: str, history: list[str]
) -> Row:
    page, refs = FORM if step < 3 else LIST, REFS[step]
    acted = refs[-1]
    seen = refs
    if wrong == "other_plan":
        said, seen, acted = 'Open "Help".', (6,), 6
    if wrong == "not_in_view":
        seen = (6,) if step < 3 else (1,)
    if wrong in ("other_element", "own_way"):
        acted = 6
    told = agent.planner is not None and agent.plans
    snippet = "".join(f'<a data-ref="{ref}">x</a>' for ref in (*refs, *seen))
    if wrong == "not_in_view":
        snippet = f'<a data-ref="{seen[0]}">x</a>'
    program = f"driver.find_element(By.CSS_SELECTOR, '[data-ref=\"{acted}\"]').click()"
    return {
        "step": step, "instruction": f"Find home {k}.", "history": history,
        "url": "http://sites/form" if step < 3 else "http://sites/list", "html": page,
        "html_tokens": LENGTHS[k % 4], "html_sha256": sha(page),
        "sub_instruction": said if told else f"Find home {k}.", "refs": list(seen),
        "snippet": snippet, "program": "open('x')" if wrong == "guard" else program,
        "what": "guard" if wrong == "guard" else "ok",
        "rule": "name" if wrong == "guard" else None, "error": None, "place": "bubblewrap",
        "state_before_sha256": sha(site, k, max(step - 2, 0)),
        "state_after_sha256": sha(site, k, max(step - 1, 0)),
        "prompt_tokens": None, "completion_tokens": None,
    }  # fmt: skip


def probes() -> Iterator[Row]:
    """Loss 2 for text, 1 for tags, 1 more with spans of 64; half as much again from scratch."""
    for model, factor in ((MODEL, 1.0), (SCRATCH, 1.5)):
        for doc in range(12):
            for mu in (3, 64):
                for kind, loss in (("text", 2.0), ("tag", 1.0)):
                    tokens = 10 + doc
                    yield {
                        "model": model, "doc_id": f"doc{doc}", "example_id": f"doc{doc}|0|{mu}",
                        "mu": mu, "kind": kind, "tokens": tokens,
                        "nll": factor * (loss + (mu == 64)) * tokens,
                    }  # fmt: skip


def trainings() -> Iterator[Row]:
    """Losses that halve every ten steps, from 8 where a planner begins with trained weights."""
    for model, first in (("html_t5", 9.0), ("cut", 8.0), ("scratch", 9.0)):
        for step in range(1, 61):
            yield {"model": model, "step": step, "loss": first * 2 ** (-step / 10), "lr": 1e-3,
                   "grad_norm": 1.0, "tokens": 90.0}  # fmt: skip


def speeds() -> Iterator[Row]:
    """One of a device whose peak is known, which is used by a quarter."""
    for model, peak in (("html_t5", 8e9), ("cut", None)):
        yield {"model": model, "device": "cpu", "precision": "float32", "compiled": False,
               "parameters": 1_000_000, "steps": 50, "pairs": 400, "seconds": 200.0,
               "flops_per_pair": 1e9, "peak_flops": peak,
               "reason": None if peak else "not known"}  # fmt: skip


def lengths() -> Iterator[Row]:
    """Memory and time that grow with the length, or with its square."""
    for attention, power in (("local_global", 1), ("local", 1), ("dense", 2)):
        for tokens in (1024, 4096, *(() if power == 2 else (16_384,))):
            took = (tokens / 1024) ** power
            yield {"attention": attention, "tokens": tokens, "seconds": 0.02 * took,
                   "mib": 10.0 * took}  # fmt: skip


def masks() -> Iterator[Row]:
    """15 of 100 tokens are masked."""
    for split, probe, mu in (("train", False, 8), ("train", False, 64), ("test", True, 3)):
        yield {"split": split, "probe": probe, "mu": mu, "examples": 10, "tokens": 10_000,
               "noise": 1500, "spans": 1500 // mu, "density": 0.15, "mean_span": float(mu),
               "tag_fraction": 0.6, "markup_only": 0.3, "truncated": 0.0, "capped": 0.0,
               "input_length": 90.0, "target_length": 20.0}  # fmt: skip


def examples() -> Iterator[Row]:
    """Spans of 8 tokens, and one of 200; none of a mean of 64."""
    for at in range(10):
        spans = [8] * 10 + ([200] if at == 0 else [])
        yield {"doc_id": f"doc{at}", "source": "pages", "licence": "CC0-1.0", "split": "train",
               "example_id": f"doc{at}|0|0", "part": 0, "epoch": 0, "probe": False, "mu": 8,
               "n_full": 700, "n_tokens": 700, "n_noise": sum(spans), "n_spans": len(spans),
               "capped": False, "span_lengths": spans, "input_ids": [2], "target_ids": [3],
               "target_kinds": [0], "tag_fraction": 0.5, "html_sha": sha(at)}  # fmt: skip


def films() -> Iterator[Row]:
    from PIL import Image

    made = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(made, "JPEG")
    for k in (0, 16):
        for step in range(2):
            yield {
                "episode_id": name_of("estate", k, 0, "full"), "step": step,
                "sub_instruction": ACTS[0] if step == 0 else "", "snippet": "<a>x</a>",
                "program": "pass", "picture": made.getvalue(),
                "box": [1.0, 2.0, 8.0, 6.0] if step == 0 else None,
            }  # fmt: skip


def write(folder: Path, given: Params, change: Change | None = None) -> Path:
    """Results below a folder; ``change(table, row)`` spoils rows, or drops them."""

    def put(name: str, spec: Any, rows: list[Row]) -> None:
        some = [change(name, row) for row in rows] if change else rows
        kept = [row for row in some if row is not None]
        table = runs.table(spec, kept) if kept else spec.schema().empty_table()
        shards.write_dataset(folder / name, spec, table)

    every = list(episodes(given))
    put("episodes", EPISODES, [row for row, _, _ in every])
    put("steps", STEPS, [row for _, steps, _ in every for row in steps])
    put("runs", RUNS, [row for _, _, row in every])
    put("probes", PROBES, list(probes()))
    put("films", FILMS, list(films()))
    put("trainings", FINETUNING, list(trainings()))
    put("speeds", SPEED, list(speeds()))
    put("lengths", pretraining_tables.LENGTHS, list(lengths()))
    put("dataset/masks", MASKS, list(masks()))
    put("dataset/examples", EXAMPLES, list(examples()))
    checks = [{"name": name, "count": 0, "of": len(every), "detail": None} for name in COUNTED]
    put("checks", CHECKS, checks)
    return folder
