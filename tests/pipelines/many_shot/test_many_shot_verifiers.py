from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import InputError, ParamsError
from pipelines.many_shot import gym
from pipelines.many_shot.tasks import arithmetic, parity, reasoning_gym_task
from pipelines.many_shot.verifiers import check, extract, number, verify
from schemas.many_shot.params import VERIFIERS

N = 1000
Case = tuple[str, str, dict[str, Any]]
Rng = np.random.Generator
WORDS = ["amber", "birch", "cedar", "delta", "ember", "flint", "grove", "hazel", "inlet", "jade"]


def exact_right(rng: Rng) -> Case:
    words = rng.choice(WORDS, 3).tolist()
    text = (" " * int(rng.integers(1, 4))).join(words)
    wild = [text.upper(), text.title(), f"  {text}", f"{text}.", f"{text} .", f"{text}\t"]
    return str(rng.choice(wild)), " ".join(words), {}


def exact_wrong(rng: Rng) -> Case:
    one, two, three = rng.choice(WORDS, 3, replace=False).tolist()
    near = [
        f"{one} {two}",
        f"{two} {one} {three}",
        f"{one} {two} {three}s",
        f"{one}{two} {three}",
        f"{one} {two} {three} {three}",
        f"not {one} {two} {three}",
        f"{one} {two} {three}!",
        f"{one[:-1]} {two} {three}",
    ]
    return str(rng.choice(near)), f"{one} {two} {three}", {}


def label_right(rng: Rng) -> Case:
    word = str(rng.choice(["A", "B", "negative", "positive"]))
    return str(rng.choice([word, word.lower(), f"{word}."])), word, {}


def label_wrong(rng: Rng) -> Case:
    pairs = [("A", "B"), ("negative", "positive"), ("neutral", "negative"), ("7", "1")]
    one, two = pairs[int(rng.integers(len(pairs)))]
    near = [two, f"{one} {two}", f"{one}{one}", f"{one} or {two}", one[:-1], f"({one})"]
    return str(rng.choice(near)), one, {}


def numeric_right(rng: Rng) -> Case:
    value = int(rng.integers(-(10**7), 10**7))
    wild = [
        f"{value:,}",
        f"{value}.0",
        f"${value}",
        f"{value} apples",
        f"{value}.",
        f"{value}e0",
        f" {value:+}",
        f"{value}".replace("-", "\N{MINUS SIGN}"),
    ]
    return str(rng.choice(wild)), str(value), {}


def numeric_wrong(rng: Rng) -> Case:
    value = int(rng.integers(2, 10**7)) * int(rng.choice([-1, 1]))
    near = [
        str(value + 1),
        str(value - 1),
        str(-value),
        f"{value}0",
        f"{value}.000000000000000000000000000000000000001",
        f"{value} {value}",
        f"{value}e1",
        f"{value},5",
        f"x{value}",
        f"{value}%%",
        f"{value}e999999999",
    ]
    return str(rng.choice(near)), str(value), {}


def tolerant_right(rng: Rng) -> Case:
    cents = int(rng.integers(-(10**6), 10**6))
    off = int(rng.integers(-5, 6))
    return str(Decimal(cents + off) / 100), str(Decimal(cents) / 100), {"tolerance": 0.05}


def tolerant_wrong(rng: Rng) -> Case:
    cents = int(rng.integers(-(10**6), 10**6))
    off = int(rng.choice([-7, -6, 6, 7]))
    return str(Decimal(cents + off) / 100), str(Decimal(cents) / 100), {"tolerance": 0.05}


def regex_right(rng: Rng) -> Case:
    word = f"{rng.choice(WORDS)}+({rng.integers(100)})"
    return f"<{word}>" + "!" * int(rng.integers(3)), word, {"pattern": "<{answer}>!*"}


def regex_wrong(rng: Rng) -> Case:
    word = f"{rng.choice(WORDS)}+({rng.integers(100)})"
    near = [word, f"<{word}", f"<{word}>?", f" <{word}>", f"<{word.replace('+', '')}>"]
    return str(rng.choice(near)), word, {"pattern": "<{answer}>!*"}


def parity_right(rng: Rng) -> Case:
    target = parity.answer(" ".join(map(str, rng.integers(0, 2, 20))))
    return str(rng.choice([target, target.lower(), f" {target} "])), target, {}


