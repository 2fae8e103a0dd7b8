"""Train policies on soft labels: every run of the parameters, every seed, resumable.

The reference is never computed here: its log-probabilities are in the dataset. What frozen layers
make of a text is computed once for all runs.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from measurand import project, runs, shards
from measurand.costs import COSTS
from measurand.training import ranks
from measurand.training.code import code_of
from measurand.training.fit import Fitted, Plan, State, fit
from measurand.training.schedules import warm_then
from pipelines.soft_labels.losses import gradient_factor, pair_loss
from pipelines.soft_labels.material import Material, Pair
from pipelines.soft_labels.order import batches
from pipelines.soft_labels.policy import EncodedPair, Policy, load_policy
from pipelines.soft_labels.weights import Moving
from schemas.soft_labels.params import Params, Run
from schemas.soft_labels.tables import TRAINING

if TYPE_CHECKING:
    from torch import Tensor

Row = dict[str, Any]

NEAR_TIE = 0.6
"""Labels below are near-ties: the pairs that GIPO may drive furthest."""

NO_PREFERENCE = 1e-3
"""Nats below which a difference is rounding: the reference was computed in other batches."""


def train(params: Params, dataset: Path, out: Path, *, journal: Path) -> None:
    """Write a policy per run and seed, ``training`` and ``costs`` below ``out``.

    A killed run goes on from its last saved state, with the same numbers to the last bit on one
    thread of a processor; on several threads sums may differ in their last bits. Ranks divide
    the pairs of every batch.

    Args:
        params: parameters.
        dataset: folder that ``build`` wrote.
        out: folder to write to.
        journal: folder of saved states.

    Raises:
        InputError: nothing was built of what a run needs, or the policy cannot be trained.
        ParamsError: the policy has fewer layers than are to move.
    """
    material = Material(params, dataset)
    settings = params.train
    policy = load_policy(
        params.build.policy,
        project.root_or_here() / "models",
        micro_tokens=settings.micro_tokens,
        dtype=settings.dtype,
        device=settings.device,
    )
    moving = Moving(policy, settings.trainable, params.build.policy)
    if settings.compile:
        policy.compile()
    rows: list[Row] = []
    costs: list[Row] = []
    texts = Texts(policy)
    for run in settings.runs:
        for seed, name in enumerate(run.names()):
            trainer = Trainer(params, material, policy, moving, texts, run, seed)
            rows += trainer.train(journal / "train")
            ranks.from_first(partial(moving.save, out / name))
            costs.append(trainer.cost())
    ranks.from_first(partial(_tables, params, material, out, rows, costs))


def _tables(
    params: Params, material: Material, out: Path, rows: Sequence[Row], costs: Sequence[Row]
) -> None:
    config = {"train": params.train.model_dump(mode="json"), "policy": params.build.policy}
    shards.write_dataset(
        out / "training",
        TRAINING,
        runs.table(TRAINING, rows),
        parents=material.parents,
        params=config,
    )
    table: pa.Table = runs.table(COSTS, costs)
    shards.write_dataset(out / "costs", COSTS, table, parents=material.parents, params=config)


class Texts:
    """Pairs as tokens, and what the frozen layers make of them, each computed once.

    Args:
        policy: the policy.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._encoded: dict[str, EncodedPair] = {}
        self._features: dict[str, tuple[Any, Any] | None] = {}

    def ready(self, pairs: Sequence[Pair]) -> None:
        """Compute what is missing of these pairs."""
        new = [pair for pair in pairs if pair.pair_id not in self._encoded]
        encoded = self._policy.encode([(pair.prompt, pair.text_1, pair.text_2) for pair in new])
        found = self._policy.features([text for both in encoded for text in both])
        for at, (pair, both) in enumerate(zip(new, encoded, strict=True)):
            self._encoded[pair.pair_id] = both
            self._features[pair.pair_id] = (
                None if found is None else (found[2 * at], found[2 * at + 1])
            )

    def of(self, pairs: Sequence[Pair]) -> tuple[list[EncodedPair], list[Any] | None]:
        """Tokens of the pairs, and the features of their responses, two a pair, or None."""
        known = [self._features[pair.pair_id] for pair in pairs]
        features = [part for both in known if both is not None for part in both]
        return [self._encoded[pair.pair_id] for pair in pairs], features or None


