from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from measurand.asking import Asker
from measurand.journal import Journal
from measurand.models import load
from measurand.models.protocol import Request, Sampling, Score
from measurand.runs import Costs
from pipelines.many_shot import oracles


@pytest.fixture
def spec(toy_model_folder: Path) -> str:
    return f"hf:{toy_model_folder}?template=none&device=cpu"


REQUESTS = [Request(text, {}, (" 1", " 2")) for text in ("I like", "I worry", "I like", "Please")]


def test_equal_requests_are_one_call(spec: str, tmp_path: Path) -> None:
    model = load(spec)
    with Journal(tmp_path / "calls.jsonl") as journal:
        asker = Asker(model, journal, Costs(spec))
        first = asker.score(REQUESTS, "a")
        assert first[0] == first[2]
        assert asker.calls == len(journal) == 3
        # Another batch with the same requests gets the same answers, and writes nothing.
        assert asker.score([REQUESTS[3], REQUESTS[0]], "b") == [first[3], first[0]]
        assert asker.calls == len(journal) == 3
        # Other choices, or a text to write, are other calls.
        asker.score([Request("I like", {}, (" 2", " 1"))], "b")
        texts = asker.write(REQUESTS, Sampling(max_tokens=3), "c")
        assert texts[0] == texts[2]
        assert asker.calls == len(journal) == 7
        rows = {row["part"]: row["calls"] for row in asker.costs.rows(model)}
        assert rows == {"a": 3, "b": 1, "c": 3}
        assert asker.write([], Sampling(), "c") == asker.score([], "c") == []


def test_a_retest_is_a_call_of_its_own(spec: str, tmp_path: Path) -> None:
    model = load(spec)
    with Journal(tmp_path / "calls.jsonl") as journal:
        asker = Asker(model, journal, Costs(spec))
        first = asker.score(REQUESTS, "a")
        again = asker.score_again(REQUESTS[0])
        assert again.logprobs == pytest.approx(first[0].logprobs, abs=1e-4)
        written = asker.write(REQUESTS[:1], Sampling(max_tokens=3), "a")
        assert asker.write_again(REQUESTS[0], Sampling(max_tokens=3)).text == written[0].text
        assert asker.calls == len(journal) == 6


class Down(oracles.Oracle):
    """An engine that is lost."""

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        return [Score.failed("infra_error", "connection lost") for _ in requests]


def test_failed_calls_are_counted_by_reason(tmp_path: Path) -> None:
    with Journal(tmp_path / "calls.jsonl") as journal:
        asker = Asker(Down("oracle:prior", "prior", ()), journal, Costs("down"))
        scores = asker.score(REQUESTS, "a")
        assert {score.status for score in scores} == {"infra_error"}
        assert dict(asker.failures) == {"connection lost": 3}
        assert asker.calls == 3
        assert len(journal) == 0
