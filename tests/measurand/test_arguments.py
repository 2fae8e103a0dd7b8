"""Options that are repeated, and wrong usage."""

from __future__ import annotations

import pytest

from measurand.arguments import ERROR, Parser


@pytest.fixture
def parser() -> Parser:
    made = Parser("measurand verb")
    made.add_argument("paths", nargs="*")
    made.add_argument("--map", nargs="+", default=[])
    group = made.add_argument_group("tables")
    group.add_argument("--codes", nargs="+", default=["x"])
    group.add_argument("--out")
    made.add_argument("-v", action="store_true")
    return made


def test_a_list_that_is_given_in_parts_is_one(parser: Parser) -> None:
    for _ in range(2):
        found = parser.parse_args(
            ["p", "--map", "a=b", "c=d", "-v", "--map", "e=f", "--codes", "1"]
        )
        assert vars(found) == {
            "paths": ["p"],
            "map": ["a=b", "c=d", "e=f"],
            "codes": ["1"],
            "out": None,
            "v": True,
        }
    assert parser.parse_args([]).codes == ["x"]


def test_one_value_given_twice_is_wrong_usage(
    parser: Parser, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["--out", "a", "--out", "b"], ["--out=a", "--out=a"]):
        with pytest.raises(SystemExit) as stop:
            parser.parse_args(words)
        assert stop.value.code == ERROR
        assert "measurand verb: --out is given twice" in capsys.readouterr().err
    assert parser.parse_args(["--out", "b"]).out == "b"


def test_verbs_of_a_system_are_read_alike(capsys: pytest.CaptureFixture[str]) -> None:
    made = Parser("measurand S")
    verb = made.add_subparsers(dest="verb", required=True).add_parser("card")
    verb.add_argument("--runs", nargs="+", required=True)
    verb.add_argument("--seed", type=int)
    assert made.parse_args(["card", "--runs", "a", "--runs", "b"]).runs == ["a", "b"]
    for words in (["card", "--runs", "a", "--seed", "1", "--seed", "2"], ["card"], ["other"]):
        with pytest.raises(SystemExit) as stop:
            made.parse_args(words)
        assert stop.value.code == ERROR
    assert "usage: measurand S" in capsys.readouterr().err
