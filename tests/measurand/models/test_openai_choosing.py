from __future__ import annotations

import math
import random
from collections import Counter, deque

from hypothesis import given
from hypothesis import strategies as st

from measurand.models.openai_choosing import AGAIN, UNEVEN, Chooser
from measurand.models.openai_prefixes import BLOCK, alone, together

NAMES = ["a:8000/v1", "b:8000/v1", "c:8000/v1"]
STRANGERS = [alone(f"{i} is a prompt that begins like no other one") for i in range(600)]


def homes(names: list[str], kept: list[str]) -> list[str]:
    chooser, found = Chooser(names), []
    for one in STRANGERS:
        found.append(chooser.choose(one, kept))
        chooser.done(found[-1])
    return found


def test_all_processes_agree_and_the_order_of_names_says_nothing() -> None:
    assert homes(NAMES, NAMES) == homes(NAMES[::-1], NAMES[::-1])
    shares = Counter(homes(NAMES, NAMES))
    # Binomial: 200 of 600 with a standard deviation of 11.5.
    assert all(150 < n < 250 for n in shares.values())


def test_prompts_of_a_lost_server_alone_move() -> None:
    before, after = homes(NAMES, NAMES), homes(NAMES, NAMES[:2])
    assert all(a == b for a, b in zip(before, after, strict=True) if a != NAMES[2])


def test_a_server_with_far_more_requests_passes_on() -> None:
    chooser, busy = Chooser(NAMES), Counter[str]()
    key = STRANGERS[0]
    for n in range(1, 31):
        busy[chooser.choose(key, NAMES)] += 1
        assert max(busy.values()) <= math.ceil(UNEVEN * n / len(NAMES))
    assert len(busy) == 3


def test_a_long_beginning_stays_where_it_was_computed() -> None:
    chooser = Chooser(NAMES)
    story = "A long story that all are told. " * 100
    at = {chooser.choose(one, NAMES) for one in together([f"{story}{i}" for i in range(20)])}
    assert len(at) == 1
    assert chooser.again == 0.0


def test_what_a_server_was_sent_long_ago_is_not_taken_to_be_kept() -> None:
    story = "A long story that all are told. " * 20
    for kept in (5, 1000):
        chooser = Chooser(NAMES[:1], kept=kept)
        for prompt in (story, "Another one, of another kind. " * 20, story):
            chooser.choose(alone(prompt), NAMES[:1])
        assert len(chooser._sent[NAMES[0]]) == min(kept, len(story) // BLOCK * 2 - 1)


@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(1, 12))
def test_what_is_computed_again_is_bounded(seed: int, n: int, most_busy: int) -> None:
    """Counted here anew: blocks that a server was not sent, against those that nobody was."""
    rng = random.Random(seed)
    names = [f"s{i}" for i in range(n)]
    chooser, busy = Chooser(names), deque[str]()
    sent: dict[str, set[str]] = {name: set() for name in names}
    one_server: set[str] = set()
    computed = needed = 0.0
    for _ in range(12):
        story = "".join(rng.choices("ab", k=rng.choice([0, 1, 4, 20]) * BLOCK))
        batch = [story + "".join(rng.choices("xyz", k=rng.randrange(1, 150))) for _ in range(8)]
        for prompt, beginning in zip(batch, together(batch), strict=True):
            name = chooser.choose(beginning, names)
            busy.append(name)
            if len(busy) > most_busy:
                chooser.done(busy.popleft())
            begins = [prompt[: at + BLOCK] for at in range(0, len(prompt) - BLOCK + 1, BLOCK)]
            computed += len(prompt) / BLOCK - sum(b in sent[name] for b in begins)
            needed += len(prompt) / BLOCK - sum(b in one_server for b in begins)
            sent[name].update(begins)
            one_server.update(begins)
    assert needed <= computed <= needed / (1 - AGAIN) + 1e-9