def parity_wrong(rng: Rng) -> Case:
    target = parity.answer(" ".join(map(str, rng.integers(0, 2, 20))))
    words = target.split()
    at = int(rng.integers(20))
    other = {"Even": "Odd", "Odd": "Even"}
    swap = next((i for i in range(19) if words[i] != words[i + 1]), None)
    near = [
        [*words[:at], other[words[at]], *words[at + 1 :]],
        words[:-1],
        words[1:],
        [*words, words[-1]],
        [other[w] for w in words],
        [*words[:at], "odd?", *words[at + 1 :]],
    ]
    if swap is not None:
        near.append([*words[:swap], words[swap + 1], words[swap], *words[swap + 2 :]])
    return " ".join(near[int(rng.integers(len(near)))]), target, {}


def sum_of(rng: Rng) -> tuple[str, int]:
    a, b, c = rng.integers(1, 1000, 3).tolist()
    return f"What is {a} - {b} + {c}?", a - b + c


def arithmetic_right(rng: Rng) -> Case:
    question, total = sum_of(rng)
    return str(rng.choice([str(total), f"{total}.", f"{total:,}"])), arithmetic.answer(question), {}


def arithmetic_wrong(rng: Rng) -> Case:
    question, total = sum_of(rng)
    near = [total + 1, total - 1, total + 10, total * 10, -total if total else 1, f"{total}.5"]
    return str(near[int(rng.integers(6))]), arithmetic.answer(question) if total else "0", {}


def same_text(text: str, target: str) -> bool:
    """A user's function: equal without spaces."""
    if target == "fail":
        raise RuntimeError("no")
    return text.replace(" ", "") == target.replace(" ", "")


def callable_right(rng: Rng) -> Case:
    target = " ".join(rng.choice(WORDS, 3))
    return target.replace(" ", "  "), target, {"function": f"{__name__}:same_text"}


def callable_wrong(rng: Rng) -> Case:
    one, two = rng.choice(WORDS, 2, replace=False).tolist()
    return f"{two} {one}", f"{one} {two}", {"function": f"{__name__}:same_text"}


CASES: dict[str, tuple[str, Callable[[Rng], Case], Callable[[Rng], Case]]] = {
    "exact": ("exact", exact_right, exact_wrong),
    "labels": ("exact", label_right, label_wrong),
    "numeric": ("numeric", numeric_right, numeric_wrong),
    "numeric within a tolerance": ("numeric", tolerant_right, tolerant_wrong),
    "arithmetic": ("numeric", arithmetic_right, arithmetic_wrong),
    "regex": ("regex", regex_right, regex_wrong),
    "parity": ("sequence", parity_right, parity_wrong),
    "callable": ("callable", callable_right, callable_wrong),
}


@pytest.mark.parametrize("name", CASES)
def test_a_thousand_right_and_a_thousand_subtly_wrong_answers(name: str) -> None:
    verifier, right, wrong = CASES[name]
    rng = np.random.default_rng(len(name))
    for make, expected in ((right, True), (wrong, False)):
        for _ in range(N):
            case = make(rng)
            assert verify(verifier, *case).correct is expected, case


@pytest.mark.integration
@pytest.mark.parametrize("generator", ["chain_sum", "countdown", "word_sorting", "syllogism"])
def test_reasoning_gym_accepts_its_answers_and_no_other(generator: str) -> None:
    n = N // 4
    data = gym.load().create_dataset(generator, size=n, seed=1)
    for entry in data:
        details = {"generator": generator, "entry": reasoning_gym_task._plain(entry)}
        answer = entry["answer"]
        assert verify("reasoning_gym", answer, answer, details).correct
        assert not verify("reasoning_gym", spoiled(generator, answer), answer, details).correct


def spoiled(generator: str, answer: str) -> str:
    if generator == "chain_sum":
        return str(int(answer) + 1)
    if generator == "countdown":
        return f"{answer} + 1"
    if generator == "syllogism":
        return {"Yes": "No", "No": "Yes"}[answer]
    return ", ".join([*answer.split(", ")[1:], answer.split(", ")[0]]) + "x"


def test_the_schemas_verifiers_are_the_ones_there_are() -> None:
    with pytest.raises(InputError, match="unknown verifier 'vibes'") as caught:
        verify("vibes", "1", "1", {})
    assert caught.value.hint == f"one of {', '.join(VERIFIERS)}"


def test_planning_answers_are_executed() -> None:
    start = {"a": "b", "b": "table"}
    details = {"domain": "blocksworld", "start": start, "goal": {"a": "table"}}
    assert verify("plan", "unstack a b; put-down a", "", details).correct
    half = verify("plan", "unstack a b; put-down b", "", details)
    assert (half.correct, half.partial) == (False, 0.5)


