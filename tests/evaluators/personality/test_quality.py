from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluators.personality.context import subjects
from evaluators.personality.quality import quality_rows
from schemas.personality.params import Params


@pytest.fixture(scope="module")
def rows(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> Callable[[str], dict[tuple[str, str], dict[str, Any]]]:
    def of(model: str) -> dict[tuple[str, str], dict[str, Any]]:
        results = administer(model)
        [subject] = subjects(data, results, small)
        return {(r["metric"], r["slice"]): r for r in quality_rows(subject, results)}

    return of


def test_nothing_missing_is_a_bound_not_a_certainty(rows: Callable[..., Any]) -> None:
    found = rows("synthetic:factor")["missing_share", "experiment=validity"]
    assert found["estimate"] == 0
    # Rule of three: the one-sided 95% bound of 0 in n is close to 3/n.
    assert found["upper"] == pytest.approx(3 / found["n"], rel=0.01)


def test_a_constant_respondent_puts_no_pair_in_opposition(rows: Callable[..., Any]) -> None:
    found = rows("synthetic:constant?value=5")
    parts = "experiment=validity,form=first"
    assert found["keyed_pair_both_agreed", parts]["estimate"] == 1
    assert found["keyed_pair_agreement", parts]["estimate"] == 0


def test_options_in_reverse_leave_a_respondent_that_reads_no_prompt_alone(
    rows: Callable[..., Any],
) -> None:
    found = rows("synthetic:factor")
    assert found["option_order_agreement", "experiment=reversed_options"]["estimate"] == 1
    assert found["option_order_shift", "experiment=reversed_options"]["estimate"] == 0


def test_asking_again_alone_is_part_of_every_run(rows: Callable[..., Any]) -> None:
    found = rows("synthetic:factor")
    assert found["retest_agreement", ""]["n"] == 32
    assert found["retest_logprob_difference_max", ""]["estimate"] == 0
