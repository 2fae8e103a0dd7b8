from __future__ import annotations

import math
import re

import pytest

from evaluators.personality.administration import _expected, slug


def test_a_slug_is_a_file_name_and_tells_models_apart() -> None:
    names = ["smollm2", "smollm2?template=none", "hf:/a/b", "hf:/a?b", "openai:http://h:1/v1#m"]
    slugs = [slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9.-]+", s) for s in slugs)


def test_expected_is_the_mean_under_the_renormalised_probabilities() -> None:
    logs = tuple(math.log(p) for p in (0.1, 0.2, 0.1))
    assert _expected(logs) == pytest.approx(2.0)


def test_expected_counts_a_choice_that_was_not_returned_as_nothing() -> None:
    assert _expected((None, math.log(0.2), math.log(0.2))) == pytest.approx(2.5)


@pytest.mark.parametrize("logs", [None, (), (None, None)])
def test_expected_is_null_without_probabilities(logs: tuple[float | None, ...] | None) -> None:
    assert _expected(logs) is None