@dataclass
class Trainer:
    """One repeat of a run.

    Attributes:
        params: parameters.
        material: the dataset.
        policy: the policy.
        moving: its weights that move.
        texts: tokens and features.
        run: the run.
        seed: 0-based repeat.
    """

    params: Params
    material: Material
    policy: Policy
    moving: Moving
    texts: Texts
    run: Run
    seed: int
    _fitted: Fitted = field(default_factory=Fitted)
    _ready_s: float = 0.0

    def train(self, journal: Path) -> list[Row]:
        """Train from the start, or from the last saved state.

        Returns:
            Rows of ``TRAINING``, one a step and one after the last.
        """
        settings, run, name = self.params.train, self.run, self.run.names()[self.seed]
        pairs = self.material.training(run, self.seed)
        dev = self.material.pairs(run.set, "dev")
        words = (settings.seed, run.id, self.seed)
        orders = batches(len(pairs), settings.batch_size, run.steps, "order", *words)
        own = pairs
        if ranks.world() > 1:
            orders = [order[ranks.mine(len(order))] for order in orders]
            # The first rank measures too.
            used = {at for order in orders for at in order}
            used |= {*range(len(dev))} if ranks.first() else set()
            own = [pair for at, pair in enumerate(pairs) if at in used]
        if ranks.first():
            self.texts.ready(dev)
        start = time.perf_counter()
        self.texts.ready(own)
        self._ready_s = time.perf_counter() - start
        self.moving.reset("adapter", *words)
        peak = run.learning_rate or settings.learning_rate
        plan = Plan(
            steps=run.steps,
            rates=partial(warm_then, peak=peak, steps=run.steps, warmup=settings.warmup),
            weight_decay=settings.weight_decay,
            clip=settings.clip,
            save_every=settings.checkpoint_every,
        )
        known = identity(self.params, run, self.seed, self.policy, self.material.parents)
        self._fitted = fit(
            self.moving.weights,
            lambda step: [pairs[at] for at in orders[step]],
            self._loss,
            plan,
            State(journal / f"{name}.safetensors", known),
            measure=lambda step: self._measured(step, pairs, dev),
            device=self.policy.model.device.type,
            label=f"train {name}",
            over=len,
        )
        rows = [self._row(row["step"] - 1, row) for row in self._fitted.rows]
        cost = self.cost()
        rate = cost["prompt_tokens"] / cost["seconds"]
        print(f"train {name}: {rate:.0f} tokens/s, loss {rows[-1]['loss']:.4f}", flush=True)
        last = ranks.from_first(partial(self._measured, run.steps, pairs, dev))
        return [*rows, self._row(run.steps, last)]

    def cost(self) -> Row:
        """A row of ``measurand.costs``: all steps, those before an interruption too."""
        rows = self._fitted.rows
        return {
            "model": self.run.names()[self.seed],
            "part": "train",
            "calls": len(rows),
            "prompt_tokens": sum(row["tokens"] for row in rows),
            "cached_tokens": 0,
            "seconds": self._ready_s + self._fitted.seconds,
            "retries": 0,
            "fingerprint": self.policy.fingerprint,
            "dtype": self.params.train.dtype,
            "chat_template": self.policy.prompts.chat,
        }

    def _loss(self, batch: Sequence[Pair]) -> Generator[Tensor, None, Row]:
        """Parts of the batch's loss, as many as its tokens need; then the figures of all."""
        encoded, features = self.texts.of(batch)
        losses, factors = [], []
        for some in self.policy.micro_batches(encoded):
            texts = [text for at in some for text in encoded[at]]
            known = (
                None if features is None else [features[2 * at + i] for at in some for i in (0, 1)]
            )
            logps = self.policy.logps(texts, known).view(-1, 2)
            u, p = self._u(logps, [batch[at] for at in some], [encoded[at] for at in some])
            loss = pair_loss(
                self.run.method,
                u,
                p,
                beta=self.run.beta,
                alpha=self.run.alpha,
                gamma=self.run.gamma,
            )
            losses += loss.detach().tolist()
            factors += self._factors(u.detach(), p)
            yield loss.sum() / len(batch)
        return {
            "loss": sum(losses) / len(losses),
            "factor": sum(factors) / len(factors),
            "tokens": sum(len(text.tokens) for both in encoded for text in both),
        }

    def _u(
        self, logps: Tensor, pairs: Sequence[Pair], encoded: Sequence[EncodedPair]
    ) -> tuple[Tensor, Tensor]:
        """(n,) log-ratio differences and labels, in the policy's place."""
        import torch

        device = logps.device
        reference = torch.tensor([pair.reference for pair in pairs], device=device)
        ratios = logps - reference
        if self.run.normalise == "token_mean":
            ratios = ratios / torch.tensor(
                [[text.n_response for text in both] for both in encoded], device=device
            )
        p = torch.tensor([pair.p for pair in pairs], dtype=ratios.dtype, device=device)
        return ratios[:, 0] - ratios[:, 1], p

    def _factors(self, u: Tensor, p: Tensor) -> list[float]:
        """|w| of every pair; a label below one half is the other response's."""
        turned = p < 0.5
        found = gradient_factor(
            self.run.method,
            u.where(~turned, -u),
            p.where(~turned, 1 - p),
            beta=self.run.beta,
            alpha=self.run.alpha,
            gamma=self.run.gamma,
        )
        values: list[float] = found.abs().tolist()
        return values

    def _row(self, step: int, figures: Mapping[str, Any]) -> Row:
        run = self.run
        blank = {column.name: None for column in TRAINING.columns}
        return {
            **blank,
            **figures,
            "run": run.names()[self.seed],
            "run_id": run.id,
            "seed": self.seed,
            "set": run.set,
            "method": run.method,
            "labels": run.labels,
            "beta": run.beta,
            "step": step,
        }

    def _measured(self, step: int, pairs: Sequence[Pair], dev: Sequence[Pair]) -> Row:
        if step % self.params.train.measure_every and step != self.run.steps:
            return {}
        some = pairs[: len(dev)]
        encoded, features = self.texts.of([*dev, *some])
        logps = self.policy.measure(encoded, features)
        return dev_figures(logps[: len(dev)], dev, self.run.beta) | train_figures(
            logps[len(dev) :], some, self.run.beta
        )


