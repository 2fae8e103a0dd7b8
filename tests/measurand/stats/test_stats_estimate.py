from __future__ import annotations

import dataclasses

from measurand.results import STATISTICS
from measurand.stats.estimate import Estimate, undefined


def test_undefined_has_a_reason_and_no_figures() -> None:
    found = undefined("no rows", method="mean", n=0)
    assert found.reason == "no rows"
    assert [found.value, found.se, found.ci_lo, found.ci_hi, found.lower, found.upper] == [None] * 6


def test_every_field_has_a_column_in_the_statistics_table() -> None:
    columns = {c.name for c in STATISTICS.columns}
    names = {f.name for f in dataclasses.fields(Estimate)} - {"value"} | {"estimate"}
    assert names <= columns


def test_an_interval_is_of_95_percent_unless_it_says_else() -> None:
    assert Estimate(1.0).confidence == 0.95
