from __future__ import annotations

import json

import pytest

from measurand.asks import Ask
from measurand.errors import InputError
from measurand.models import load
from measurand.models.protocol import Completion, Request, Sampling, Score

WORDS = ("1", "2", "3")


def requests(n: int, *choices: str) -> list[Request]:
    who: dict[str, str | int | float] = {"participant": "p", "scale": "s", "keyed": 1}
    return [Request(f"prompt {i}", {**who, "item": i}, choices, "I say") for i in range(n)]


SCORED = Ask(requests(3), WORDS, None, 2)
DRAWN = Ask(requests(3), WORDS, Sampling(temperature=1.0, choices=WORDS))
WRITTEN = Ask(requests(3), (), Sampling(stop=("\n", "Q:")), written=True)


@pytest.mark.parametrize("ask", [SCORED, DRAWN, WRITTEN, Ask(requests(2, "a", "b"))])
def test_it_survives_json(ask: Ask) -> None:
    assert Ask.from_record(json.loads(json.dumps(ask.record()))) == ask


def test_what_a_model_has_to_be_able_to_do() -> None:
    assert [ask.needs for ask in (SCORED, DRAWN, WRITTEN)] == [
        "logprobs", "constrained", "generate"
    ]  # fmt: skip


def test_answers_are_the_models_in_order() -> None:
    model = load("synthetic:uniform")
    assert SCORED.answers(model) == model.score(SCORED.requests, WORDS)
    assert SCORED.of([2, 0]).answers(model) == [SCORED.answers(model)[i] for i in (2, 0)]
    drawn = DRAWN.answers(model)
    assert all(isinstance(one, Score) for one in drawn)
    assert DRAWN.sampling is not None
    texts = model.generate(DRAWN.requests, DRAWN.sampling)
    assert [WORDS[one.choice or 0] for one in drawn if isinstance(one, Score)] == [
        text.text for text in texts
    ]


def test_what_is_written_stays_text() -> None:
    how = Sampling(temperature=1.0, choices=WORDS)
    ask = Ask(requests(2), (), how, written=True)
    assert all(isinstance(one, Completion) for one in ask.answers(load("synthetic:uniform")))


def test_what_is_drawn_has_the_choices_of_the_batch() -> None:
    ask = Ask(requests(1, "a", "b"), WORDS, Sampling(choices=WORDS))
    with pytest.raises(InputError, match="share their choices"):
        ask.answers(load("synthetic:uniform"))
