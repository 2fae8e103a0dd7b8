from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from measurand.errors import CapabilityError
from measurand.models import load
from measurand.models.protocol import Request, Sampling, check
from measurand.models.synthetic import RESPONDENTS, Synthetic

DIGITS = ("1", "2", "3", "4", "5")
KEYED = [1, -1] * 30


def tags(**more: str | int | float) -> dict[str, str | int | float]:
    return {"participant": "p1", "item": "i1", "scale": "EXT", "keyed": 1, **more}


def alpha(x: np.ndarray) -> float:
    """Cronbach (1951), raw."""
    c = np.cov(x, rowvar=False)
    k = len(c)
    return float(k / (k - 1) * (1 - np.trace(c) / c.sum()))


def keyed(x: np.ndarray) -> np.ndarray:
    return np.where(np.array(KEYED) > 0, x, 6 - x)


@pytest.fixture(scope="module")
def matrices() -> dict[str, np.ndarray]:
    """(400, 60) answers of every respondent to a balanced scale."""
    return {name: Synthetic("s", name).matrix(400, KEYED) for name in RESPONDENTS}


def test_factor_answers_have_the_reliability_of_their_loading(
    matrices: dict[str, np.ndarray],
) -> None:
    # 60 items that correlate .49: alpha = 60 * .49 / (1 + 59 * .49) = .983; cut into 5 a bit less.
    assert alpha(keyed(matrices["factor"])) == pytest.approx(0.98, abs=0.006)
    assert alpha(matrices["factor"]) < -0.6


def test_loadings_can_be_set() -> None:
    model = load("synthetic:factor?loading=.5")
    assert isinstance(model, Synthetic)
    x = model.matrix(2000, [1] * 10, k_choices=101)
    # Fine steps hardly cut: ten items at .5 have alpha .769.
    assert alpha(x) == pytest.approx(10 * 0.25 / (1 + 9 * 0.25), abs=0.02)
    assert np.corrcoef(x, rowvar=False)[0, 1] == pytest.approx(0.25, abs=0.06)


def test_the_latent_value_is_standard_normal() -> None:
    who = Synthetic("s", "factor", loading=0.8)
    z = [who.latent(tags(participant=p), trait="EXT", key=1) for p in range(4000)]
    assert np.mean(z) == pytest.approx(0, abs=0.05)
    assert np.std(z) == pytest.approx(1, abs=0.04)


def test_controls_are_as_the_specification_says(matrices: dict[str, np.ndarray]) -> None:
    """Specification, check 6, with 400 participants."""
    assert abs(alpha(keyed(matrices["uniform"]))) < 0.25
    counts = np.bincount(matrices["uniform"].astype(int).ravel(), minlength=6)[1:]
    assert counts / counts.sum() == pytest.approx([0.2] * 5, abs=0.01)
    assert np.unique(matrices["constant"]).tolist() == [3]
    assert alpha(keyed(matrices["acquiescent"])) < -0.6
    assert alpha(matrices["acquiescent"]) > 0.97
    assert alpha(keyed(matrices["unkeyed"])) < -0.6
    assert alpha(matrices["unkeyed"]) > 0.97


def test_acquiescence_is_the_participants_and_the_trait_the_scales() -> None:
    def corr(name: str) -> float:
        who = Synthetic("s", name)
        means = [
            [
                np.mean(
                    [who.answer(tags(participant=p, item=f"{s}{i}", scale=s), 5) for i in range(20)]
                )
                for s in ("EXT", "AGR")
            ]
            for p in range(200)
        ]
        return float(np.corrcoef(np.array(means), rowvar=False)[0, 1])

    assert corr("acquiescent") > 0.9
    assert abs(corr("unkeyed")) < 0.2


def test_two_instruments_of_one_domain_share_the_trait() -> None:
    who = Synthetic("s", "factor", loading=1.0)
    for p in range(20):
        a = who.answer(tags(participant=p, scale="IPIP-EXT", domain="EXT", item="a"), 5)
        b = who.answer(tags(participant=p, scale="BFI-EXT", domain="EXT", item="b"), 5)
        c = who.answer(tags(participant=p, scale="BFI-EXT", domain="EXT", item="b", keyed=-1), 5)
        assert a == b == 6 - c


