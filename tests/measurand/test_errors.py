from __future__ import annotations

import pickle
import re
import traceback
from pathlib import Path

import pytest

from measurand import errors


def test_an_error_says_what_and_what_to_do_and_has_a_stable_code() -> None:
    error = errors.InputError("no such file", hint="give another")
    assert str(error) == "no such file (give another)"
    assert error.code == "bad_input"
    assert errors.InputError("x", code="own").code == "own"


def test_codes_are_distinct() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type)]
    assert len({k.code for k in kinds}) == len(kinds)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("hint", "arguments"),
    [
        ("name it with --cluster COLUMN", ["cluster="]),
        ("give --missing-codes 99, or --missing-codes none", ["missing_codes="]),
        ("--map document=COLUMN or --by-content", ["map=", "by_content="]),
        ("write one by `measurand items RESULTS --keep N --save FILE`", ["keep=", "save="]),
        ("leave --as rerun out", ["mode="]),
        ("pip install --no-deps x", []),
        ("make one with `inspect log convert --to eval`", []),
        ("run lm-eval with --log_samples", []),
        ("a row -- and a dash--in a word, ---", []),
    ],
)
def test_options_in_a_hint_are_arguments_from_python(hint: str, arguments: list[str]) -> None:
    error = errors.InputError("no", hint=hint)
    assert errors.in_python(hint) == arguments
    assert str(error) == f"no ({hint})"
    notes = [f"From Python: {', '.join(arguments)}"] if arguments else []
    assert getattr(error, "__notes__", []) == notes


def test_a_copy_has_one_note() -> None:
    error = pickle.loads(pickle.dumps(errors.InputError("no", hint="give --by FIELD")))
    assert error.__notes__ == ["From Python: by="]
    assert "From Python: by=" in "".join(traceback.format_exception(error))


def test_every_option_that_reading_asks_for_is_an_argument() -> None:
    from measurand.api.wishes import ReadingOptions

    package = Path(errors.__file__).parent
    files = [*(package / "interop").glob("*.py"), package / "decimals.py", package / "guesses.py"]
    hints = [
        text for file in files for text in re.findall(r'"([^"]*--[a-z][^"]*)"', file.read_text())
    ]
    asked = {argument for text in hints for argument in errors.in_python(text)}
    assert {"cluster=", "by=", "map=", "values=", "missing_codes=", "encoding="} <= asked
    of_harnesses = {"limit=", "output=", "repeat="}
    assert asked <= {f"{name}=" for name in ReadingOptions.__annotations__} | of_harnesses
