from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from measurand.errors import CapabilityError, InfraError, InputError
from measurand.models import BACKENDS, load
from measurand.models.protocol import (
    CANARY_PROMPTS,
    Capabilities,
    Completion,
    ModelSpec,
    Request,
    Sampling,
    Score,
    check,
)


@pytest.mark.parametrize(
    ("text", "backend", "target", "options"),
    [
        ("smollm2", "smollm2", "", {}),
        ("smollm2?template=none", "smollm2", "", {"template": "none"}),
        (
            "hf:/a/b c?dtype=float32&template=chat",
            "hf",
            "/a/b c",
            {"dtype": "float32", "template": "chat"},
        ),
        ("openai:http://h:8/v1?x=1#org/m", "openai", "http://h:8/v1?x=1#org/m", {}),
        ("openai:http://h/v1#m?template=none", "openai", "http://h/v1#m", {"template": "none"}),
        ("synthetic:factor?loading=.5", "synthetic", "factor", {"loading": ".5"}),
        ("replay:C:/x.jsonl", "replay", "C:/x.jsonl", {}),
    ],
)
def test_model_strings(text: str, backend: str, target: str, options: dict[str, str]) -> None:
    spec = ModelSpec.parse(text)
    assert (spec.text, spec.backend, spec.target) == (text, backend, target)
    assert spec.options == options


@pytest.mark.parametrize(
    "text", ["", ":x", "?a=1", "hf:x?", "hf:x?a", "hf:x?a=1&a=2", "hf:x?a=1&&"]
)
def test_bad_model_strings_are_named(text: str) -> None:
    with pytest.raises(InputError) as caught:
        ModelSpec.parse(text)
    assert caught.value.code == "bad_model"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gpt:x", BACKENDS.values()),
        ("hf", ["hf:<folder>"]),
        ("synthetic:nobody", ["factor", "shaped"]),
        ("synthetic:factor?loding=.5", ["loading", "seed"]),
        ("synthetic:factor?loading=high", ["number"]),
        ("synthetic:factor?loading=2", ["between -1 and 1"]),
        ("hf:/no/such/folder", ["config.json"]),
        ("smollm2:x", ["smollm2"]),
    ],
)
def test_load_says_what_exists(text: str, words: Sequence[str]) -> None:
    with pytest.raises(InputError) as caught:
        load(text)
    assert caught.value.code == "bad_model"
    assert all(word in str(caught.value) for word in words)


def test_option_outside_its_values_lists_them() -> None:
    spec = ModelSpec.parse("hf:x?dtype=int4")
    with pytest.raises(InputError, match=r"int4.*float32, bfloat16"):
        spec.option("dtype", "float32", ("float32", "bfloat16"))


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CapabilityError, match=r"measurand\[hf\]") as caught:
        load(f"hf:{tmp_path}")
    assert caught.value.code == "missing_extra"


