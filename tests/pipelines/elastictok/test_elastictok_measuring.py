from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from elastictok_small import params_of

from measurand.errors import InputError
from pipelines.elastictok import masks, measuring, quality
from pipelines.elastictok.measuring import Subject
from pipelines.elastictok.sequences import Sequences, read, spread
from schemas.elastictok.params import UNTRAINED, Params

LIMITS = {"strict": 0.2, "loose": 0.4}


@pytest.fixture(scope="module")
def subject(trained: Path, small: Params) -> Subject:
    return Subject(small, "elastic", trained / "checkpoint")


@pytest.fixture(scope="module")
def data(built: Path) -> Sequences:
    found = read(built / "dataset/blocks", "test_clip")
    return found.take(spread(found.rows, 6))


def test_a_model_is_known_by_name(small: Params, trained: Path) -> None:
    assert measuring.spec_of(small, "fixed4").tokens == 4
    assert measuring.spec_of(small, UNTRAINED) == small.elastic
    with pytest.raises(InputError, match="no model nobody"):
        measuring.spec_of(small, "nobody")
    assert Subject(small, "fixed4", trained / "checkpoint").budgets() == [2, 4, 8, 12, 16]


def test_budget_rows_hold_the_errors_of_their_reconstruction(
    subject: Subject, data: Sequences
) -> None:
    rows = list(measuring.budget_rows(subject, data))
    assert len(rows) == 6 * 2 * 5
    y = subject.coder.budget(data.frames, data.segments, 8)
    errors = quality.block_errors(quality.scaled(data.frames), y, 2)
    for row in (r for r in rows if r["n_tokens"] == 8):
        s = [d["sample_id"] for d in data.rows].index(row["sample_id"])
        assert row["mse"] == pytest.approx(errors[s, row["block"]])
        assert row["bits"] == pytest.approx(8 * np.log2(200))
        assert row["motion"] == data.rows[s]["motion"][row["block"]]


def test_everything_of_a_model(subject: Subject, data: Sequences) -> None:
    tables = measuring.measure(subject, data, LIMITS)
    plain = [r for r in tables["coded"] if r["variant"] == "plain"]
    assert {(r["search"], r["threshold"]) for r in plain} == {
        (s, t) for s in ("full", "binned", "binary", "regression") for t in LIMITS
    }
    assert all(r["feasible"] == (r["mse"] <= r["limit"]) for r in tables["coded"])
    for row in plain:
        if row["search"] == "binary":
            assert len(row["codes"]) == row["n_tokens"]
            assert all(0 <= code < 200 for code in row["codes"])
        else:
            assert row["codes"] is None
    full = {(r["sample_id"], r["block"], r["threshold"]): r for r in plain if r["search"] == "full"}
    for row in (r for r in plain if r["search"] == "binary" and r["block"] == 0):
        # Without a past both see one curve: what binary finds, full finds too.
        other = full[row["sample_id"], 0, row["threshold"]]
        assert other["n_tokens"] <= row["n_tokens"] or not row["feasible"]
    curves = {(r["sample_id"], r["block"]): r for r in tables["errors"]}
    assert len(curves) == 12
    for key, row in curves.items():
        assert row["n_tokens"] == list(range(2, 17))
        if key[1] == 0 and (other := full[(*key, "loose")])["feasible"]:
            at = next(i for i, e in enumerate(row["mse"]) if e <= LIMITS["loose"])
            assert other["n_tokens"] == row["n_tokens"][at]


def test_thresholds_are_quantiles_of_the_validation_blocks(subject: Subject, built: Path) -> None:
    check = read(built / "dataset/blocks", "validation")
    found = measuring.limits(subject, check)
    y = subject.coder.budget(check.frames, check.segments, 4)
    errors = quality.block_errors(quality.scaled(check.frames), y, 2)
    assert found["middle"] == pytest.approx(np.quantile(errors, 0.3))
    assert found["loose"] == pytest.approx(np.quantile(errors, 0.7))
    assert masks.share(0.25, 16) == 4


