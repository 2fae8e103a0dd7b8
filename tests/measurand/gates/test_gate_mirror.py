"""What must not matter to a verdict, and what must turn it round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from gate_evidence import results_table, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from measurand.gates.cases import cases
from measurand.gates.gatefile import validate
from measurand.gates.reading.evidence import Evidence
from measurand.gates.reading.sources import Sources
from measurand.gates.run import judge_all
from measurand.gates.verdict import GateResult


def put(table: pa.Table, base: pa.Table, asked: dict[str, Any], **more: Any) -> GateResult:
    """One gate on tables, without files."""
    gate = {"id": "g", "metric": "accuracy", "min_n": 0, "min_clusters": 0, **asked}
    if gate["test"] != "threshold":
        gate["baseline"] = {"file": "base"}
    content = {"version": 1, "system": "toy", "models": ["m"], "gates": [gate], **more}
    spec = validate(content)
    sources = Sources(spec, Path("."), Path("i"), Path("s"))
    sources._kept["items"] = Evidence(table, "h", "i")
    sources._kept["base", None, "previous"] = (Evidence(base, "k", "base"), "base")
    found = [case for g in spec.gates for case in cases(g, spec, sources)]
    (result,) = judge_all(found, spec, [1])
    return result


def table(values: np.ndarray, size: int = 1) -> pa.Table:
    return results_table(rows(values.tolist(), cluster_size=size))


def drawn_tests() -> st.SearchStrategy[dict[str, Any]]:
    margins = st.sampled_from([0.01, 0.05, 0.2])
    plain = st.fixed_dictionaries(
        {"test": st.sampled_from(["superiority", "regression", "exact_equal"])}
    )
    with_margin = st.builds(
        lambda t, m: {"test": t, "margin": {"abs": m}},
        st.sampled_from(["non_inferiority", "equivalence"]),
        margins,
    )
    return st.one_of(plain, with_margin)


METHODS = ({}, {"interval": "newcombe"}, {"sequential": {}}, {"paired": False})
samples = st.tuples(
    st.integers(0, 2**32), st.integers(20, 120), st.sampled_from([1, 4]), st.floats(0.05, 0.95),
    st.floats(0, 0.5),
)  # fmt: skip


def scores(drawn: tuple[int, int, int, float, float]) -> tuple[np.ndarray, np.ndarray, int]:
    """Old and new 0/1 scores of which a share differs, and the size of a cluster."""
    seed, n, size, p, share = drawn
    rng = np.random.default_rng(seed)
    old = (rng.random(n) < p).astype(float)
    new = np.where(rng.random(n) < share, (rng.random(n) < p).astype(float), old)
    return old, new, size


def fits(asked: dict[str, Any], method: dict[str, Any], size: int) -> dict[str, Any]:
    """The gate with the method where it takes it."""
    if asked["test"] == "exact_equal" or ("interval" in method and size > 1):
        return asked
    return asked | method


@pytest.mark.integration
@settings(max_examples=60, derandomize=True, deadline=None)
@given(samples, drawn_tests(), st.sampled_from(METHODS), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(
    drawn: tuple[Any, ...], asked: dict[str, Any], method: dict[str, Any], shuffler: Any
) -> None:
    old, new, size = scores(drawn)
    asked = fits(asked, method, size)
    before = put(table(new, size), table(old, size), asked)
    order = list(range(len(new)))
    shuffler.shuffle(order)
    after = put(table(new, size).take(order), table(old, size).take(order[::-1]), asked)
    assert after == before


MIRRORED = {"better": "worse", "worse": "better", "equivalent": "equivalent",
            "different": "different", "equal": "equal", "unequal": "unequal",
            "undecided": "undecided"}  # fmt: skip


@pytest.mark.integration
@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    samples,
    st.sampled_from(METHODS),
    st.sampled_from(["superiority", "equivalence", "exact_equal"]),
)
def test_swapping_the_models_mirrors_the_verdict(
    drawn: tuple[Any, ...], method: dict[str, Any], test: str
) -> None:
    old, new, size = scores(drawn)
    asked = {"test": test} | ({"margin": {"abs": 0.05}} if test == "equivalence" else {})
    asked = fits(asked, method, size)
    a, b = (
        put(table(new, size), table(old, size), asked),
        put(table(old, size), table(new, size), asked),
    )
    assert b.reason_code == MIRRORED[a.reason_code]
    if test == "exact_equal":
        assert a.found.estimate == b.found.estimate
        return
    assert a.found.estimate == pytest.approx(-(b.found.estimate or 0), abs=1e-12)
    assert (a.found.lower, a.found.upper) == pytest.approx(
        (-(b.found.upper or 0), -(b.found.lower or 0)), abs=1e-9
    )


@pytest.mark.integration
@settings(max_examples=60, derandomize=True, deadline=None)
@given(samples, drawn_tests(), st.sampled_from(METHODS[:3]))
def test_scores_turned_round_with_the_direction_change_nothing(
    drawn: tuple[Any, ...], asked: dict[str, Any], method: dict[str, Any]
) -> None:
    """Share of right answers where higher is better, of wrong ones where lower is."""
    old, new, size = scores(drawn)
    asked = fits(asked, method, size)
    right = put(table(new, size), table(old, size), asked)
    wrong = put(table(1 - new, size), table(1 - old, size), asked | {"direction": "lower"})
    assert (wrong.state, wrong.reason_code) == (right.state, right.reason_code)
    if right.found.p is not None:
        assert wrong.found.p == pytest.approx(right.found.p, rel=1e-6, abs=1e-12)


@pytest.mark.integration
@settings(max_examples=60, derandomize=True, deadline=None)
@given(samples)
def test_the_tests_agree_with_each_other(drawn: tuple[Any, ...]) -> None:
    """Superiority implies non-inferiority; equivalence is non-inferiority both ways."""
    old, new, size = scores(drawn)
    margin = {"margin": {"abs": 0.05}}
    forth, back = (table(new, size), table(old, size)), (table(old, size), table(new, size))
    states = {t: put(*forth, {"test": t}).state for t in ("superiority", "regression")}
    ni = put(*forth, {"test": "non_inferiority", **margin}).state
    mirrored = put(*back, {"test": "non_inferiority", **margin}).state
    equivalence = put(*forth, {"test": "equivalence", **margin}).state
    if states["superiority"] == "pass":
        assert ni == "pass"
    if ni == "fail":
        assert states["regression"] == states["superiority"] == "fail"
    assert (states["regression"] == "fail") == (states["superiority"] == "fail")
    assert (equivalence == "pass") == (ni == mirrored == "pass")


def test_the_order_of_models_and_gates_changes_no_result() -> None:
    rng = np.random.default_rng(2)
    both = pa.concat_tables(
        [
            results_table(rows((rng.random(300) < p).astype(float).tolist(), model=m))
            for m, p in (("a", 0.9), ("b", 0.8))
        ]
    )
    gates = [{"id": i, "metric": "accuracy", "test": "threshold", "limit": x}
             for i, x in (("g", 0.85), ("h", 0.75))]  # fmt: skip
    found = []
    for models, listed in ((["a", "b"], gates), (["b", "a"], gates[::-1])):
        spec = validate({"version": 1, "system": "toy", "models": models, "gates": listed})
        sources = Sources(spec, Path("."), Path("i"), Path("s"))
        sources._kept["items"] = Evidence(both, "h", "i")
        put_ = [case for g in spec.gates for case in cases(g, spec, sources)]
        found.append({r.name: r for r in judge_all(put_, spec, [1] * len(put_))})
    assert found[0] == found[1]
    assert len(found[0]) == 4
