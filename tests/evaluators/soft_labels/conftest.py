"""Tables as build, train and evaluate write them, from a world whose truth is known.

Texts have a worth; raters see it with noise, judges with noise and a bias for the first place,
policies with noise that training makes smaller. Labels and pairs are made by the pipeline itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit, logit

from evaluators.soft_labels.context import Material, material
from evaluators.soft_labels.report import statistics
from measurand import runs, shards
from measurand.costs import COSTS
from measurand.reporting.lookup import Figures
from measurand.stats.resample import rng_for
from measurand.tables import Table
from pipelines.soft_labels.bandit import HIGH, actions, data_density, reproduced, reward
from pipelines.soft_labels.labels import from_ratings
from pipelines.soft_labels.pairs import Item, Pair, make_pairs
from schemas.soft_labels.params import Params
from schemas.soft_labels.tables import (
    BANDIT,
    COMPARISONS,
    ITEMS,
    JUDGE_QUALITY,
    JUDGEMENTS,
    PAIR_SCORES,
    PAIRS,
    SAMPLES,
    TRAINING,
)

Row = dict[str, Any]
BIAS = {"fair": 0.5, "leaning": 6.0}
"""Log-odds that a judge gives to the first place."""
SLOPE = {"film_dpo": 1.0, "film_gdpo": 2.0, "film_shuffled": 0.0, "known_cdpo": 1.0}
"""How well the trained policies see the worth of a text."""
WORDING = "{first} or {second}?"
SIZES = {"train": 30, "dev": 10, "test": 60}


def _set(name: str, source: Row, variant: str) -> Row:
    return {"id": name, "source": source, "prompt": "Say:", "variant": variant, **SIZES}


@pytest.fixture(scope="session")
def params() -> Params:
    film = _set("film", {"kind": "raters", "corpus": "film"}, "natural")
    known = _set("known", {"kind": "known", "corpus": "film"}, "stairs")
    judges = [
        {"id": name, "model": "smollm2", "wordings": {"one": WORDING, "two": WORDING}}
        for name in BIAS
    ]
    run = {"set": "film", "steps": 20}
    return Params.model_validate(
        {
            "build": {"policy": "smollm2", "sets": [film, known], "judges": judges},
            "train": {
                "runs": [
                    {"id": "film_dpo", "method": "dpo", "seeds": 2, **run},
                    {"id": "film_gdpo", "method": "gdpo", "seeds": 2, **run},
                    {"id": "film_shuffled", "method": "gdpo", "labels": "shuffled", **run},
                    {"id": "known_cdpo", "method": "cdpo", "set": "known", "steps": 20},
                ]
            },
            "evaluate": {"judges": list(BIAS)},
            "report": {"resamples": 200},
        }
    )


def _sha(*words: object) -> str:
    return hashlib.sha256(" ".join(map(str, words)).encode()).hexdigest()


def _items(name: str, split: str) -> list[Item]:
    rng = rng_for("items", name, split)
    worth = rng.normal(size=40)
    return [
        Item(
            f"{name}-{split}-{at}",
            f"text {name} {split} {at} " + "word " * int(rng.integers(1, 6)),
            tuple(np.clip(np.round(2 * w + rng.normal(size=12)), -4, 4).tolist()),
            float(w),
        )
        for at, w in enumerate(worth)
    ]


class World:
    """The pairs and all tables of the world."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.items: list[tuple[str, str, Item]] = []
        self.drawn: list[tuple[str, str, Pair]] = []
        for pairs in params.build.sets:
            for split, n in SIZES.items():
                items = _items(pairs.id, split)
                self.items += [(pairs.id, split, item) for item in items]
                made = make_pairs(
                    items,
                    n,
                    pairs.variant,
                    lambda a, b: from_ratings(a.ratings, b.ratings),
                    pairs.id,
                    split,
                )
                self.drawn += [(pairs.id, split, pair) for pair in made]

    def pair_rows(self) -> Iterator[Row]:
        for name, split, pair in self.drawn:
            a, b = pair.first, pair.second
            halves = [from_ratings(a.ratings[at::2], b.ratings[at::2]).p for at in (0, 1)]
            rated = name == "film"
            yield {
                "pair_id": pair.pair_id,
                "set": name,
                "split": split,
                "variant": self.params.build.set(name).variant,
                "prompt": "Say:",
                "item_1": a.item_id,
                "item_2": b.item_id,
                "text_1": a.text,
                "text_2": b.text,
                "label_kind": "raters" if rated else "known",
                "p": pair.label.p,
                "p_num": pair.label.num if rated else None,
                "p_den": pair.label.den if rated else None,
                "n_raters_1": 12 if rated else None,
                "n_raters_2": 12 if rated else None,
                "p_half_a": halves[0] if rated else None,
                "p_half_b": halves[1] if rated else None,
                "swapped": pair.swapped,
                "n_words_1": len(a.text.split()),
                "n_words_2": len(b.text.split()),
            }

    def item_rows(self) -> Iterator[Row]:
        for name, split, item in self.items:
            yield {
                "set": name,
                "item_id": item.item_id,
                "split": split,
                "text": item.text,
                "text_sha256": _sha(item.text),
                "ratings": list(item.ratings) if name == "film" else [],
                "worth": item.reward,
            }

    def test_pairs(self, name: str) -> list[Pair]:
        return [pair for own, split, pair in self.drawn if own == name and split == "test"]

    def judgement_rows(self) -> Iterator[Row]:
        for judge, bias in BIAS.items():
            rng = rng_for("judge", judge)
            for pair in self.test_pairs("film"):
                gap = 1.5 * (pair.first.reward - pair.second.reward) + rng.normal()
                for wording in ("one", "two"):
                    for order, sign in (("12", 1), ("21", -1)):
                        h = gap + sign * bias + 0.1 * rng.normal()
                        broken = wording == "two" and pair is self.test_pairs("film")[0]
                        failed = broken and order == "21"
                        yield {
                            "pair_id": pair.pair_id,
                            "set": "film",
                            "split": "test",
                            "judge": judge,
                            "model": "smollm2",
                            "wording": wording,
                            "order": order,
                            "logprob_shown_first": None if failed else -1.0,
                            "logprob_shown_second": None if failed else -1.0,
                            "p_1": None if failed else float(expit(h)),
                            "mass": None if failed else 0.7,
                            "status": "infra_error" if failed else "ok",
                            "reason": "down" if failed else None,
                            "prompt_sha256": _sha(judge, pair.pair_id, wording, order),
                            "prompt_tokens": 40,
                        }

    def score_rows(self) -> Iterator[Row]:
        for run in self.params.train.runs:
            for seed, full in enumerate(run.names()):
                rng = rng_for("scores", full)
                for pair in self.test_pairs(run.set):
                    gap = pair.first.reward - pair.second.reward
                    u = SLOPE[run.id] * gap / run.beta + rng.normal()
                    yield {
                        **self._run(run.id, full, seed),
                        "pair_id": pair.pair_id,
                        "set": run.set,
                        "p": pair.label.p,
                        "logratio_1": u / 2 - 3,
                        "logratio_2": -u / 2 - 3,
                        "u": u,
                        "h": run.beta * u,
                    }

    def _run(self, name: str, full: str, seed: int) -> Row:
        run = next(r for r in self.params.train.runs if r.id == name)
        return {
            "run": full,
            "run_id": name,
            "seed": seed,
            "method": run.method,
            "labels": run.labels,
            "beta": run.beta,
        }

    def training_rows(self) -> Iterator[Row]:
        for run in self.params.train.runs:
            for seed, full in enumerate(run.names()):
                for step in range(run.steps + 1):
                    measured = step % 10 == 0
                    reach = 1.0 if run.method == "cdpo" else step / 10
                    growth = min(step / 10, 1.0) if run.method == "cdpo" else step / 10
                    found = {
                        "dev_accuracy": 0.5 + 0.01 * step,
                        "dev_margin": growth + 0.01 * seed,
                        "dev_absolute_u": growth,
                        "dev_near_tie_u": growth,
                        "dev_logratio_1": -growth,
                        "dev_logratio_2": -2 * growth,
                        "dev_brier": 0.1,
                        "train_gap": 0.3 - 0.1 * min(reach, 2),
                        "train_margin": growth,
                    }
                    yield {
                        **self._run(run.id, full, seed),
                        "set": run.set,
                        "step": step,
                        "loss": None if step == run.steps else 0.7 - 0.01 * step,
                        "factor": None if step == run.steps else 0.5,
                        "grad_norm": None if step == run.steps else 1.0,
                        "tokens": None if step == run.steps else 100,
                        **{key: value if measured else None for key, value in found.items()},
                    }

    def sample_rows(self) -> Iterator[Row]:
        for run, seed in self.writers():
            full = run if seed is None else f"{run}-s{seed}"
            rng = rng_for("samples", full)
            for prompt in range(20):
                n = int(rng.integers(3, 9))
                worth = SLOPE.get(run, 0.0) + rng.normal()
                yield {
                    "run": full,
                    "run_id": run,
                    "seed": seed or 0,
                    "set": "film",
                    "prompt_id": _sha(prompt),
                    "beginning": "one two",
                    "text": "one two " + " ".join(f"w{int(w)}" for w in rng.integers(0, 9, n)),
                    "n_tokens": n,
                    "n_words": n + 2,
                    "logp_policy": -2.0 * n + 0.5 * n * SLOPE.get(run, 0.0),
                    "logp_reference": -2.0 * n,
                    "reward": worth,
                    "reward_known": worth,
                    "status": "ok",
                    "reason": None,
                }

    def writers(self) -> list[tuple[str, int | None]]:
        trained = [("film_dpo", 0), ("film_dpo", 1), ("film_gdpo", 0), ("film_gdpo", 1)]
        return [*trained, ("film_shuffled", 0), ("reference", None), ("reference_again", None)]

    def comparison_rows(self) -> Iterator[Row]:
        rewards = {(r["run"], r["prompt_id"]): r for r in self.sample_rows()}
        names = list(dict.fromkeys(run for run, _ in rewards))
        for judge in ("learned", *BIAS):
            for i, a in enumerate(names):
                for b in names[i + 1 :]:
                    if judge != "learned" and "reference" not in (a, b):
                        continue  # models compare with the reference only, rewards all
                    for prompt in range(20):
                        one, two = rewards[a, _sha(prompt)], rewards[b, _sha(prompt)]
                        h = one["reward"] - two["reward"]
                        p_12, p_21 = (float(expit(h + s * BIAS.get(judge, 0))) for s in (1, -1))
                        failed = judge == "fair" and prompt == 0 and a == "film_dpo-s0"
                        yield {
                            "judge": judge,
                            "set": "film",
                            "run_a": a,
                            "run_b": b,
                            "prompt_id": _sha(prompt),
                            "p_12": None if failed else p_12,
                            "p_21": None if failed else p_21,
                            "p_a": None if failed else (p_12 + p_21) / 2,
                            "n_words_a": one["n_words"],
                            "n_words_b": two["n_words"],
                            "status": "infra_error" if failed else "ok",
                            "reason": "down" if failed else None,
                        }

    def quality_rows(self) -> Iterator[Row]:
        for pair in self.test_pairs("film"):
            p = float(np.clip(pair.label.p, 0.02, 0.98))
            yield {
                "judge": "learned",
                "pair_id": pair.pair_id,
                "set": "film",
                "p": pair.label.p,
                "p_1": float(expit(0.5 * logit(p))),
            }

    def bandit_rows(self) -> Iterator[Row]:
        """Policies part of the way from the data to where cDPO comes to rest."""
        data, rewards = data_density(), reward()
        for temperature, beta in ((1.0, 0.3), (0.25, 0.1)):
            rest = reproduced(temperature, beta)
            for method, speed in (("dpo", 0.4), ("cdpo", 1.0), ("gdpo", 0.2)):
                for step in (0, 5, 10):
                    way = speed * step / 10
                    policy = (1 - way) * data + way * rest
                    yield {
                        "temperature": f"{temperature:g}",
                        "beta": f"{beta:g}",
                        "method": method,
                        "step": step,
                        "mean_reward": float(policy @ rewards),
                        "mode": float(actions()[policy.argmax()]),
                        "high": float(policy[HIGH].sum()),
                        "total_variation": float(np.abs(policy - rest).sum() / 2),
                        "policy": policy.tolist(),
                    }


