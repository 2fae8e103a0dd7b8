from __future__ import annotations

from measurand import errors


def test_an_error_says_what_and_what_to_do_and_has_a_stable_code() -> None:
    error = errors.InputError("no such file", hint="give another")
    assert str(error) == "no such file (give another)"
    assert error.code == "bad_input"
    assert errors.InputError("x", code="own").code == "own"


def test_codes_are_distinct() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type)]
    assert len({k.code for k in kinds}) == len(kinds)  # type: ignore[attr-defined]