def test_blocks_alone_are_those_that_had_a_past(data: Sequences) -> None:
    alone = measuring.alone(data)
    assert alone is not None
    moving = [s for s in range(6) if data.segments[s, 1] == 0]
    assert len(alone) == len(moving) < 6
    assert np.array_equal(alone.frames[0], data.frames[moving[0], 2:])
    assert {row["first_block"] for row in alone.rows} == {1}


def test_frozen_blocks_repeat_their_first_frame(subject: Subject, data: Sequences) -> None:
    frozen = measuring.frozen(subject, data)
    assert frozen is not None
    assert all(max(row["motion"]) > 0 for row in frozen.rows)
    ids = [row["sample_id"] for row in data.rows]
    for row, frames in zip(frozen.rows, frozen.frames, strict=True):
        own = data.frames[ids.index(row["sample_id"])]
        assert np.array_equal(frames, own[[0, 0, 2, 2]])


def test_white_noise_cannot_be_coded(subject: Subject, data: Sequences) -> None:
    # Its variance is 1/3: no threshold below can be met.
    rows = measuring.noise(subject, data, {"strict": 0.2})["coded"]
    assert len(rows) == 4
    assert all(r["n_tokens"] == 16 and not r["feasible"] for r in rows)


def test_searches_are_timed_one_by_one(subject: Subject, data: Sequences) -> None:
    rows = measuring.times(subject, data, LIMITS)["search_costs"]
    assert len(rows) == 4 * len(LIMITS)
    spent = {r["search"]: r for r in rows if r["threshold"] == "loose"}
    assert spent["full"]["evaluations"] == 12 * 15
    assert spent["regression"]["evaluations"] == 12
    assert min(row["seconds"] for row in rows) > 0


def test_a_strip_shows_source_and_code(subject: Subject, data: Sequences) -> None:
    rows = measuring.strip(subject, data.take([0, 1]), ("loose", 0.4))["strips"]
    assert [r["position"] for r in rows] == [0, 1, 2, 3]
    assert all(len(r["source_frame"]) == len(r["coded_frame"]) == 16 * 16 * 3 for r in rows)
    first = np.frombuffer(rows[1]["source_frame"], np.uint8).reshape(16, 16, 3)
    assert np.array_equal(first, data.frames[0, 3])


def test_codecs_are_measured_by_block(data: Sequences) -> None:
    rows = measuring.codec("jpeg", data.take([0]), 2)["rates"]
    assert {r["block"] for r in rows} == {0, 1}
    assert all(r["bits"] > 0 for r in rows)


def test_a_cap_and_a_default_are_kept(trained: Path, data: Sequences) -> None:
    params = params_of(evaluate={"max_share": 0.5, "default_share": 0.25})
    subject = Subject(params, "elastic", trained / "checkpoint")
    assert (subject.span.minimum, subject.span.maximum, subject.span.default) == (2, 8, 4)
    rows = list(measuring.coded_rows(subject, data, "binary", ("none", 1e-9)))
    assert {(r["n_tokens"], r["feasible"]) for r in rows} == {(4, False)}


def test_a_fixed_threshold_is_that_of_every_training(small: Params, trained: Path) -> None:
    raw = small.model_dump(mode="json")
    raw["evaluate"]["thresholds"] = [{"name": "fixed", "error": 0.05}]
    subject = Subject(Params.model_validate(raw), "elastic", trained / "checkpoint")
    data = read(trained / "dataset/blocks", "validation")
    assert measuring.limits(subject, data) == {"fixed": 0.05}
    for wrong in ({}, {"error": 0.1, "tokens": 0.5, "quantile": 0.5}, {"tokens": 0.5}):
        raw["evaluate"]["thresholds"] = [{"name": "x", **wrong}]
        with pytest.raises(ValueError, match="give error, or tokens and quantile"):
            Params.model_validate(raw)
