from __future__ import annotations

from pathlib import Path

import pytest

from measurand.errors import InputError
from measurand.rescoring.parsers import of_name, of_pattern, right

TEXTS = ["So the answer is 42.", "Answer: 7 apples, answer: 8", "I do not know"]


def test_the_first_match_or_the_named_group_is_the_answer() -> None:
    assert of_pattern(r"\d+")(TEXTS) == ["42", "7", None]
    last = of_pattern(r".*answer:? (?:is )?(?P<answer>\d+)", ignore_case=True)
    assert last(TEXTS) == ["42", "8", None]


@pytest.mark.parametrize("pattern", ["(a|b)", "a[", r"(?P<answer>a)(?=b)"])
def test_other_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(InputError) as error:
        of_pattern(pattern)
    assert error.value.code == "bad_argument"


def test_a_function_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_parser.py").write_text(
        "def last(text):\n    words = text.split()\n    return words[-1] if words else None\n"
        "def wrong(text):\n    return 1\n"
        "def broken(text):\n    return text[99]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert of_name("own_parser:last")(["a b", ""]) == ["b", None]
    for name in ("wrong", "broken"):
        with pytest.raises(InputError) as error:
            of_name(f"own_parser:{name}")(["a"])
        assert error.value.code == "bad_parser"
    for name in ("own_parser:none", "no_module:x", "own_parser"):
        with pytest.raises(InputError) as error:
            of_name(name)
        assert error.value.code == "bad_argument"


def test_what_is_right() -> None:
    assert right(" 1,000 ", "1000.0")
    assert right("Paris", "paris", ignore_case=True)
    assert not right("Paris", "paris")
    assert not right("nan", "Nan")
