"""Train the small model on demonstrations of base tasks alone, in several mixtures.

Every mixture draws the same number of episodes: alike from every task; as the public human
demonstrations are spread, which is nearly all from two tasks; or, after a first round, more from
the tasks that the uniform model fails at (the rebalancing of Furuta et al. 2023).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from measurand import project, runs, shards
from measurand.errors import InputError
from measurand.manifest import read_manifest, write_text
from measurand.progress import Progress
from measurand.stats.resample import rng_for, seed_for
from measurand.training import ranks
from measurand.training.code import code_of
from measurand.training.fit import Plan, State, fit
from measurand.training.schedules import one_cycle
from measurand.web import browser
from measurand.web.observation import Observation
from pipelines.compwob import pages
from pipelines.compwob.actions import Action
from pipelines.compwob.environment import Rules, Spec
from pipelines.compwob.episodes import Setting, play
from pipelines.compwob.features import Encoder, Features, Target, train_tokenizer
from pipelines.compwob.tasks import composition
from schemas.compwob.params import EVAL_SEED, Params, Train
from schemas.compwob.tables import TRAINING

Row = dict[str, Any]
Example = tuple[Features, Target]
HUMAN = {"click-checkboxes-soft": 2700, "click-tab-2-hard": 1600}
HUMAN_OTHERS = 45
"""Public human demonstrations a task, about: 32 to 60 for all tasks but two."""


def train(params: Params, dataset: Path, out: Path, *, journal: Path) -> None:
    """Write a model for every mixture and seed, and ``training/``: what each of them was shown.

    Ranks divide the examples of every batch.

    Args:
        params: parameters; ``train: null`` trains nothing.
        dataset: folder of the demonstrations.
        out: folder of the checkpoints.
        journal: folder of saved states, outside what DVC empties: a training that was
            interrupted goes on from there.

    Raises:
        InputError: there are no demonstrations that can be learned from.
        CapabilityError: ``rebalanced`` needs a browser for its first round, and there is none.
    """
    given = params.train
    if given is None:
        write_text(out / "manifest.json", _text({"system": "compwob", "trained": False}))
        print("train compwob: nothing to train (train: null)")
        return
    demonstrations = _read(dataset)
    tokenizer = train_tokenizer(_texts(demonstrations), given.vocabulary)
    examples = _examples(demonstrations, Encoder(tokenizer))
    if not examples:
        raise InputError("no demonstration can be learned from", hint="build more episodes")
    parents = {"steps": read_manifest(dataset / "steps").logical_hash}
    rows: list[Row] = []
    losses: dict[str, list[float]] = {}
    for seed in range(given.seeds):
        weights: dict[str, Mapping[str, float]] = {
            "uniform": dict.fromkeys(examples, 1.0),
            "natural": {task: float(HUMAN.get(task, HUMAN_OTHERS)) for task in examples},
        }
        reached: dict[str, float | None] = dict.fromkeys(examples)
        for mixture in _in_turn(given):
            if mixture == "rebalanced":
                probed = partial(_probe, params, out / f"uniform-{seed}", seed, list(examples))
                reached = ranks.from_first(probed)
                weights[mixture] = {
                    task: 1 - (value or 0.0) + given.floor for task, value in reached.items()
                }
            drawn = _draw(examples, weights[mixture], given.episodes, seed)
            name = f"{mixture}-{seed}"
            counts = {task: len(some) for task, some in drawn.items()}
            key = _key(given, parents, counts)
            state = State(journal / "train" / f"{name}.safetensors", key)
            losses[name] = _fit(given, drawn, tokenizer, name, out / name, state)
            rows += [
                {"mixture": mixture, "seed": seed, "task": task, "episodes": count,
                 "probe_success": reached[task] if mixture == "rebalanced" else None}
                for task, count in counts.items()
            ]  # fmt: skip
    ranks.from_first(partial(_record, out, rows, losses, parents))


def _record(
    out: Path,
    rows: Sequence[Row],
    losses: Mapping[str, Sequence[float]],
    parents: Mapping[str, str],
) -> None:
    shards.write_dataset(out / "training", TRAINING, runs.table(TRAINING, rows), parents=parents)
    write_text(
        out / "manifest.json",
        _text({"system": "compwob", "trained": True, "loss_nats": losses, "parents": parents}),
    )


def _key(given: Train, parents: Mapping[str, str], counts: Mapping[str, int]) -> str:
    """What a model depends on, beside its name."""
    config = given.model_dump(exclude={"mixtures", "seeds", "probe", "floor"})
    return runs.run_id(code_of(Path(__file__)), config, dict(parents), dict(counts))


def _in_turn(given: Train) -> list[str]:
    """The mixtures, the uniform one before the one that builds on it."""
    wanted = list(given.mixtures)
    if "rebalanced" in wanted and "uniform" not in wanted:
        wanted.append("uniform")
    return sorted(wanted, key=["uniform", "natural", "rebalanced"].index)


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _read(dataset: Path) -> dict[str, list[Row]]:
    """Steps of each episode, in order."""
    columns = ["episode_id", "step", "task", "utterance", "html", "action_type", "ref", "text"]
    found: dict[str, list[Row]] = {}
    for row in shards.read_table(dataset / "steps", columns).to_pylist():
        found.setdefault(row["episode_id"], []).append(row)
    return found


def _texts(demonstrations: Mapping[str, list[Row]]) -> list[str]:
    texts = []
    for steps in demonstrations.values():
        texts.append(steps[0]["utterance"])
        nodes = Observation.from_html(steps[0]["html"]).nodes()
        texts += [f"{n.tag} {' '.join(n.attributes.values())} {n.own_text}" for n in nodes]
    return texts


def _examples(
    demonstrations: Mapping[str, list[Row]], encoder: Encoder
) -> dict[str, list[list[Example]]]:
    """Examples of each episode, by task; actions that the features cannot say are left out."""
    found: dict[str, list[list[Example]]] = {}
    with Progress("read demonstrations", len(demonstrations), "episodes") as progress:
        for _, steps in sorted(demonstrations.items()):
            history: list[Action] = []
            mine: list[Example] = []
            for step in steps:
                action = Action(step["action_type"], step["ref"], step["text"])
                seen = Observation.from_html(step["html"])
                features = encoder.encode(step["utterance"], seen, history)
                target = encoder.target(action, features, step["utterance"])
                if target is not None:
                    mine.append((features, target))
                history.append(action)
            if mine:
                found.setdefault(steps[0]["task"], []).append(mine)
            progress.advance()
    return dict(sorted(found.items()))


def _draw(
    examples: Mapping[str, list[list[Example]]],
    weights: Mapping[str, float],
    total: int,
    seed: int,
) -> dict[str, list[list[Example]]]:
    """``total`` episodes by weight; where a task has too few, some come more than once."""
    counts = share_out(weights, total)
    drawn = {}
    for task, episodes in examples.items():
        order = rng_for("compwob", "draw", task, seed).permutation(len(episodes))
        drawn[task] = [episodes[order[i % len(order)]] for i in range(counts[task])]
    return drawn


def share_out(weights: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers in proportion to the weights that sum to ``total``: largest remainders."""
    whole = sum(weights.values())
    exact = {name: total * weight / whole for name, weight in weights.items()}
    counts = {name: int(value) for name, value in exact.items()}
    left = total - sum(counts.values())
    for name in sorted(exact, key=lambda name: (counts[name] - exact[name], name))[:left]:
        counts[name] += 1
    return counts


