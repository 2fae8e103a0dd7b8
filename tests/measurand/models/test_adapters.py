from __future__ import annotations

import json
from pathlib import Path

import peft
import pytest
import torch
from transformers import AutoModelForCausalLM

from measurand.errors import InputError
from measurand.models import load
from measurand.models.protocol import Request

REQUEST = Request("I like dogs. RATING: ")
DIGITS = ("1", "2", "3")


@pytest.fixture(scope="module")
def adapter(toy_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapter")
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(toy_model_folder)
    config = peft.LoraConfig(
        r=2, lora_alpha=8, target_modules=["q_proj", "up_proj"], init_lora_weights=False
    )
    peft.get_peft_model(model, config).save_pretrained(str(folder))
    return folder


def test_a_merged_adapter_answers_as_peft_does(toy_model_folder: Path, adapter: Path) -> None:
    model = load(f"hf:{toy_model_folder}?template=none&adapter={adapter}")
    plain = load(f"hf:{toy_model_folder}?template=none")
    [score] = model.score([REQUEST], DIGITS)
    base = AutoModelForCausalLM.from_pretrained(toy_model_folder)
    theirs = peft.PeftModel.from_pretrained(base, str(adapter)).eval()
    prompt, choices = model.prompts.split(REQUEST.prompt, DIGITS)  # type: ignore[attr-defined]
    with torch.no_grad():
        table = theirs(torch.tensor([prompt])).logits[0, -1].log_softmax(-1)
    assert [len(choice) for choice in choices] == [1] * len(DIGITS)
    wanted = [float(table[token]) for (token,) in choices]
    assert score.logprobs == pytest.approx(wanted, abs=1e-4)
    [before] = plain.score([REQUEST], DIGITS)
    assert before.logprobs != pytest.approx(wanted, abs=1e-3)


def test_the_adapter_is_part_of_the_fingerprint(
    toy_model_folder: Path, adapter: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in adapter.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    config = json.loads((other / "adapter_config.json").read_text())
    (other / "adapter_config.json").write_text(json.dumps(config | {"lora_alpha": 16}))
    specs = ["", f"&adapter={adapter}", f"&adapter={other}"]
    found = {load(f"hf:{toy_model_folder}?template=none{s}").fingerprint for s in specs}
    assert len(found) == 3


def test_a_folder_without_an_adapter_is_refused(toy_model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"adapter_config.json is missing") as error:
        load(f"hf:{toy_model_folder}?adapter={tmp_path}")
    assert error.value.code == "bad_model"


@pytest.mark.parametrize("damage", ["{", '{"peft_type": "LORA", "r": 2}'])
def test_an_adapter_of_another_model_is_refused(
    toy_model_folder: Path, adapter: Path, tmp_path: Path, damage: str
) -> None:
    for file in adapter.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "adapter_config.json").write_text(damage)
    with pytest.raises(InputError, match=r"does not fit|is no JSON") as error:
        load(f"hf:{toy_model_folder}?adapter={tmp_path}")
    assert error.value.code == "bad_model"


def copied(adapter: Path, to: Path) -> Path:
    to.mkdir()
    for file in adapter.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def test_what_is_no_change_of_weights_is_refused(toy_model_folder: Path, tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(toy_model_folder)
    prompt = peft.PromptTuningConfig(num_virtual_tokens=3, task_type="CAUSAL_LM")
    peft.get_peft_model(model, prompt).save_pretrained(str(tmp_path / "prompt"))
    with pytest.raises(InputError, match="PROMPT_TUNING changes prompts, not weights"):
        load(f"hf:{toy_model_folder}?adapter={tmp_path / 'prompt'}")


def test_cut_foreign_or_larger_adapters_are_refused(
    toy_model_folder: Path, adapter: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(adapter / "adapter_model.safetensors")
    cut = copied(adapter, tmp_path / "cut") / "adapter_model.safetensors"
    cut.write_bytes(cut.read_bytes()[:200])
    more = copied(adapter, tmp_path / "more") / "adapter_model.safetensors"
    extra = {name.replace("layers.0.", "layers.9."): x.clone() for name, x in tensors.items()}
    save_file(tensors | extra, more)
    other = copied(adapter, tmp_path / "other") / "adapter_model.safetensors"
    save_file(
        {name.replace("model.model.", "model.module."): x for name, x in tensors.items()}, other
    )
    for folder, words in (
        (cut, r"safetensors is cut or damaged"),
        (more, r"4 of its 16 weights belong to no layer here"),
        (other, r"missing adapter keys"),
    ):
        with pytest.raises(InputError, match=words) as error:
            load(f"hf:{toy_model_folder}?adapter={folder.parent}")
        assert "\n" not in str(error.value)


def test_an_adapter_that_names_a_module_to_import_is_refused(
    toy_model_folder: Path, adapter: Path, tmp_path: Path
) -> None:
    file = copied(adapter, tmp_path / "code") / "adapter_config.json"
    settings = json.loads(file.read_text()) | {"megatron_config": {"a": 1}, "megatron_core": "this"}
    file.write_text(json.dumps(settings))
    with pytest.raises(InputError, match="names code to run"):
        load(f"hf:{toy_model_folder}?adapter={file.parent}")
