from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from measurand.errors import InputError
from measurand.models import load
from measurand.models.hf import HfModel, _choice_rows
from measurand.models.protocol import Request, Sampling, check

DIGITS = ("1", "2", "3", "4", "5")
STEM = "I like dogs and music. Please rate how accurate the statement is: "
REQUESTS = [Request(f"{STEM}{what}. RATING: ") for what in ("I worry", "I like dogs", "neither")]


@pytest.fixture(scope="module")
def toy(toy_model_folder: Path) -> Callable[[str], HfModel]:
    loaded: dict[str, HfModel] = {}

    def get(options: str = "template=none") -> HfModel:
        if options not in loaded:
            model = load(f"hf:{toy_model_folder}?{options}")
            assert isinstance(model, HfModel)
            loaded[options] = model
        return loaded[options]

    return get


def test_scores_do_not_depend_on_earlier_calls(toy: Callable[[str], HfModel]) -> None:
    model = toy("template=none")
    before = model.score(REQUESTS, DIGITS)
    model.score([Request(f"{STEM}I like dogs. RATING: "), Request("Other")], DIGITS)
    assert model.score(REQUESTS, DIGITS) == before
    assert model.score(REQUESTS, DIGITS) == before


def test_scores_come_in_the_order_of_the_requests(toy: Callable[[str], HfModel]) -> None:
    model = toy("template=none")
    forward = model.score(REQUESTS, DIGITS)
    backward = model.score(REQUESTS[::-1], DIGITS)[::-1]
    for a, b in zip(forward, backward, strict=True):
        assert a.logprobs == pytest.approx(b.logprobs, abs=1e-5)
    assert len({score.logprobs for score in forward}) == 3
    [swapped] = model.score(REQUESTS[:1], DIGITS[::-1])
    assert swapped.logprobs == pytest.approx(forward[0].logprobs[::-1], abs=1e-5)


def test_one_position_serves_all_single_token_choices() -> None:
    assert _choice_rows((7, 8), [(1,), (2,), (3,)]) == [((), ((1, (1, 2, 3)),))]


def test_longer_choices_take_a_row_for_each_path() -> None:
    rows = _choice_rows((7, 8), [(5, 1), (5, 2, 3), (6,), (5,)])
    assert rows == [((5, 2), ((1, (5, 6)), (2, (1, 2)), (3, (3,))))]
    rows = _choice_rows((7, 8), [(5, 1), (6, 1)])
    assert rows == [((5,), ((1, (5, 6)), (2, (1,)))), ((6,), ((2, (1,)),))]


def test_a_prompt_over_the_context_is_skipped_and_never_cut(
    toy: Callable[[str], HfModel],
) -> None:
    model = toy("template=none")
    assert model.capabilities().max_model_tokens == 96
    scores = model.score([REQUESTS[0], Request("dogs " * 200), Request("")], DIGITS)
    assert [score.status for score in scores] == ["ok", "skipped", "skipped"]
    assert "exceed 96 tokens" in (scores[1].reason or "")
    assert "no token" in (scores[2].reason or "")
    assert scores[1].logprobs is None
    texts = model.generate([Request("dogs " * 200), REQUESTS[0]], Sampling(max_tokens=2))
    assert [text.status for text in texts] == ["skipped", "ok"]


def test_a_prompt_of_exactly_the_context_is_scored(toy: Callable[[str], HfModel]) -> None:
    model = toy("template=none")
    for n in range(1, 400):
        [score] = model.score([Request("1" * n)], ("2", "3"))
        if score.prompt_tokens == 96:
            assert score.status == "ok"
            break
    else:
        pytest.fail("no prompt of 96 tokens was tried")


def test_the_template_changes_prompt_and_fingerprint(
    toy: Callable[[str], HfModel], toy_model_folder: Path
) -> None:
    chat, raw = toy("template=chat"), toy("template=none")
    assert chat.capabilities().chat_template
    assert not raw.capabilities().chat_template
    a, b = chat.score(REQUESTS[:1], DIGITS)[0], raw.score(REQUESTS[:1], DIGITS)[0]
    # Three marks, and the blank at the end, which in the raw prompt is one token with the digit.
    assert a.prompt_tokens == (b.prompt_tokens or 0) + 3 + 1
    assert a.logprobs != b.logprobs
    default = load(f"hf:{toy_model_folder}")
    assert default.fingerprint == chat.fingerprint != raw.fingerprint
    assert default.spec != chat.spec


