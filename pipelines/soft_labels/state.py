"""Saved states of a training run: weights, optimiser, what was measured so far."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measurand.journal import canonical_json
from pipelines.soft_labels.policy import Policy
from schemas.soft_labels.params import Params, Run

Row = dict[str, Any]

_MOMENTS = ("exp_avg", "exp_avg_sq")


def identity(
    params: Params, run: Run, seed: int, policy: Policy, parents: Mapping[str, str]
) -> str:
    """Hash of everything that decides the numbers of a run; how often it is saved does not."""
    import torch

    settings = params.train.model_dump(mode="json", exclude={"runs", "checkpoint_every"})
    own = run.model_dump(mode="json", exclude={"seeds"})
    words = [settings, own, seed, policy.fingerprint, dict(parents), torch.__version__]
    return hashlib.sha256(canonical_json(words).encode()).hexdigest()


@dataclass(frozen=True)
class Place:
    """Where the state of a run is kept.

    Attributes:
        path: a safetensors file.
        identity: of the run; a state of another is not used.
    """

    path: Path
    identity: str

    def save(self, weights: Mapping[str, Any], optimiser: Any, rows: list[Row]) -> None:
        """Replace the saved state, in one step.

        Args:
            weights: tensors that move, by name.
            optimiser: AdamW over them, in the same order.
            rows: what was measured, one row a step done.
        """
        from safetensors.torch import save_file

        tensors = {f"weight|{name}": weight.detach() for name, weight in weights.items()}
        for name, weight in weights.items():
            kept = optimiser.state[weight]
            tensors |= {f"{moment}|{name}": kept[moment] for moment in _MOMENTS}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f"{self.path.name}.tmp")
        save_file(
            {name: tensor.cpu().contiguous() for name, tensor in tensors.items()},
            part,
            metadata={"identity": self.identity, "rows": json.dumps(rows)},
        )
        os.replace(part, self.path)

    def load(self, weights: Mapping[str, Any], optimiser: Any) -> list[Row]:
        """Put a saved state of the same run back.

        Returns:
            Its rows; none, and nothing is changed, where there is no such state.
        """
        import torch
        from safetensors import SafetensorError, safe_open

        if not self.path.is_file():
            return []
        try:
            with safe_open(self.path, "pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("identity") != self.identity:
                    return []
                rows: list[Row] = json.loads(metadata["rows"])
                with torch.no_grad():
                    for name, weight in weights.items():
                        weight.copy_(file.get_tensor(f"weight|{name}"))
                        moments = {m: file.get_tensor(f"{m}|{name}") for m in _MOMENTS}
                        optimiser.state[weight] = {
                            "step": torch.tensor(float(len(rows))),
                            **{m: value.to(weight.device) for m, value in moments.items()},
                        }
        except SafetensorError:
            # Half a file cannot be: it is moved to its place whole. Damaged: start again.
            return []
        return rows
