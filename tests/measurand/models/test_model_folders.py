"""Damaged and unusual folders: refused in one line, or measured with all their weights."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from reweighed import Tensors, reweigh
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, BertConfig, BertForMaskedLM

from measurand.errors import InputError
from measurand.models import folders, load
from measurand.models.hf import HfModel
from measurand.models.protocol import Request
from measurand.models.strings import ModelSpec
from measurand.models.vllm import check_folder

REQUEST = Request("I like dogs. RATING: ")
DIGITS = ("1", "2", "3", "4", "5")


@pytest.fixture
def folder(toy_model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(toy_model_folder, tmp_path / "model"))


def resettle(folder: Path, name: str = "config.json", **values: Any) -> None:
    file = folder / name
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def without(*parts: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {
        name: x for name, x in tensors.items() if not any(part in name for part in parts)
    }


HOLES: dict[str, tuple[Callable[[Tensors], Tensors], dict[str, Any], str]] = {
    "no head": (without("lm_head"), {}, "lacks 1 weights of the model, lm_head.weight among"),
    "no embedding": (without("embed"), {}, "lacks 1 weights"),
    "no norm": (without("model.norm"), {}, "lacks 1 weights"),
    "a prefix": (lambda t: {f"module.{k}": x for k, x in t.items()}, {}, "lacks"),
    "adapter's names": (
        lambda t: {k.replace("q_proj.weight", "q_proj.base_layer.weight"): x for k, x in t.items()},
        {},
        "lacks 3 weights",
    ),
    "another shape": (
        lambda t: {k: x[:-1] if "q_proj" in k else x for k, x in t.items()},
        {},
        r"of another shape than config.json says",
    ),
    "fewer layers asked": (lambda t: t, {"num_hidden_layers": 2}, "that config.json leaves out"),
    "more layers asked": (lambda t: t, {"num_hidden_layers": 4}, "lacks 9 weights"),
    "no number": (
        lambda t: t | {"model.norm.weight": t["model.norm.weight"] * torch.nan},
        {},
        "no num",
    ),
}


@pytest.mark.parametrize("name", HOLES)
def test_weights_that_are_not_there_are_never_drawn(name: str, folder: Path) -> None:
    change, settings, words = HOLES[name]
    reweigh(folder, change)
    resettle(folder, **settings)
    with pytest.raises(InputError, match=words) as caught:
        load(f"hf:{folder}")
    assert caught.value.code == "bad_model"
    if name != "no number":
        # What vLLM would be started on is looked at in the same way.
        with pytest.raises(InputError, match=words):
            check_folder(ModelSpec.parse(f"vllm:{folder}"), folder)


def test_tied_weights_may_be_missing(folder: Path) -> None:
    plain = load(f"hf:{folder}").score([REQUEST], DIGITS)
    reweigh(folder, lambda t: t | {"lm_head.weight": t["model.embed_tokens.weight"]})
    tied = load(f"hf:{folder}").score([REQUEST], DIGITS)
    reweigh(folder, without("lm_head"))
    resettle(folder, tie_word_embeddings=True)
    assert load(f"hf:{folder}").score([REQUEST], DIGITS) == tied != plain


def test_files_that_are_not_what_they_say_are_named(folder: Path) -> None:
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
    for damage, words in (
        (pointer, r"model.safetensors is a Git LFS pointer"),
        (whole[: len(whole) // 2], r"model.safetensors is cut or damaged"),
        (b"", r"model.safetensors is cut or damaged"),
    ):
        weights.write_bytes(damage)
        with pytest.raises(InputError, match=words):
            load(f"hf:{folder}")
    weights.write_bytes(whole)
    (folder / "tokenizer.json").write_bytes(pointer)
    with pytest.raises(InputError, match=r"tokenizer.json is a Git LFS pointer"):
        load(f"hf:{folder}")


@pytest.mark.parametrize("code", ["", "?code=none", "?template=none"])
def test_code_in_a_folder_is_not_run_without_the_word(
    code: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = folder / "RAN"
    body = f"open({str(ran)!r}, 'w').write('x')\nraise ValueError('it ran')\n"
    for name in ("configuration_mine", "modeling_mine", "tokenization_mine"):
        (folder / f"{name}.py").write_text(body)
    where = {"AutoConfig": "configuration_mine.C", "AutoModelForCausalLM": "modeling_mine.M"}
    resettle(folder, model_type="mine", architectures=["M"], auto_map=where)
    tokenizer = {"AutoTokenizer": [None, "tokenization_mine.T"]}
    resettle(folder, "tokenizer_config.json", auto_map=tokenizer, tokenizer_class="T")
    monkeypatch.setattr("builtins.input", lambda *args: pytest.fail("asked on standard input"))
    with pytest.raises(InputError, match="code=run"):
        load(f"hf:{folder}{code}")
    assert not ran.exists()
    with pytest.raises(InputError, match="it ran"):
        load(f"hf:{folder}?code=run")


def test_an_encoder_is_no_language_model(folder: Path) -> None:
    vocabulary = json.loads((folder / "config.json").read_text())["vocab_size"]
    (folder / "config.json").unlink()
    settings = BertConfig(
        vocab_size=vocabulary, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64, initializer_range=0.5,
    )  # fmt: skip
    BertForMaskedLM(settings).save_pretrained(folder)
    with pytest.raises(InputError, match="a BertForMaskedLM, whose head predicts no next word"):
        load(f"hf:{folder}?template=none")
    resettle(folder, architectures=None)
    with pytest.raises(InputError, match="looks at the words that it should predict"):
        load(f"hf:{folder}?template=none")
    resettle(folder, model_type="t5")
    with pytest.raises(InputError, match=r"cannot|no tokenizer can") as caught:
        load(f"hf:{folder}?template=none")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["LlamaForSequenceClassification", "LlamaRewardModel"])
def test_a_classifier_is_no_language_model_though_its_embeddings_are_tied(
    kind: str, folder: Path
) -> None:
    resettle(folder, tie_word_embeddings=True, architectures=[kind])
    reweigh(folder, lambda t: {k: x for k, x in t.items() if "lm_head" not in k})
    with pytest.raises(InputError, match=f"holds a {kind}") as caught:
        load(f"hf:{folder}")
    assert caught.value.code == "bad_model"
    resettle(folder, architectures=["LlamaForCausalLM"])
    load(f"hf:{folder}").close()


def test_an_adapter_alone_names_how_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(InputError, match=r"holds an adapter and no model .*\?adapter="):
        load(f"hf:{tmp_path}")


def test_a_quantised_folder_without_its_package_is_named(folder: Path) -> None:
    resettle(folder, quantization_config={"quant_method": "awq", "bits": 4, "group_size": 128})
    with pytest.raises(InputError, match="cannot load") as caught:
        load(f"hf:{folder}")
    assert "\n" not in str(caught.value)


def damage(folder: Path, rng: random.Random, others: list[Path]) -> str:
    """One file cut, changed, exchanged or taken away."""
    file = rng.choice(sorted(p for p in folder.iterdir() if p.is_file()))
    kind = rng.choice(("cut", "flip", "swap", "delete", "replace"))
    raw = bytearray(file.read_bytes())
    if kind == "cut":
        file.write_bytes(raw[: rng.randrange(len(raw) + 1)])
    elif kind == "flip":
        # Most bytes are weights; the header, and all of a text file, decide what is read.
        for _ in range(rng.choice((1, 3, 30)) if raw else 0):
            far = min(len(raw), rng.choice((64, 4096, len(raw))))
            raw[rng.randrange(far)] = rng.randrange(256)
        file.write_bytes(raw)
    elif kind == "swap":
        other = rng.choice(sorted(p for p in folder.iterdir() if p.is_file()))
        theirs = other.read_bytes()
        other.write_bytes(raw)
        file.write_bytes(theirs)
    elif kind == "delete":
        file.unlink()
    else:
        theirs = rng.choice(others) / file.name
        file.write_bytes(theirs.read_bytes() if theirs.is_file() else b"")
    return f"{kind} {file.name}"


def try_damaged(toy: Path, others: list[Path], work: Path, seed: int) -> bool:
    """Load a damaged copy; True where it answered, and then only as its own files say."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(toy, work)
    rng = random.Random(seed)
    what = [damage(work, rng, others) for _ in range(rng.choice((1, 1, 2)))]
    try:
        model = load(f"hf:{work}?template=none" if rng.random() < 0.5 else f"hf:{work}")
        [score] = model.score([REQUEST], DIGITS)
    except BaseException as error:
        if isinstance(error, InputError) and error.code == "bad_model" and "\n" not in str(error):
            return False
        raise AssertionError(f"seed {seed}: {what}") from error
    # Drawn weights would differ: another process state gives the same answer again.
    torch.manual_seed(seed)
    [again] = load(model.spec).score([REQUEST], DIGITS)
    assert again == score, what
    return True