def test_the_fingerprint_follows_weights_and_precision(
    toy: Callable[[str], HfModel], toy_model_folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(toy_model_folder, copy)
    same = load(f"hf:{copy}?template=none")
    assert same.fingerprint == toy("template=none").fingerprint
    assert toy("template=none&dtype=bfloat16").fingerprint != same.fingerprint
    model = AutoModelForCausalLM.from_pretrained(copy)
    with torch.no_grad():
        model.lm_head.weight[5, 5] += 1
    model.save_pretrained(copy)
    assert load(f"hf:{copy}?template=none").fingerprint != same.fingerprint


def test_bfloat16_is_close_and_says_so(toy: Callable[[str], HfModel]) -> None:
    half = toy("template=none&dtype=bfloat16")
    assert half.capabilities().dtype == "bfloat16"
    a = half.score(REQUESTS, DIGITS)
    b = toy("template=none").score(REQUESTS, DIGITS)
    gap = np.abs(np.array([x.logprobs for x in a]) - np.array([x.logprobs for x in b])).max()
    assert 1e-4 < gap < 0.3


def test_equal_choices_are_refused(toy: Callable[[str], HfModel]) -> None:
    for choices in ((), ("1", "1"), ("1", "")):
        with pytest.raises(InputError) as caught:
            toy("template=none").score(REQUESTS, choices)
        assert caught.value.code == "bad_choices"


def test_greedy_generation_equals_transformers(
    toy: Callable[[str], HfModel], toy_model_folder: Path
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(toy_model_folder)
    reference = AutoModelForCausalLM.from_pretrained(toy_model_folder).eval()
    texts = toy("template=none").generate(REQUESTS, Sampling(max_tokens=12))
    for request, text in zip(REQUESTS, texts, strict=True):
        inputs = tokenizer(request.prompt, return_tensors="pt")
        out = reference.generate(
            **inputs, max_new_tokens=12, do_sample=False, pad_token_id=tokenizer.eos_token_id
        )
        expected = tokenizer.decode(
            out[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True
        )
        assert text.text == expected
        assert text.status == "ok"


def test_drawn_text_does_not_depend_on_the_batch(toy: Callable[[str], HfModel]) -> None:
    model = toy("template=none")
    how = Sampling(max_tokens=8, temperature=1.0, top_p=0.9)
    together = [c.text for c in model.generate(REQUESTS, how)]
    assert [model.generate([request], how)[0].text for request in REQUESTS] == together
    for other, repeat in ((how, 1), (Sampling(max_tokens=8, temperature=1.0, seed=1), 0)):
        assert [c.text for c in model.generate(REQUESTS, other, repeat)] != together


def test_texts_are_the_same_with_and_without_shared_prefixes(
    toy: Callable[[str], HfModel],
) -> None:
    whole = toy("template=none&prefix=none")
    for how in (Sampling(max_tokens=12), Sampling(max_tokens=12, temperature=1.0)):
        ours, plain = toy("template=none").generate(REQUESTS, how), whole.generate(REQUESTS, how)
        assert [c.text for c in ours] == [c.text for c in plain]
        assert [c.prompt_tokens for c in ours] == [c.prompt_tokens for c in plain]
        assert {c.cached_tokens for c in plain} == {0}
    [stem] = toy("template=none").generate([Request(STEM)], Sampling(max_tokens=1))
    shared = (stem.prompt_tokens or 0) - 1
    # One of the three computes the beginning; its last token may belong to the statement.
    cached = sorted(c.cached_tokens or 0 for c in ours)
    assert cached[0] == 0
    assert shared <= cached[1] == cached[2]


def test_own_choices_take_the_place_of_the_calls(toy: Callable[[str], HfModel]) -> None:
    model = toy("template=none")
    own = [
        Request(REQUESTS[0].prompt, choices=("2", "4")),
        REQUESTS[1],
        Request(REQUESTS[2].prompt, choices=("I worry",)),
    ]
    found = model.score(own, DIGITS)
    for request, score in zip(own, found, strict=True):
        [alone] = model.score([Request(request.prompt)], request.choices or DIGITS)
        assert score.logprobs == pytest.approx(alone.logprobs, abs=1e-5)
    assert [len(score.logprobs or ()) for score in found] == [2, 5, 1]
    assert model.score([own[0], own[2]], ())[0].status == "ok"
    with pytest.raises(InputError, match="cannot be told apart"):
        model.score(own, ())
    drawn = model.generate(own[:1], Sampling(choices=DIGITS))
    assert drawn[0].text == ("2", "4")[found[0].choice or 0]


def test_generation_stops_where_it_should(toy: Callable[[str], HfModel]) -> None:
    model = toy("template=none")
    [free] = model.generate(REQUESTS[:1], Sampling(max_tokens=12))
    assert free.text is not None
    assert (free.finish, free.tokens) == ("length", 12)
    stop = free.text[4:6]
    [cut] = model.generate(REQUESTS[:1], Sampling(max_tokens=12, stop=(stop,)))
    assert cut.finish == "stop"
    assert cut.text == free.text[: free.text.index(stop)]
    near = Request("1" * 88)
    [full] = model.generate([near], Sampling(max_tokens=50))
    assert (full.tokens or 0) + (full.prompt_tokens or 0) <= 96


def test_constrained_answers_are_choices(toy: Callable[[str], HfModel]) -> None:
    model = toy("template=none")
    how = Sampling(temperature=1.0, choices=DIGITS)
    drawn = [c.text for r in range(30) for c in model.generate(REQUESTS[:1], how, repeat=r)]
    assert set(drawn) <= set(DIGITS)
    assert len(set(drawn)) > 1
    [best] = model.generate(REQUESTS[:1], Sampling(temperature=0.0, choices=DIGITS))
    [score] = model.score(REQUESTS[:1], DIGITS)
    assert best.text == DIGITS[score.choice or 0]


def test_the_toy_passes_the_canaries(toy: Callable[[str], HfModel]) -> None:
    check(toy("template=chat"), logprobs=True, generate=True, constrained=True)


def test_a_folder_that_cannot_be_loaded_is_named(toy_model_folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(toy_model_folder, broken)
    (broken / "model.safetensors").unlink()
    with pytest.raises(InputError, match="cannot load") as caught:
        load(f"hf:{broken}")
    assert caught.value.code == "bad_model"
    plain = tmp_path / "plain"
    shutil.copytree(toy_model_folder, plain)
    (plain / "chat_template.jinja").unlink()
    with pytest.raises(InputError, match="no chat template"):
        load(f"hf:{plain}?template=chat")
    assert not load(f"hf:{plain}").capabilities().chat_template
