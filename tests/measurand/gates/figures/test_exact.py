from __future__ import annotations

import numpy as np
import pytest
from gate_evidence import Project, bits, gate, statistic

from measurand.gates.figures.bounds import EQUAL, Bounds, Items
from measurand.gates.figures.exact import of_figure, of_items, unequal

ITEMS = Items(np.array([0.0, 1.0, -1.0, 0.0]), np.array([0, 0, 1, 1]), paired=True)


def asked(**more: object) -> dict[str, object]:
    base = gate(test="exact_equal", min_n=0, min_clusters=0, **more)
    del base["limit"]
    return base


def test_losses_and_gains_do_not_cancel() -> None:
    found = of_items(ITEMS)
    assert (found.estimate, found.lower, found.upper) == (1.0, 1.0, 1.0)
    assert (found.n, found.clusters, unequal(ITEMS)) == (4, 2, 2)


def test_a_number_is_met_to_rounding() -> None:
    scores = Items(np.array([0.1, 0.2, 0.3]), np.arange(3))
    assert of_items(scores, 0.2).estimate == 0
    assert of_items(scores, 0.2001).estimate == pytest.approx(1e-4)
    assert of_figure(Bounds(0.1 + 0.2, None, None, n=9), 0.3).estimate == 0
    assert of_figure(Bounds(None, None, None), 0.3).estimate is None


def test_from_files(project: Project) -> None:
    project.items(bits(300, 0.9))
    same = project.one(asked(baseline=project.baseline(bits(300, 0.9))))
    assert (same.state, same.reason_code, same.found.estimate) == ("pass", "equal", 0.0)
    changed = bits(300, 0.9)
    changed[7], changed[8] = 1 - changed[7], 1 - changed[8]
    other = project.one(asked(baseline=project.baseline(changed)))
    assert (other.state, other.reason_code) == ("fail", "unequal")
    assert dict(other.counts)["unequal"] == 2
    assert project.one(asked(baseline={"value": 0.9})).state == "pass"
    assert project.one(asked(baseline={"value": 0.91})).state == "fail"


def test_a_statistic_that_must_not_move(project: Project) -> None:
    project.statistics(statistic("alpha", estimate=0.3), statistic("beta", estimate=None,
                       lower=None, upper=None, reason="constant"))  # fmt: skip
    more = {"from": "statistics", "baseline": {"value": 0.3}}
    assert project.one(asked(metric="alpha", **more)).state == "pass"
    more["baseline"] = {"value": 0.31}
    assert project.one(asked(metric="alpha", **more)).state == "fail"
    assert project.one(asked(metric="beta", **more)).reason_code == "undefined"


def test_rounding_of_a_large_number_is_as_large() -> None:
    assert of_figure(Bounds(1e9 * (1 + 4e-16), None, None, n=9), 1e9).estimate == 0
    assert of_figure(Bounds(1e9 + 1.0, None, None, n=9), 1e9).estimate == 1.0


def test_rounding_is_one_part_in_so_many_and_no_more() -> None:
    for value in (0.25, 4.0):
        slack = EQUAL * max(1.0, value)
        assert of_figure(Bounds(value + 0.9 * slack, None, None), value).estimate == 0
        assert of_figure(Bounds(value + 1.5 * slack, None, None), value).estimate > 0
