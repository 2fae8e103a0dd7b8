"""Preference training beside TRL's DPOTrainer: same model, pairs, batches, adapters, machine, run.

DPO on human preferences of film sentences, SmolLM2-135M in float32, LoRA on all linear layers. TRL
gets the reference log-probabilities precomputed, as ours are; what either needs for that is not
counted. Counted is what a step takes: forward, backward, optimiser, and for ours what the frozen
layers make of the texts. Both see the same pairs in the same order from the same adapters, so their
losses must be equal; tokens are those of prompts and responses, without padding.

Run: python benchmarks/preference_training.py [--steps 50] [--layers 6] [--layers 0] [--json]
(0 means adapters on all layers)
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from measurand import project
from measurand.manifest import read_manifest
from pipelines.soft_labels.dataset import build
from pipelines.soft_labels.material import Material, Pair
from pipelines.soft_labels.order import batches
from pipelines.soft_labels.policy import load_policy
from pipelines.soft_labels.train import Texts, Trainer
from pipelines.soft_labels.weights import Moving
from schemas.soft_labels.params import Params

RUN = "dpo"
BATCH = 8


def params(steps: int, layers: int | None) -> Params:
    """DPO on one epoch of film sentences."""
    pairs = {
        "id": "film",
        "source": {"kind": "raters", "corpus": "film"},
        "prompt": "One sentence from a film review:",
        "train": steps * BATCH,
        "dev": 1,
        "test": 1,
        "words": [5, 20],
    }
    return Params.model_validate(
        {
            "build": {"sets": [pairs], "max_tokens": 64},
            "train": {
                "trainable": {"kind": "lora", "layers": layers},
                "runs": [{"id": RUN, "method": "dpo", "set": "film", "beta": 0.3, "steps": steps}],
                "batch_size": BATCH,
                "warmup": 0,
                "measure_every": 10**6,
                "checkpoint_every": 10**6,
                "device": "cpu",
            },
        }
    )


def ours(asked: Params, dataset: Path, again: bool, journal: Path) -> dict[str, Any]:
    """Losses, tokens and seconds of our training; ``again`` with frozen features at hand."""
    material = Material(asked, dataset)
    policy = load_policy(
        asked.build.policy,
        project.find_root() / "models",
        micro_tokens=asked.train.micro_tokens,
        device="cpu",
    )
    moving = Moving(policy, asked.train.trainable, asked.build.policy)
    texts = Texts(policy)
    run = asked.train.runs[0]
    if again:
        texts.ready(material.training(run, 0))
    trainer = Trainer(asked, material, policy, moving, texts, run, 0)
    rows = trainer.train(journal)
    cost = trainer.cost()
    losses = [row["loss"] for row in rows if row["loss"] is not None]
    return {"losses": losses, "tokens": cost["prompt_tokens"], "seconds": cost["seconds"]}


def theirs(asked: Params, dataset: Path, out: Path) -> dict[str, Any]:
    """Losses and seconds of TRL's trainer on the same batches from the same adapters."""
    import datasets
    import torch
    from transformers import TrainerCallback
    from trl import DPOConfig, DPOTrainer

    material = Material(asked, dataset)
    policy = load_policy(
        asked.build.policy, project.find_root() / "models", micro_tokens=1, device="cpu"
    )
    moving = Moving(policy, asked.train.trainable, asked.build.policy)
    run, settings = asked.train.runs[0], asked.train
    moving.reset("adapter", settings.seed, run.id, 0)
    pairs = material.training(run, 0)
    words = (settings.seed, run.id, 0)
    order = [
        pairs[at]
        for batch in batches(len(pairs), BATCH, run.steps, "order", *words)
        for at in batch
    ]
    losses: list[float] = []
    marks: list[float] = []

    class Watched(DPOTrainer):  # type: ignore[misc]
        def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
            found = super().compute_loss(*args, **kwargs)
            losses.append(float(found.detach() if torch.is_tensor(found) else found[0].detach()))
            return found

    class Clock(TrainerCallback):
        def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
            marks.append(-time.perf_counter())

        def on_step_end(self, *args: Any, **kwargs: Any) -> None:
            marks[-1] += time.perf_counter()

    config = DPOConfig(
        output_dir=str(out),
        beta=run.beta,
        per_device_train_batch_size=BATCH,
        max_steps=run.steps,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="constant",
        warmup_steps=0,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.clip,
        optim="adamw_torch",
        train_sampling_strategy="sequential",
        precompute_ref_log_probs=True,
        disable_dropout=True,
        gradient_checkpointing=False,
        use_cpu=True,
        bf16=False,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    trainer = Watched(
        model=moving.adapted,
        args=config,
        train_dataset=datasets.Dataset.from_list([_example(pair) for pair in order]),
        processing_class=policy.prompts.tokenizer,
        callbacks=[Clock()],
    )
    trainer.train()
    return {"losses": losses, "seconds": sum(marks)}


def _example(pair: Pair) -> dict[str, str]:
    return {
        "prompt": pair.prompt,
        "chosen": f" {pair.text_1}",
        "rejected": f" {pair.text_2}",
    }


def compare(steps: int, layers: int | None, folder: Path) -> dict[str, Any]:
    """Both trainers, one after the other, ours once more with features at hand."""
    asked = params(steps, layers)
    dataset = folder / "dataset"
    if not (dataset / "reference").is_dir():
        build(asked, dataset, "FnApiRunner", journal=folder / "journal")
    trl = theirs(asked, dataset, folder / "trl")
    first = ours(asked, dataset, False, folder / f"a{layers}")
    later = ours(asked, dataset, True, folder / f"b{layers}")
    gaps = [abs(a - b) for a, b in zip(first["losses"], trl["losses"], strict=True)]
    tokens = first["tokens"]
    rate = {name: tokens / one["seconds"] for name, one in
            (("trl", trl), ("ours", first), ("ours_later", later))}  # fmt: skip
    return {
        "layers": layers or "all",
        "steps": steps,
        "pairs": read_manifest(dataset / "pairs").rows,
        "tokens": tokens,
        "tokens_per_second": rate,
        "ratio": rate["ours"] / rate["trl"],
        "ratio_later_runs": rate["ours_later"] / rate["trl"],
        "largest_loss_gap": max(gaps),
        "loss_first_last": [first["losses"][0], first["losses"][-1]],
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--layers", type=int, action="append")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        found = [
            compare(args.steps, layers or None, Path(folder)) for layers in args.layers or (6, 0)
        ]
    if args.json:
        print(json.dumps(found, indent=1))
        return 0
    for one in found:
        rate = one["tokens_per_second"]
        print(
            f"adapters on {one['layers']} layers, {one['steps']} steps: "
            f"TRL {rate['trl']:.0f}, ours {rate['ours']:.0f} tokens/s = {one['ratio']:.2f}x, "
            f"later runs on the same pairs {rate['ours_later']:.0f} = "
            f"{one['ratio_later_runs']:.2f}x; largest gap of losses {one['largest_loss_gap']:.1e}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