def test_importing_models_loads_no_engine() -> None:
    code = (
        "import sys, measurand.models\n"
        "print([m for m in ('torch', 'transformers', 'vllm', 'pyarrow') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_score_of_logprobs() -> None:
    score = Score.of([math.log(0.2), math.log(0.5), math.log(0.1)], prompt_tokens=7)
    assert (score.choice, score.tie, score.status, score.reason) == (1, False, "ok", None)
    assert score.mass == pytest.approx(0.8)


def test_score_of_a_tie_takes_the_lowest() -> None:
    score = Score.of([-3.0, -1.0, -1.0])
    assert (score.choice, score.tie) == (1, True)
    assert not Score.of([-1.0, -3.0, -3.0]).tie


def test_score_of_missing_choices_bounds_the_mass() -> None:
    score = Score.of([None, math.log(0.25), -math.inf])
    assert score.logprobs == (None, math.log(0.25), None)
    assert (score.choice, score.reason) == (1, "2 of 3 choices not returned")
    assert score.mass == pytest.approx(0.25)


@pytest.mark.parametrize("logprobs", [[None, None], [], [-1.0, math.nan], [math.inf, -1.0]])
def test_score_of_no_numbers_is_a_failure(logprobs: list[float | None]) -> None:
    score = Score.of(logprobs)
    assert (score.status, score.choice, score.mass) == ("model_error", None, None)
    assert score.reason


def test_records_go_through_json() -> None:
    for answer in (Score.of([-1.0, None], prompt_tokens=3), Score.failed("skipped", "too long")):
        assert Score.from_record(json.loads(json.dumps(answer.record()))) == answer
    done = Completion("text", 3, 4, "stop")
    assert Completion.from_record(json.loads(json.dumps(done.record()))) == done


def test_texts_of_older_journals_are_read() -> None:
    old = {"text": "t", "tokens": 3, "prompt_tokens": 4, "finish": "stop", "status": "ok"}
    assert Completion.from_record({**old, "reason": None, "key": "k"}) == Completion(
        "t", 3, 4, "stop"
    )


def test_request_identity() -> None:
    assert Request("p", choices=("1",)).sha256 == Request("p").sha256
    a, b = Request("p", {"item": 1, "scale": "s"}), Request("p", {"scale": "s", "item": 1})
    assert a.sha256 == Request("p").sha256
    assert a.tagged_sha256 == b.tagged_sha256 != Request("p", {"item": 2}).tagged_sha256


class Server:
    """Answers as told: what a broken server would send."""

    spec, fingerprint = "openai:test", "f"

    def __init__(self, scores: list[Score], texts: list[Completion] | None = None, **can: bool):
        self.scores, self.texts, self.asked = scores, texts or [], 0
        self.can = {"logprobs": True, "generate": True, "constrained": True, **can}

    def capabilities(self) -> Capabilities:
        return Capabilities(chat_template=False, max_model_tokens=None, dtype="auto", **self.can)  # type: ignore[arg-type]

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        self.asked += 1
        assert [r.prompt for r in requests] == list(CANARY_PROMPTS)
        return self.scores

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        self.asked += 1
        return self.texts

    def close(self) -> None: ...


GOOD = [Score.of([-1.0 - 0.1 * i, -2.0, -3.0, -4.0, -5.0]) for i in range(3)]
TEXT = [Completion(t, 1) for t in ("1", "2", "3")]


def test_check_passes_a_sound_model() -> None:
    server = Server(GOOD, TEXT)
    check(server, logprobs=True, generate=True, constrained=True)
    assert server.asked == 3
    check(server)
    assert server.asked == 3


@pytest.mark.parametrize("need", ["logprobs", "generate", "constrained"])
def test_check_refuses_what_the_model_lacks_before_any_call(need: str) -> None:
    server = Server(GOOD, TEXT, **{need: False})
    with pytest.raises(CapabilityError, match=need) as caught:
        check(server, **{need: True})
    assert caught.value.code == "missing_capability"
    assert server.asked == 0


@pytest.mark.parametrize(
    ("scores", "word"),
    [
        ([Score.of([-1.7] * 5)] * 3, "same log-prob"),
        ([GOOD[0]] * 3, "do not change"),
        ([Score.of([0.5, -1.0, -2.0, -3.0, -4.0])] * 3, "logs of probabilities"),
        ([Score.of([-0.1, -0.2, -0.3, -0.4, -0.5])] * 3, "sum to"),
        ([Score.failed("model_error", "no choice among")] * 3, "no choice among"),
    ],
)
def test_canaries_find_log_probs_that_are_none(scores: list[Score], word: str) -> None:
    with pytest.raises(CapabilityError, match=word) as caught:
        check(Server(scores), logprobs=True)
    assert caught.value.code == "canary_failed"


@pytest.mark.parametrize(
    ("texts", "needs", "word"),
    [
        ([Completion.failed("model_error", "withheld")] * 3, {"generate": True}, "withheld"),
        ([Completion("", 0)] * 3, {"generate": True}, "no token"),
        ([Completion("six", 1)] * 3, {"constrained": True}, "'six'"),
    ],
)
def test_canaries_find_text_that_is_none(
    texts: list[Completion], needs: dict[str, bool], word: str
) -> None:
    with pytest.raises(CapabilityError, match=word):
        check(Server(GOOD, texts), **needs)


def test_a_server_that_fails_in_a_canary_is_no_bad_model() -> None:
    lost = Server([Score.failed("infra_error", "HTTP 429; wait 3600 s")] * 3)
    with pytest.raises(InfraError, match=r"HTTP 429; wait 3600 s \(wait or mend the server"):
        check(lost, logprobs=True)
    lost = Server(GOOD, [Completion.failed("infra_error", "timeout")] * 3)
    with pytest.raises(InfraError, match="timeout"):
        check(lost, generate=True)


class Own(Server):
    """Answers canaries well and the run's own prompts as told."""

    def __init__(self, own: list[Score]) -> None:
        super().__init__(GOOD)
        self.own = own

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        return self.own if requests[0].choices else super().score(requests, choices)


def test_a_run_whose_own_choices_find_no_answer_is_refused() -> None:
    sample = [Request("a", choices=(" A", " B")), Request("b", choices=(" A", " B"))]
    none = Score.failed("model_error", "no choice among the 20 listed tokens")
    unable = Score.failed("skipped", "choice ' A' takes several tokens; the server lists one")
    fine = Score.of([-1.0, -2.0])
    for own in ([none, none], [unable, unable], [none, unable]):
        with pytest.raises(CapabilityError, match=r"own choices \[' A', ' B'\]") as caught:
            check(Own(own), logprobs=True, sample=sample)
        assert caught.value.code == "canary_failed"
        assert own[0].reason in str(caught.value)
    long = Score.failed("skipped", "prompt of 9 tokens exceeds 8", prompt_tokens=9)
    for own in ([none, fine], [fine, fine], [long, long]):
        check(Own(own), logprobs=True, sample=sample)


def test_choices_without_weight_are_no_answer() -> None:
    words = [math.log(1e-5), math.log(2e-5)]
    score = Score.of(words, prompt_tokens=7, next_token=True)
    assert (score.status, score.choice, score.logprobs) == ("model_error", None, None)
    assert score.reason == "the choices have a probability of 3e-05 together: no answer"
    # Long texts, and a text alone, are improbable by nature.
    assert Score.of(words).choice == 1
    assert Score.of(words[:1], next_token=True).choice == 0


def test_retries_are_kept_where_there_were_some() -> None:
    score = Score.of([-1.0, -2.0])
    assert "retries" not in score.record()
    again = replace(score, retries=2)
    assert again.record()["retries"] == 2
    assert Score.from_record(again.record()).retries == 2
    assert Score.from_record(score.record()).retries == 0
    assert again == score
