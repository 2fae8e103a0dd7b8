"""Our losses and TRL's on the same batch: TRL's trainer computes its own, from a real model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.soft_labels.losses import pair_loss
from pipelines.soft_labels.policy import load_policy

PAIRS = [
    ("Statement: ", "I like dogs.", "I worry about things and music."),
    ("Statement: ", "very accurate", "neither"),
    ("Rate: ", "I make friends easily.", "4"),
]
BETA = 0.3


@pytest.fixture(scope="module")
def other_folder(toy_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy with other weights: the policy, where the toy is its reference."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path_factory.mktemp("policy")
    model = AutoModelForCausalLM.from_pretrained(toy_model_folder)
    rng = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn(weight.shape, generator=rng) * 0.02)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(toy_model_folder).save_pretrained(folder)
    return folder


def _theirs(policy: Path, reference: Path, out: Path, **how: Any) -> float:
    import datasets
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    rows = [{"prompt": p, "chosen": a, "rejected": b} for p, a, b in PAIRS]
    config = DPOConfig(
        output_dir=str(out),
        beta=BETA,
        per_device_train_batch_size=len(PAIRS),
        report_to=[],
        use_cpu=True,
        max_length=96,
        bf16=False,
        gradient_checkpointing=False,
        disable_dropout=True,
        disable_tqdm=True,
        **how,
    )
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(policy),
        ref_model=AutoModelForCausalLM.from_pretrained(reference),
        args=config,
        train_dataset=datasets.Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(policy),
    )
    batch = next(iter(trainer.get_train_dataloader()))
    with torch.no_grad():
        return float(trainer.compute_loss(trainer.model, batch))


@pytest.mark.integration
@pytest.mark.parametrize("case", ["sigmoid", "robust", "ipo"])
def test_losses_are_those_of_trl(
    toy_model_folder: Path, other_folder: Path, tmp_path: Path, case: str
) -> None:
    ours = {
        folder: load_policy(f"hf:{folder}?template=none", Path(), micro_tokens=4096, device="cpu")
        for folder in (toy_model_folder, other_folder)
    }
    pairs = ours[other_folder].encode(PAIRS)
    policy, reference = (ours[f].measure(pairs) for f in (other_folder, toy_model_folder))
    ratios = (policy - reference).double()
    if case == "ipo":
        ratios = ratios / torch.tensor([[text.n_response for text in both] for both in pairs])
    u = ratios[:, 0] - ratios[:, 1]
    one = torch.ones_like(u)
    noise = 0.2
    if case == "sigmoid":
        found = [float(pair_loss(m, u, one, beta=BETA).mean()) for m in ("dpo", "gdpo", "cdpo")]
        wanted = _theirs(other_folder, toy_model_folder, tmp_path, loss_type=["sigmoid"])
    elif case == "robust":
        # Robust DPO is cDPO's two terms with weights of either sign (Chowdhury et al. 2024).
        straight, turned = (pair_loss("dpo", sign * u, one, beta=BETA) for sign in (1, -1))
        robust = ((1 - noise) * straight - noise * turned) / (1 - 2 * noise)
        found = [float(robust.mean())]
        wanted = _theirs(
            other_folder,
            toy_model_folder,
            tmp_path,
            loss_type=["robust"],
            label_smoothing=noise,
        )
    else:
        found = [float(pair_loss(m, u, one, beta=BETA).mean()) for m in ("ipo", "gipo", "cipo")]
        wanted = _theirs(other_folder, toy_model_folder, tmp_path, loss_type=["ipo"])
    assert found == pytest.approx([wanted] * len(found), abs=1e-5)
    assert float(u.abs().max()) > 0.01
