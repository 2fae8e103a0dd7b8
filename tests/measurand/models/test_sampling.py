from __future__ import annotations

import numpy as np
import pytest

from measurand.models.protocol import Request, Sampling, Score, prompt_seed
from measurand.models.sampling import constrained, draw

P = np.array([0.5, 0.3, 0.15, 0.05])
GRID = (np.arange(20_000) + 0.5) / 20_000


def shares(temperature: float, top_p: float) -> np.ndarray:
    drawn = [draw(np.log(P), temperature, top_p, u) for u in GRID]
    return np.bincount(drawn, minlength=4) / len(GRID)


def test_draw_follows_the_distribution() -> None:
    assert shares(1.0, 1.0) == pytest.approx(P, abs=1e-4)
    assert shares(0.5, 1.0) == pytest.approx(P**2 / (P**2).sum(), abs=1e-4)
    assert shares(2.0, 1.0) == pytest.approx(P**0.5 / (P**0.5).sum(), abs=1e-4)


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    assert shares(1.0, 0.6) == pytest.approx([0.625, 0.375, 0, 0], abs=1e-4)
    assert shares(1.0, 0.01) == pytest.approx([1, 0, 0, 0])


def test_draw_at_temperature_0_takes_the_lowest_of_the_best() -> None:
    assert draw([-2.0, -1.0, -1.0], 0.0, 1.0, 0.99) == 1


def test_draw_never_takes_an_impossible_entry() -> None:
    values = [-np.inf, 0.0, -np.inf]
    assert {draw(values, 1.0, 1.0, u) for u in (0.0, 0.5, 1 - 2**-53)} == {1}


def scored(*logprobs: float | None) -> Score:
    return Score.of(logprobs, prompt_tokens=9)


def test_constrained_draws_depend_on_prompt_seed_and_repeat_alone() -> None:
    requests = [Request(f"p{n}") for n in range(50)]
    scores = [scored(*np.log(P).tolist())] * 50
    how = Sampling(temperature=1.0, choices=("a", "b", "c", "d"))
    texts = [c.text for c in constrained(requests, scores, how, 0)]
    assert len(set(texts)) > 1
    backwards = [c.text for c in constrained(requests[::-1], scores, how, 0)]
    assert backwards[::-1] == texts
    assert [c.text for c in constrained(requests, scores, how, 1)] != texts
    other = Sampling(temperature=1.0, choices=("a", "b", "c", "d"), seed=1)
    assert [c.text for c in constrained(requests, scores, other, 0)] != texts


def test_constrained_follows_the_choices_probabilities() -> None:
    requests = [Request(f"p{n}") for n in range(4000)]
    how = Sampling(temperature=1.0, choices=("a", "b", "c"))
    drawn = constrained(requests, [scored(np.log(0.06), None, np.log(0.02))] * 4000, how, 0)
    texts = [c.text for c in drawn]
    # 4000 draws at 3/4: standard error .0068.
    assert texts.count("a") / 4000 == pytest.approx(0.75, abs=0.03)
    assert "b" not in texts
    assert drawn[0].prompt_tokens == 9


def test_constrained_hands_failures_on() -> None:
    score = Score.failed("skipped", "too long", prompt_tokens=5)
    [out] = constrained([Request("p")], [score], Sampling(choices=("a",)), 0)
    assert (out.text, out.status, out.reason) == (None, "skipped", "too long")


def test_constrained_needs_choices() -> None:
    with pytest.raises(ValueError, match="choices"):
        constrained([], [], Sampling(), 0)


def test_prompt_seed_separates_its_parts() -> None:
    seeds = {prompt_seed("p", 1, 23), prompt_seed("p", 12, 3), prompt_seed("q", 1, 23)}
    assert len(seeds) == 3
    assert all(0 <= seed < 2**63 for seed in seeds)