@pytest.fixture(scope="session")
def world(params: Params) -> World:
    return World(params)


@pytest.fixture(scope="session")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Data and results folders with every table."""
    root = tmp_path_factory.mktemp("soft_labels_world")
    tables: dict[str, tuple[Table, Iterator[Row]]] = {
        "dataset/items": (ITEMS, world.item_rows()),
        "dataset/pairs": (PAIRS, world.pair_rows()),
        "dataset/judgements": (JUDGEMENTS, world.judgement_rows()),
        "results/training": (TRAINING, world.training_rows()),
        "results/pair_scores": (PAIR_SCORES, world.score_rows()),
        "results/samples": (SAMPLES, world.sample_rows()),
        "results/comparisons": (COMPARISONS, world.comparison_rows()),
        "results/judge_quality": (JUDGE_QUALITY, world.quality_rows()),
        "results/bandit": (BANDIT, world.bandit_rows()),
        "results/costs": (COSTS, iter([])),
    }
    for name, (spec, rows) in tables.items():
        shards.write_dataset(root / name, spec, runs.table(spec, list(rows)))
    return root, root / "results"


@pytest.fixture(scope="session")
def everything(params: Params, written: tuple[Path, Path]) -> Material:
    """What the statistics are made from."""
    return material(*written, params)


@pytest.fixture(scope="session")
def table(params: Params, written: tuple[Path, Path]) -> pa.Table:
    """The statistics."""
    return statistics(*written, params)


@pytest.fixture(scope="session")
def figures(table: pa.Table) -> Figures:
    """The statistics, looked up."""
    return Figures(table)
