"""Gates on the instrument fail where it is broken, each by the fault that breaks it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gate_controls import Row, controls, outcome, spoil

from evaluators.agi_levels.report import statistics
from measurand.results import RESULTS
from pipelines.agi_levels import known, quiz
from schemas.agi_levels.params import Params
from schemas.agi_levels.tables import ANSWERS, RATINGS, TEXTS

SWAP = {known.CHANCE: known.CONSENSUS, known.CONSENSUS: known.CHANCE}
CORPORA = {"corpus": ["film", "tweets"]}


def reversed_scale(row: Row) -> Row:
    rating = row["rating"]
    return {**row, "rating": -rating} if row["model"] in (known.RATER, known.CONSENSUS) else row


def chance_reads(row: Row) -> Row:
    """The digits of chance are those of who read the text: prompts were mixed up."""
    return {**row, "model": SWAP.get(row["model"], row["model"])}


def silent(row: Row) -> Row:
    lost = {
        "rating": None,
        "expected": None,
        "mass": 0.1,
        "status": "model_error",
        "reason": "none",
    }
    return {**row, **lost} if row["model"] == "synthetic:uniform" else row


def scattered(row: Row) -> Row:
    n = len(row["ratings"])
    return {**row, "ratings": [float((i * 5 + len(row["text"])) % 9 - 4) for i in range(n)]}


def other_each_time(row: Row) -> Row:
    return row | ({"value": 0.0} if row["metric"] == "retest_agreement" else {})


def key_is_shifted(row: Row) -> Row:
    """Letters are counted from another option: who knows is wrong, who guesses as it happens."""
    known_all = row["model"] == quiz.KEY
    return row | {"value": 0.0 if known_all else row["value"]}


def guesses_are_right(row: Row) -> Row:
    """The right option always stands where chance points."""
    return row | ({"value": 1.0} if row["model"] == known.CHANCE else {})


def no_letter(row: Row) -> Row:
    return row | ({"mass": 0.1} if row["model"] == "synthetic:uniform" else {})


SPECS = {"ratings": RATINGS, "answers": ANSWERS, "items": RESULTS}
FAULTS: dict[str, tuple[str, Callable[[Row], Row], str]] = {
    "a-rater-stands-in-the-middle": (known.RATER, reversed_scale, "ratings"),
    "the-mean-of-raters-is-ahead": (known.CONSENSUS, reversed_scale, "ratings"),
    "chance-is-behind": (known.CHANCE, chance_reads, "ratings"),
    "people-agree": ("people", scattered, "texts"),
    "answers-the-question": ("synthetic:uniform", silent, "ratings"),
    "few-missing": ("synthetic:uniform", silent, "ratings"),
    "same-answer-when-asked-alone": ("synthetic:uniform", other_each_time, "items"),
    "answers-the-quiz": ("synthetic:uniform", no_letter, "answers"),
    "who-knows-all-is-ahead": (quiz.KEY, key_is_shifted, "answers"),
    "guessing-is-behind": (known.CHANCE, guesses_are_right, "answers"),
}


def made(data: Path, results: Path, params: Params, to: Path, fault: Any, where: str) -> Any:
    shutil.copytree(data, to / "data")
    shutil.copytree(results, to / "results")
    if where in SPECS:
        spoil(to / "results" / where, SPECS[where], fault)
    else:
        spoil(to / "data" / "dataset" / "texts", TEXTS, fault)
    return statistics(to / "data", to / "results", params)


def test_every_control_has_its_fault() -> None:
    assert set(FAULTS) == controls("agi_levels")


@pytest.mark.integration
@pytest.mark.parametrize("gate", FAULTS)
def test_gates_fail_where_the_instrument_is_broken(
    gate: str, data: Path, results: Path, small: Params, tmp_path: Path
) -> None:
    model, fault, where = FAULTS[gate]
    whole = statistics(data, results, small)
    parts = CORPORA if where in ("ratings", "texts") else {}
    states = outcome("agi_levels", gate, whole, model, **parts)
    assert states <= {"pass", "inconclusive"}
    # Forty texts are too few for these to be sure.
    few = ("a-rater-stands-in-the-middle", "few-missing", "same-answer-when-asked-alone")
    assert "pass" in states or gate in few
    broken = made(data, results, small, tmp_path, fault, where)
    assert "pass" not in outcome("agi_levels", gate, broken, model, **parts)


def test_who_does_not_read_is_not_as_close_as_a_rater(
    data: Path, results: Path, small: Params
) -> None:
    found = statistics(data, results, small)
    gate = "as-close-as-a-rater"
    assert outcome("agi_levels", gate, found, "synthetic:uniform", **CORPORA) == {"fail"}
    assert outcome("agi_levels", gate, found, known.CONSENSUS, **CORPORA) <= {
        "pass",
        "inconclusive",
    }