def test_sequences_say_how_much_is_right() -> None:
    judged = verify("sequence", "Odd Even Odd", "Odd Odd Odd Even", {})
    assert judged.partial == 0.5
    assert judged.reason == "3 of 4 words"
    # A longer answer gets no more for being longer.
    assert verify("sequence", "Odd Odd Odd Odd", "Odd Odd", {}).partial == 0.5


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1e9, max_value=1e9))
def test_a_number_is_read_back_exactly(value: Decimal) -> None:
    assert number(f"{value:f}") == value
    assert number(f"{value:,f} km") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("$1,234.50", "1234.50"), ("-$3", "-3"), ("25 %", "25"), (".5", "0.5"), ("2E3", "2000")]
    + [(t, None) for t in ("", "-", "1,23", "12,3456", "1 2", "NaN", "Infinity", "1_000", "0x1f")],
)
def test_numbers(text: str, value: str | None) -> None:
    assert number(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize("text", ["1e999999999", "-1e999999999", "1e-999999999", "9" * 5000])
def test_numbers_of_any_size_are_judged(text: str) -> None:
    assert not verify("numeric", text, "7", {}).correct
    assert not verify("numeric", text, "7", {"tolerance": 0.5}).correct


def test_a_right_answer_that_is_no_number_is_the_users_mistake() -> None:
    with pytest.raises(ParamsError, match="'seven' is no number"):
        verify("numeric", "7", "seven", {})


def test_what_makes_a_judge_of_the_package_fail_is_wrong() -> None:
    data = gym.load().create_dataset("prime_factorization", size=1, seed=1)
    details = {"generator": "prime_factorization", "entry": reasoning_gym_task._plain(data[0])}
    assert verify("reasoning_gym", data[0]["answer"], "", details).correct
    judged = verify("reasoning_gym", "I do not know", "", details)
    assert not judged.correct
    assert "ValueError" in str(judged.reason)


@pytest.mark.parametrize(
    ("verifier", "details", "message"),
    [
        ("regex", {"pattern": "({answer}"}, "no regular expression"),
        ("callable", {"function": "no_such_module:f"}, "cannot be loaded"),
        ("callable", {"function": "math:no_such_function"}, "cannot be loaded"),
        ("callable", {"function": "math:pi"}, "no function"),
        ("callable", {"function": ".relative:f"}, "cannot be loaded"),
        ("callable", {"function": "math"}, "cannot be loaded"),
    ],
)
def test_patterns_and_functions_are_refused_before_and_while_judging(
    verifier: str, details: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParamsError, match=message):
        check(verifier, details)
    with pytest.raises(ParamsError, match=message):
        verify(verifier, "a", "a", details)


def test_a_users_function_that_fails_is_named() -> None:
    with pytest.raises(ParamsError, match=r"same_text failed on 'x': RuntimeError\('no'\)"):
        verify("callable", "x", "fail", {"function": f"{__name__}:same_text"})


CUE = "The answer is"


@pytest.mark.parametrize(
    ("text", "with_rationale", "answer"),
    [
        (" 42\nQuestion: next", False, "42"),
        ("\n\n 42", False, "42"),
        ("   \n", False, None),
        ("", False, None),
        ("1 + 2 = 3. The answer is 3\nQuestion: 4 + 4?", True, "3"),
        ("The answer is 4? No. The answer is 3", True, "3"),
        ("1 + 2 = 3.", True, None),
        ("1 + 2 = 3. The answer is", True, None),
    ],
)
def test_extract(text: str, with_rationale: bool, answer: str | None) -> None:
    assert extract(text, CUE, with_rationale) == answer


def test_an_answer_of_several_lines_is_read_whole() -> None:
    assert extract(" one\n  two\n", CUE, False, lines=True) == "one\n  two"
    assert extract(f"so {CUE} one\ntwo", CUE, True, lines=True) == "one\ntwo"
    assert extract(" \n ", CUE, False, lines=True) is None


@pytest.mark.parametrize("verifier", ["exact", "numeric"])
def test_each_alias_is_right(verifier: str) -> None:
    details = {"aliases": ["7", "8"], "tolerance": 0}
    assert [verify(verifier, text, "6", details).correct for text in ("6", "7", "8", "9")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_a_function_of_the_folder_that_the_command_is_called_in_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_own_checks_4711.py").write_text(
        "def same(text, answer):\n    return text == answer\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(tmp_path)])
    details = {"function": "my_own_checks_4711:same"}
    assert verify("callable", "x", "x", details).correct
    assert not verify("callable", "x", "y", details).correct
