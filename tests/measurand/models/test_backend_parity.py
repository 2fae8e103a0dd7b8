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
    from conftest import Engine, Server

ROOT = Path(__file__).parents[3]
DIGITS = ("1", "2", "3", "4", "5")
WORDINGS = (
    'Thinking about the statement, "{}", please rate your answer on a scale from 1 to 5 '
    "(where 1 is very inaccurate and 5 is very accurate). RATING: ",
    'How accurate is "{}" of you, from 1 to 5? RATING: ',
)
CONSTRAINED = Sampling(temperature=1.0, choices=DIGITS)
GREEDY = Sampling(max_tokens=16)

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]


def requests() -> list[Request]:
    path = ROOT / "pipelines" / "personality" / "instruments" / "ipip_neo_300.csv"
    with path.open(newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert len(set(texts)) == 300
    return [Request(wording.format(text)) for wording in WORDINGS for text in texts][:500]


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
    return Answers(load(f"hf:{smollm2_folder}"))


@pytest.fixture(scope="module")
def vllm(vllm_engine: Engine) -> Answers:
    return Answers(vllm_engine.model)


@pytest.fixture(scope="module")
def served(vllm_server: Server, smollm2_folder: Path) -> Iterator[OpenAIModel]:
    model = load(f"openai:{vllm_server.url}#{vllm_server.name}?tokenizer={smollm2_folder}")
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
    assert np.ptp(one.logprobs[:, 0]) > 0.5
    assert len(set(one.choices)) > 1
    assert [s.prompt_tokens for s in one.scores] == [s.prompt_tokens for s in other.scores]


def test_draws_and_greedy_texts_agree(hf: Answers, vllm: Answers, openai: Answers) -> None:
    assert hf.drawn == vllm.drawn == openai.drawn
    assert len(set(hf.drawn)) > 1
    assert hf.greedy == vllm.greedy == openai.greedy


def test_start_times(
    vllm_engine: Engine, vllm_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\nstart: engine {vllm_engine.start_s:.0f} s, server {vllm_server.start_s:.0f} s")
    assert vllm_engine.start_s < vllm_server.start_s


def test_one_request_serves_all_choices(served: OpenAIModel) -> None:
    assert served.route == "ids"
    (score,) = served.score(requests()[:1], DIGITS)
    assert score.prompt_tokens is not None
    assert score.cached_tokens is not None
    has = served.capabilities()
    assert (has.max_model_tokens, has.chat_template) == (2048, True)


def test_long_choices_agree(served: OpenAIModel, vllm_engine: Engine) -> None:
    choices = ("very accurate", "accurate", "very inaccurate", "5", "10")
    ours, theirs = (m.score(requests()[:4], choices) for m in (vllm_engine.model, served))
    for one, other in zip(ours, theirs, strict=True):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-3)
        assert one.prompt_tokens == other.prompt_tokens


def test_raw_text_by_echo_agrees_with_token_ids(vllm_server: Server, smollm2_folder: Path) -> None:
    spec = f"openai:{vllm_server.url}#{vllm_server.name}?template=none"
    plain, exact = load(spec), load(f"{spec}&tokenizer={smollm2_folder}")
    assert isinstance(plain, OpenAIModel)
    by_text, by_ids = (m.score(requests()[:5], DIGITS) for m in (plain, exact))
    assert plain.route == "echo"
    for one, other in zip(by_text, by_ids, strict=True):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-3)
    assert plain.fingerprint != exact.fingerprint
    plain.close()
    exact.close()


def test_the_chat_api_gives_what_it_lists_and_flags_the_rest(
    vllm_server: Server, openai: Answers
) -> None:
    model = load(f"openai:{vllm_server.url}#{vllm_server.name}")
    assert isinstance(model, OpenAIModel)
    has = model.capabilities()
    assert (model.route, has.constrained, has.chat_template) == ("top", True, True)
    scores = model.score(requests()[:20], DIGITS)
    listed = 0
    for score, known in zip(scores, openai.scores, strict=False):
        assert known.logprobs is not None
        assert known.mass is not None
        if score.logprobs is None:
            assert score.status == "model_error"
            continue
        for x, exact in zip(score.logprobs, known.logprobs, strict=True):
            assert exact is not None
            assert x is None or x == pytest.approx(exact, abs=1e-3)
            listed += x is not None
        assert score.choice == known.choice
        assert (score.reason is not None) == (None in score.logprobs)
        if score.reason is not None:
            low, high = (float(w) for w in score.reason.split("between ")[1].split(" and "))
            assert low * 0.99 <= known.mass <= high * 1.01
    assert listed > 0
    drawn = model.generate(requests()[:5], CONSTRAINED)
    assert {completion.text for completion in drawn} <= set(DIGITS)
    model.close()


def test_a_prompt_over_the_context_is_skipped(served: OpenAIModel) -> None:
    long = Request("so " * 3000)
    (score,) = served.score([long], DIGITS)
    (completion,) = served.generate([long], GREEDY)
    assert score.status == completion.status == "skipped"
    assert score.reason == completion.reason