@pytest.fixture(scope="module")
def others(toy_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The toy with another number of layers, and with a smaller vocabulary."""
    made = []
    for values in ({"num_hidden_layers": 2}, {"vocab_size": 300}):
        folder = tmp_path_factory.mktemp("other")
        model = AutoModelForCausalLM.from_pretrained(toy_model_folder)
        type(model)(type(model.config).from_dict(model.config.to_dict() | values)).save_pretrained(
            folder
        )
        made.append(folder)
    return made


@pytest.mark.integration
def test_no_damage_is_a_traceback_or_a_score_of_drawn_weights(
    toy_model_folder: Path, others: list[Path], tmp_path: Path
) -> None:
    answered = [
        try_damaged(toy_model_folder, others, tmp_path / "model", seed) for seed in range(200)
    ]
    assert 10 < sum(answered) < 150


def test_errors_are_one_line_and_cut() -> None:
    assert folders.one_line(ValueError("a\n  b")) == "ValueError: a b"
    assert folders.one_line(ValueError()) == "ValueError"
    assert len(folders.one_line(ValueError("x" * 1000))) < 330


def test_a_model_ends_its_turn_where_its_template_does(folder: Path) -> None:
    """A folder may name the end of a document alone: the model would go on to another turn."""
    end = load(f"hf:{folder}")
    assert isinstance(end, HfModel)
    (known,) = end.forward.end_tokens
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    document = {"eos_token": "!", "additional_special_tokens": ["<|end|>"]}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | document))
    resettle(folder, eos_token_id=5)
    resettle(folder, "generation_config.json", eos_token_id=5)
    again = load(f"hf:{folder}")
    assert isinstance(again, HfModel)
    assert again.forward.end_tokens == {5, known}
    assert load(f"hf:{folder}?template=none").forward.end_tokens == {5}  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["elsewhere", "one of several", "no index"])
def test_two_sets_of_weights_are_no_model(kind: str, folder: Path) -> None:
    """One file of all weights is what would be read, whatever the index names."""
    (whole,) = folder.glob("*.safetensors")
    names = list(load_file(whole))
    shutil.copy(whole, folder / "model-00001-of-00001.safetensors")
    places = dict.fromkeys(names, "model-00001-of-00001.safetensors")
    index: Any = {"metadata": {}, "weight_map": places}
    if kind == "one of several":
        places[names[0]] = whole.name
    if kind == "no index":
        index = ["model.safetensors"]
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    if kind == "one of several":
        folders.inspect(ModelSpec.parse(f"hf:{folder}"), folder)
        return
    words = "two sets of weights" if kind == "elsewhere" else "is no index of weights"
    for spec in (f"hf:{folder}", f"vllm:{folder}"):
        with pytest.raises(InputError, match=words) as caught:
            folders.inspect(ModelSpec.parse(spec), folder)
        assert caught.value.code == "bad_model"
