"""The weights that move: made ready, set back to a seed's start, saved in a format others read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from measurand.errors import InputError, ParamsError
from measurand.models.adapters import CONFIG, WEIGHTS
from measurand.models.strings import ModelSpec
from measurand.stats.resample import seed_for
from pipelines.soft_labels.policy import Policy
from schemas.soft_labels.params import Lora, Trainable


def model_string(policy: str, trainable: Trainable, folder: Path) -> str:
    """What loads a saved policy, for any command that takes a model.

    Args:
        policy: model string of the policy before training.
        trainable: which weights moved.
        folder: where it was saved.
    """
    spec = ModelSpec.parse(policy)
    if isinstance(trainable, Lora):
        return spec.having(adapter=str(folder))
    whole = ModelSpec("", "hf", str(folder))
    return whole.having(**spec.options) if spec.options else f"hf:{folder}"


class Moving:
    """The weights of a policy that training moves.

    Args:
        policy: the policy; its other weights stay as they are.
        trainable: which weights.
        spec: model string of the policy, kept in saved adapters.

    Attributes:
        weights: tensors by name, in a fixed order.
        adapted: the model as PEFT wraps it, None without adapters.

    Raises:
        ParamsError: the policy has fewer layers than are to move.
    """

    def __init__(self, policy: Policy, trainable: Trainable, spec: str) -> None:
        n = len(policy.layers)
        if trainable.layers is not None and trainable.layers > n:
            raise ParamsError(
                f"trainable.layers: {trainable.layers}, but the policy has {n} layers",
                hint=f"give {n} or less, or null for all",
            )
        self._policy, self._trainable, self._spec = policy, trainable, spec
        self._first = 0 if trainable.layers is None else n - trainable.layers
        self.adapted: Any = None
        if isinstance(trainable, Lora):
            self._adapt(trainable, n)
        else:
            self._free()
        policy.freeze_below(self._first)
        self.weights: dict[str, Any] = {
            name: weight for name, weight in policy.model.named_parameters() if weight.requires_grad
        }
        self._start = {name: weight.detach().clone() for name, weight in self.weights.items()}

    def reset(self, *words: str | int) -> None:
        """Back to the start: the policy before training, adapters drawn by the words."""
        import torch

        if self.adapted is None:
            with torch.no_grad():
                for name, weight in self.weights.items():
                    weight.copy_(self._start[name])
            return
        from peft.tuners.lora import LoraLayer

        with torch.random.fork_rng():
            torch.manual_seed(seed_for(*words) % 2**63)
            for module in self._policy.model.modules():
                if isinstance(module, LoraLayer):
                    module.reset_lora_parameters("default", True)

    def save(self, folder: Path) -> None:
        """Write an adapter in PEFT's format, or the whole model in that of transformers."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.adapted is None:
            self._policy.model.save_pretrained(folder)
            self._policy.prompts.tokenizer.save_pretrained(folder)
            return
        import peft
        from safetensors.torch import save_file

        state = peft.get_peft_model_state_dict(self.adapted)
        plain = {name: value.detach().cpu().contiguous() for name, value in sorted(state.items())}
        save_file(plain, folder / WEIGHTS, metadata={"format": "pt"})
        config = self.adapted.peft_config["default"].to_dict()
        config |= {"base_model_name_or_path": self._spec, "inference_mode": True}
        config["target_modules"] = sorted(config["target_modules"])
        text = json.dumps(config, indent=1, sort_keys=True, default=str)
        (folder / CONFIG).write_text(text + "\n", encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Put saved weights back.

        Raises:
            InputError: they are missing, or those of other parameters.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        name = "model.safetensors" if self.adapted is None else WEIGHTS
        try:
            state = load_file(folder / name)
            if self.adapted is None:
                found = self._policy.model.load_state_dict(state, strict=False)
                here = self._policy.model.state_dict()
                read = {here[n].data_ptr() for n in state if n in here}
                # Of weights that are tied, one stands in the file.
                missing = [n for n in found.missing_keys if here[n].data_ptr() not in read]
                missing += found.unexpected_keys
            else:
                import peft

                found = peft.set_peft_model_state_dict(self.adapted, state)
                missing = list(found.unexpected_keys)
                missing += [n for n in found.missing_keys if "lora_" in n]
        except (OSError, SafetensorError, RuntimeError) as error:
            raise InputError(
                f"{folder}/{name} cannot be used: {str(error).splitlines()[0]}",
                hint="run `measurand train soft_labels` again",
            ) from error
        if missing:
            raise InputError(
                f"{folder}/{name} was trained with other parameters ({missing[0]})",
                hint="run `measurand train soft_labels` again",
            )

    def _adapt(self, lora: Lora, n: int) -> None:
        import peft
        import torch

        linear = {
            name.rpartition(".")[2]
            for layer in self._policy.layers
            for name, module in layer.named_modules()
            if isinstance(module, torch.nn.Linear)
        }
        config = peft.LoraConfig(
            r=lora.rank,
            lora_alpha=lora.alpha,
            lora_dropout=0.0,
            target_modules=sorted(linear),
            layers_to_transform=list(range(self._first, n)),
            task_type="CAUSAL_LM",
        )
        with torch.random.fork_rng():
            self.adapted = peft.get_peft_model(self._policy.model, config)

    def _free(self) -> None:
        for layer in self._policy.layers[self._first :]:
            layer.requires_grad_(True)
        if not self._first:
            self._policy.model.requires_grad_(True)
