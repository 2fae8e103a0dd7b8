from __future__ import annotations

import argparse

import pytest

from measurand.dialects import Dialect, add_arguments, dialect_of
from measurand.errors import InputError


def parsed(*argv: str) -> Dialect:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return dialect_of(**vars(parser.parse_args(argv)))


def test_nothing_said_is_nothing_known() -> None:
    assert parsed() == Dialect()


def test_what_is_said_is_taken() -> None:
    given = parsed("--separator", "tab", "--decimal", ",", "--skip-rows", "2", "--sheet", "S")
    assert given == Dialect(separator="\t", decimal=",", skip=2, sheet="S")
    assert parsed("--missing-codes", "99", "refused").missing == ("99", "refused")


@pytest.mark.parametrize("argv", [("--separator", "x"), ("--skip-rows", "-1")])
def test_what_cannot_be_is_named(argv: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        parsed(*argv)
    assert caught.value.code == "bad_argument"