def identity(
    params: Params, run: Run, seed: int, policy: Policy, parents: Mapping[str, str]
) -> str:
    """Identity of what decides the numbers of a run; how often it is saved does not."""
    settings = params.train.model_dump(mode="json", exclude={"runs", "checkpoint_every"})
    own = run.model_dump(mode="json", exclude={"seeds"})
    code = code_of(Path(__file__))
    return runs.run_id(code, settings, own, seed, policy.fingerprint, dict(parents))


def dev_figures(logps: Tensor, pairs: Sequence[Pair], beta: float) -> Row:
    """What a policy makes of held-out pairs, against their own labels.

    Args:
        logps: (n, 2) log-probabilities of both responses.
        pairs: n pairs.
        beta: of the loss.
    """
    import torch

    reference = torch.tensor([pair.reference for pair in pairs])
    own = torch.tensor([pair.own for pair in pairs], dtype=torch.float64)
    ratios = (logps - reference).double()
    u = ratios[:, 0] - ratios[:, 1]
    sure, near = own != 0.5, (own < NEAR_TIE) & (own > 1 - NEAR_TIE)
    right = torch.where(u.abs() < NO_PREFERENCE, 0.5, ((u > 0) == (own > 0.5)).double())
    return {
        "dev_accuracy": float(right[sure].mean()) if sure.any() else None,
        "dev_margin": float(beta * u.mean()),
        "dev_absolute_u": float(u.abs().mean()),
        "dev_near_tie_u": float(u[near].abs().max()) if near.any() else None,
        "dev_logratio_1": float(ratios[:, 0].mean()),
        "dev_logratio_2": float(ratios[:, 1].mean()),
        "dev_brier": float(((beta * u).sigmoid() - own).square().mean()),
    }


def train_figures(logps: Tensor, pairs: Sequence[Pair], beta: float) -> Row:
    """How far the implied preference is from the labels that it is trained on.

    Args:
        logps: (n, 2) log-probabilities of both responses.
        pairs: n pairs.
        beta: of the loss.
    """
    import torch

    reference = torch.tensor([pair.reference for pair in pairs])
    p = torch.tensor([pair.p for pair in pairs], dtype=torch.float64)
    ratios = (logps - reference).double()
    h = beta * (ratios[:, 0] - ratios[:, 1])
    return {
        "train_gap": float((h.sigmoid() - p).abs().mean()),
        "train_margin": float(torch.where(p >= 0.5, h, -h).mean()),
    }
