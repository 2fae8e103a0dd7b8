"""The same 500 items by transformers, by vLLM and by a vLLM server: the same answers."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from measurand.models import load
from measurand.models.openai import OpenAIModel
from measurand.models.protocol import Model, Request, Sampling, Score, check

if TYPE_CHECKING:
    from conftest import Server

ROOT = Path(__file__).parents[3]
DIGITS = ("1", "2", "3", "4", "5")
# After another rated statement and without the chat template this small model gives different
# answers, many of them close calls; in a chat it rates nearly everything 1, and agreement on the
# answer would mean nothing.
WORDING = 'Rate each statement from 1 to 5.\n"{}" RATING: {}\n"{}" RATING: '
CHAT_WORDING = (
    'Evaluating the statement, "{}", please rate how accurately it describes you on a scale from 1 '
    "(very inaccurate) to 5 (very accurate). RATING: "
)
CONSTRAINED = Sampling(temperature=1.0, choices=DIGITS)
GREEDY = Sampling(max_tokens=16)

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]


def texts() -> list[str]:
    path = ROOT / "pipelines" / "personality" / "instruments" / "ipip_neo_300.csv"
    with path.open(newline="", encoding="utf-8") as file:
        found = [row["text"] for row in csv.DictReader(file)]
    assert len(set(found)) == 300
    return found


def requests() -> list[Request]:
    """500 different prompts."""
    items, rng = texts(), np.random.default_rng(0)
    prompts = []
    for i in range(500):
        example, rating = items[rng.integers(300)], rng.integers(1, 6)
        prompts.append(Request(WORDING.format(example, rating, items[i % 300])))
    return prompts


def chat_requests() -> list[Request]:
    return [Request(CHAT_WORDING.format(text)) for text in texts()[:25]]


class Answers:
    """What one backend said, and how fast."""

    def __init__(self, model: Model) -> None:
        check(model, logprobs=True, generate=True, constrained=True)
        start = time.monotonic()
        self.scores: list[Score] = model.score(requests(), DIGITS)
        self.seconds = time.monotonic() - start
        assert all(score.status == "ok" for score in self.scores)
        self.drawn = [c.text for c in model.generate(requests()[:20], CONSTRAINED)]
        self.greedy = [c.text for c in model.generate(requests()[::100], GREEDY)]

    @property
    def logprobs(self) -> np.ndarray:
        return np.array([score.logprobs for score in self.scores], dtype=float)

    @property
    def choices(self) -> np.ndarray:
        return np.array([score.choice for score in self.scores])


@pytest.fixture(scope="module")
def hf(smollm2_folder: Path) -> Answers:
    return Answers(load(f"hf:{smollm2_folder}?template=none"))


@pytest.fixture(scope="module")
def vllm(vllm_engine: Model) -> Answers:
    return Answers(vllm_engine)


@pytest.fixture(scope="module")
def served(vllm_server: Server, smollm2_folder: Path) -> Iterator[OpenAIModel]:
    spec = f"openai:{vllm_server.url}#{vllm_server.name}?tokenizer={smollm2_folder}&template=none"
    model = load(spec)
    assert isinstance(model, OpenAIModel)
    yield model
    model.close()


@pytest.fixture(scope="module")
def openai(served: OpenAIModel) -> Answers:
    return Answers(served)


@pytest.mark.parametrize("pair", [("hf", "vllm"), ("hf", "openai"), ("vllm", "openai")])
def test_five_hundred_items_agree(
    pair: tuple[str, str], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = (request.getfixturevalue(name) for name in pair)
    assert len(one.scores) == len(other.scores) == 500
    agreement = float((one.choices == other.choices).mean())
    largest = float(np.abs(one.logprobs - other.logprobs).max())
    with capsys.disabled():
        print(f"\n{' and '.join(pair)}: argmax {agreement:.3f}, difference <= {largest:.1e}")
        for name, answers in zip(pair, (one, other), strict=True):
            print(f"{name}: {500 / answers.seconds:.1f} items/s")
    assert agreement >= 0.99
    assert largest <= 1e-3
    shares = np.bincount(one.choices, minlength=5) / 500
    assert shares.max() < 0.9, f"nearly all items have the same answer: {shares}"
    assert [s.prompt_tokens for s in one.scores] == [s.prompt_tokens for s in other.scores]


def test_draws_and_greedy_texts_agree(hf: Answers, vllm: Answers, openai: Answers) -> None:
    assert hf.drawn == vllm.drawn == openai.drawn
    assert len(set(hf.drawn)) > 1
    assert hf.greedy == vllm.greedy == openai.greedy


def test_one_request_serves_all_choices(served: OpenAIModel) -> None:
    assert served.route == "ids"
    (score,) = served.score(requests()[:1], DIGITS)
    assert score.prompt_tokens is not None
    assert score.cached_tokens is not None
    has = served.capabilities()
    assert (has.max_model_tokens, has.chat_template) == (2048, False)


def test_long_choices_agree(served: OpenAIModel, vllm_engine: Model) -> None:
    choices = ("very accurate", "accurate", "5", "10")
    ours, theirs = (m.score(requests()[:2], choices) for m in (vllm_engine, served))
    for one, other in zip(ours, theirs, strict=True):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-3)
        assert one.prompt_tokens == other.prompt_tokens


def test_raw_text_by_echo_agrees_with_token_ids(vllm_server: Server, openai: Answers) -> None:
    plain = load(f"openai:{vllm_server.url}#{vllm_server.name}?template=none")
    assert isinstance(plain, OpenAIModel)
    scores = plain.score(requests()[:5], DIGITS)
    assert plain.route == "echo"
    for one, other in zip(scores, openai.scores, strict=False):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-3)
        assert one.choice == other.choice
    plain.close()


def test_chats_agree_whoever_applies_the_template(
    vllm_server: Server, smollm2_folder: Path
) -> None:
    """Template by transformers, by us before the server, and by the server's own chat API."""
    spec = f"openai:{vllm_server.url}#{vllm_server.name}"
    here, ours, theirs = (
        load(text) for text in (f"hf:{smollm2_folder}", f"{spec}?tokenizer={smollm2_folder}", spec)
    )
    assert all(m.capabilities().chat_template for m in (here, ours, theirs))
    assert isinstance(theirs, OpenAIModel)
    assert theirs.route == "top"
    assert len({m.fingerprint for m in (here, ours, theirs)}) == 3
    rows = [m.score(chat_requests(), DIGITS) for m in (here, ours, theirs)]
    listed = 0
    for exact, same, top in zip(*rows, strict=True):
        assert exact.logprobs is not None
        assert exact.mass is not None
        assert same.logprobs == pytest.approx(exact.logprobs, abs=1e-3)
        assert same.prompt_tokens == exact.prompt_tokens
        if top.logprobs is None:
            assert top.status == "model_error"
            continue
        for x, known in zip(top.logprobs, exact.logprobs, strict=True):
            assert x is None or x == pytest.approx(known, abs=1e-3)
            listed += x is not None
        assert top.choice == exact.choice
        assert (top.reason is not None) == (None in top.logprobs)
        if top.reason is not None:
            low, high = (float(w) for w in top.reason.split("between ")[1].split(" and "))
            assert low * 0.99 <= exact.mass <= high * 1.01
    assert listed > 0
    drawn = theirs.generate(chat_requests()[:5], CONSTRAINED)
    assert {completion.text for completion in drawn} <= set(DIGITS)
    for model in (here, ours, theirs):
        model.close()


def test_a_prompt_over_the_context_is_skipped(served: OpenAIModel) -> None:
    long = Request("so " * 3000)
    (score,) = served.score([long], DIGITS)
    (completion,) = served.generate([long], GREEDY)
    assert score.status == completion.status == "skipped"
    assert score.reason == completion.reason
