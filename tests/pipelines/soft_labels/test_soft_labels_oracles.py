from __future__ import annotations

import math
from pathlib import Path

import pytest

from measurand.errors import CapabilityError, InputError
from measurand.models.protocol import Request, Sampling
from pipelines.soft_labels.oracles import RULES, Oracle, open_judge


def _shown_first(name: str, **tags: str | float) -> float | None:
    [score] = Oracle(f"oracle:{name}", name).score([Request("?", tags)], ("A", "B"))
    return None if score.logprobs is None else math.exp(score.logprobs[0] or 0)


def test_rules() -> None:
    assert _shown_first("first") == pytest.approx(0.98)
    assert _shown_first("longer", first="a b", second="a") == pytest.approx(0.98)
    assert _shown_first("longer", first="a", second="a b") == pytest.approx(0.02)
    assert _shown_first("longer", first="a", second="b") == pytest.approx(0.5)
    assert _shown_first("labels", p=0.3) == pytest.approx(0.3)
    assert _shown_first("labels") is None


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certain_labels_are_finite(p: float) -> None:
    assert _shown_first("labels", p=p) == pytest.approx(p, abs=1e-9)


def test_an_oracle_by_its_string(tmp_path: Path) -> None:
    for name in RULES:
        model = open_judge(f"oracle:{name}", tmp_path)
        assert model.spec == f"oracle:{name}"
        assert model.capabilities().reads_tags
        model.close()


@pytest.mark.parametrize("spec", ["oracle:nobody", "oracle:first?seed=1", "nobody:x"])
def test_unknown_judges_are_refused(spec: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        open_judge(spec, tmp_path)
    assert error.value.code == "bad_model"


def test_what_an_oracle_cannot_do() -> None:
    model = Oracle("oracle:first", "first")
    with pytest.raises(CapabilityError, match="two choices"):
        model.score([Request("?")], ("A", "B", "C"))
    with pytest.raises(CapabilityError, match="writes nothing"):
        model.generate([Request("?")], Sampling())
    assert model.fingerprint != Oracle("oracle:longer", "longer").fingerprint