def _fit(
    given: Train,
    drawn: Mapping[str, list[list[Example]]],
    tokenizer: Any,
    name: str,
    folder: Path,
    state: State,
) -> list[float]:
    """Train one model and save it; returns the mean loss of every epoch, in nats a step."""
    import torch

    from pipelines.compwob.policy import Pointer, collate, loss_of, save

    examples = [step for episodes in drawn.values() for episode in episodes for step in episode]
    torch.manual_seed(seed_for("compwob", "fit", name))
    config = {
        "vocabulary": tokenizer.get_vocab_size(),
        "width": given.width,
        "layers": given.layers,
        "heads": given.heads,
    }
    model = Pointer(**config).to(given.device)
    batches = -(-len(examples) // given.batch_size)
    rng, sizes = rng_for("compwob", "batches", name), [len(one[0].refs) for one in examples]
    orders = [some for _ in range(given.epochs) for some in batched(sizes, batches, rng)]

    def loss(some: list[Example]) -> Any:
        batch = collate([features for features, _ in some], given.device)
        return loss_of(model, batch, [target for _, target in some])

    plan = Plan(
        len(orders),
        partial(one_cycle, peak=given.learning_rate, steps=len(orders)),
        save_every=batches,
    )
    done = fit(
        dict(model.named_parameters()),
        lambda step: [examples[i] for i in orders[step][ranks.mine(len(orders[step]))]],
        loss,
        plan,
        state,
        device=given.device,
        label=f"train {name}",
        over=len,
    )
    save(folder, model.to("cpu"), config, tokenizer)
    means = np.array([row["loss"] for row in done.rows]).reshape(given.epochs, batches).mean(1)
    return [round(float(mean), 4) for mean in means]


def batched(sizes: Sequence[int], batches: int, rng: np.random.Generator) -> list[list[int]]:
    """Every example once, in batches of pages of about the same size, in random order.

    A batch is as large as its largest page, and pages differ tenfold: without sorting most of the
    work would be on places that are filled up.

    Args:
        sizes: elements of each example's page.
        batches: number of batches.
        rng: decides which pages of like size meet, and the order of the batches.
    """
    order = rng.permutation(len(sizes))
    near = np.array(sizes)[order] * (1 + 0.2 * rng.random(len(sizes)))
    parts = np.array_split(order[np.argsort(near, kind="stable")], batches)
    return [parts[i].tolist() for i in rng.permutation(batches)]


def _probe(params: Params, folder: Path, seed: int, tasks: list[str]) -> dict[str, float | None]:
    """Success of the uniform model on base tasks, with seeds that nothing else uses."""
    from pipelines.compwob.policy import open_trained

    assert params.train is not None
    source = pages.Wheel(pages.fetch(project.root_or_here() / "data" / "sources"))
    agent = open_trained(f"trained:uniform:{seed}", folder.parent)
    setting = Setting(Rules(click=params.build.click), params.build.attempts)
    first = EVAL_SEED - params.train.probe
    found: dict[str, float | None] = {}
    with (
        closing(browser.Owner(pages.Composed(source), "probe")) as owner,
        Progress(f"first round {seed}", len(tasks), "tasks") as progress,
    ):
        for task in tasks:
            specs = [Spec(composition(task), "single", s) for s in range(first, EVAL_SEED)]
            played = [play(owner, spec, agent, setting).episode["success"] for spec in specs]
            known = [value for value in played if value is not None]
            found[task] = sum(known) / len(known) if known else None
            progress.advance()
    return found