def test_shaped_scores_follow_their_level() -> None:
    """Specification, check 7: rho .976 +- .006 per trait, off-trait below .16."""
    who = Synthetic("s", "shaped")
    levels = np.repeat(np.arange(1, 10), 50)
    answers = np.array(
        [
            [
                [
                    who.answer(
                        tags(
                            participant=f"ext{level}-{row}", item=f"{domain}{item}", domain=domain,
                            keyed=key, level_EXT=int(level),
                        ),
                        5,
                    )
                    for item, key in enumerate(KEYED)
                ]
                for domain in ("EXT", "AGR")
            ]
            for row, level in enumerate(levels)
        ]
    )  # fmt: skip
    scores = np.array([[keyed(x).mean() for x in row] for row in answers])
    assert spearmanr(levels, scores[:, 0]).statistic == pytest.approx(0.976, abs=0.006)
    assert abs(spearmanr(levels, scores[:, 1]).statistic) < 0.16
    means = [scores[levels == level, 0].mean() for level in range(2, 9)]
    assert means == pytest.approx(1 + 0.5 * (np.arange(2, 9) - 1), abs=0.15)
    shuffled = np.random.default_rng(0).permutation(levels)
    assert abs(spearmanr(shuffled, scores[:, 0]).statistic) < 0.16


@pytest.mark.parametrize("name", RESPONDENTS)
@pytest.mark.parametrize("k", [2, 5, 6])
def test_scores_are_sharp_and_proper(name: str, k: int) -> None:
    model = load(f"synthetic:{name}")
    assert isinstance(model, Synthetic)
    choices = tuple(str(n + 1) for n in range(k))
    requests = [Request("p", tags(participant=n, keyed=(-1) ** n)) for n in range(40)]
    for request, score in zip(requests, model.score(requests, choices), strict=True):
        assert score.choice == model.answer(request.tags, k) - 1
        assert score.mass == pytest.approx(1, abs=1e-6)
        assert max(x for x in score.logprobs or () if x is not None) > np.log(0.98)
        assert all(np.float32(x) == x for x in score.logprobs or ())


def test_answers_depend_on_tags_and_seed_alone() -> None:
    a, b = load("synthetic:factor"), load("synthetic:factor?seed=1")
    requests = [Request(f"prompt {n}", tags(participant=n)) for n in range(50)]
    other = [Request("another", request.tags) for request in requests]
    assert a.score(requests, DIGITS) == a.score(other, DIGITS)[:]
    assert a.score(requests, DIGITS) != b.score(requests, DIGITS)
    assert a.fingerprint != b.fingerprint
    assert a.fingerprint != load("synthetic:unkeyed").fingerprint


def test_own_choices_take_the_place_of_the_calls() -> None:
    model = load("synthetic:factor")
    own = [Request("p", tags(participant=n), choices=("a", "b")) for n in range(20)]
    assert model.score(own, DIGITS) == model.score([Request("p", r.tags) for r in own], ("a", "b"))
    drawn = model.generate(own, Sampling(temperature=1.0, choices=DIGITS))
    assert {c.text for c in drawn} == {"a", "b"}


def test_constrained_answers_and_missing_tags() -> None:
    model = load("synthetic:factor")
    requests = [Request("p", tags(participant=n)) for n in range(200)]
    drawn = model.generate(requests, Sampling(temperature=1.0, choices=DIGITS))
    scores = model.score(requests, DIGITS)
    same = [c.text == DIGITS[s.choice or 0] for c, s in zip(drawn, scores, strict=True)]
    assert np.mean(same) > 0.95
    [bare] = model.score([Request("p")], DIGITS)
    assert (bare.status, bare.reason) == (
        "skipped",
        "a synthetic respondent needs the tag 'participant'",
    )
    check(model, logprobs=True, constrained=True)
    with pytest.raises(CapabilityError):
        model.generate(requests, Sampling())
