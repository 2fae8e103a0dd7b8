from __future__ import annotations

import pytest

from measurand.cells import by_labels, in_words


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["True", "False"], [1.0, 0.0]),
        (["pass", "FAIL"], [1.0, 0.0]),
        (["no"], [0.0]),
        (["Checked", "Unchecked"], [1.0, 0.0]),
        (["t", "f"], [1.0, 0.0]),
        (["WAHR", "falsch"], [1.0, 0.0]),
        (["vrai", "FAUX"], [1.0, 0.0]),
        (["S\u00ed", "no"], [1.0, 0.0]),
        (["nee", "ja"], [0.0, 1.0]),
        (["\u2713", "\u2717"], [1.0, 0.0]),
        (["Not selected", "Selected"], [0.0, 1.0]),
        (["[PASS] 4", "[FAIL] 5"], [1.0, 0.0]),
        (["85%", "7.5 %"], [0.85, 0.075]),
        (["5 - very much", "2", "1 - not at all"], [5.0, 2.0, 1.0]),
        (["1: never", "2: often"], [1.0, 2.0]),
        (["1 (never)", "3"], [1.0, 3.0]),
    ],
)
def test_words_that_are_numbers(words: list[str], numbers: list[float]) -> None:
    found = in_words(words)
    assert found is not None
    assert [found[0][word] for word in words] == pytest.approx(numbers)
    assert found[1]


@pytest.mark.parametrize(
    "words",
    [["True", "maybe"], ["pass", "no"], ["oui", "no"], ["falso", "nein"],
     ["[PASS] a", "[ERROR] b"], ["85%", "0.7"], ["1", "2"],
     ["5 - very much", "5 - somewhat"], ["Agree", "Disagree"], ["1,000", "2,000"], ["3-4", "5-6"]],
)  # fmt: skip
def test_words_that_could_be_two_things(words: list[str]) -> None:
    assert in_words(words) is None


def test_labels_of_a_key() -> None:
    labels = {"Strongly  disagree": 1.0, "Agree": 4.0}
    words = ["strongly disagree", "Agree ", "3"]
    assert by_labels(words, labels) == {"strongly disagree": 1.0, "Agree ": 4.0, "3": 3.0}
    assert by_labels(["Neither"], labels) is None


def test_a_number_that_no_double_holds_is_no_answer_in_any_form() -> None:
    huge = "9" * 20
    assert by_labels([huge, "a lot"], {"a lot": 5.0}) is None
    assert in_words([huge, "1 - low"]) is None
    assert by_labels([".5", "1e2"], {"a lot": 5.0}) == {".5": 0.5, "1e2": 100.0}


@pytest.mark.parametrize("date", ["4-May", "4. mai", "4 May 2024", "12/Oct", "2024-may-04"])
def test_what_a_spreadsheet_made_of_an_answer_is_no_label(date: str) -> None:
    found = in_words(["1", "2", date])
    assert found is None or "labelled" not in found[1] or date == "4. mai"
