"""Rows of a survey that are no respondents are said, whichever tool wrote them."""

from __future__ import annotations

import io

import pytest

from measurand import keying, responses
from measurand.respondents import notes


def table(header: str, rows: list[str]) -> responses.Responses:
    return responses.read(io.BytesIO("\n".join([header, *rows]).encode()), "a.csv")


def survey(status: list[str], finished: list[str], channel: list[str]) -> responses.Responses:
    rows = [
        f"{one},{two},{three},R{at},{at % 5}"
        for at, (one, two, three) in enumerate(zip(status, finished, channel, strict=True))
    ]
    return table("Status,Finished,DistributionChannel,ResponseId,q", rows)


@pytest.mark.parametrize(
    ("status", "channel", "shown"),
    [
        (["Survey Preview"] * 3 + ["IP Address"] * 7, ["anonymous"] * 10, "'Status'.*3 'Survey"),
        (["1", "1", "8"] + ["0"] * 7, ["email"] * 10, "2 'Survey Preview', 1 'Spam'"),
        (["IP Address"] * 10, ["preview"] * 4 + ["anonymous"] * 6, "Channel'.*4 'preview'"),
    ],
)
def test_previews_are_said(status: list[str], channel: list[str], shown: str) -> None:
    import re

    (line,) = notes(survey(status, ["True"] * 10, channel), ["q"])
    assert re.search(shown, line), line


@pytest.mark.parametrize(("yes", "no"), [("True", "False"), ("1", "0"), ("TRUE", "FALSE")])
def test_rows_that_are_not_finished_are_said(yes: str, no: str) -> None:
    found = survey(["IP Address"] * 10, [yes] * 6 + [no] * 4, ["anonymous"] * 10)
    assert notes(found, ["q"]) == ["a.csv: 4 rows are not finished ('Finished'); they count."]
    assert notes(survey(["0"] * 10, [yes] * 10, ["email"] * 10), ["q"]) == []


def test_a_status_of_another_table_is_nothing_of_a_survey() -> None:
    found = table("Status,q", [f"{at % 3},{at % 5}" for at in range(30)])
    assert notes(found, ["q"]) == []


@pytest.mark.parametrize("name", ["participant", "Subject ID", "record_id", "PROLIFIC_PID", "user"])
def test_people_with_several_rows_are_clusters(name: str) -> None:
    """Of a diary study, a longitudinal export: 20 people in 40 rows."""
    rows = [f"p{at // 2},{at % 5},{at % 4}" for at in range(40)]
    found = table(f"{name},a,b", rows)
    keyed = keying.without_key(found)
    assert [w for w in keyed.warnings if "20 in 40 rows" in w and "--cluster" in w]
    assert not [w for w in keying.without_key(found, name).warnings if "in 40 rows" in w]
    head = "item,scale,keyed,minimum,maximum\na,S,1,0,5\nb,S,1,0,5"
    key = keying.parse_key(responses.read(io.BytesIO(head.encode()), "key.csv"))
    assert [w for w in keying.apply_key(found, key).warnings if "20 in 40 rows" in w]


def test_people_of_one_row_each_are_none() -> None:
    found = table("participant,a,b", [f"p{at},{at % 5},{at % 4}" for at in range(40)])
    assert notes(found, ["a", "b"]) == []
    few = table("participant,a", [f"p{at // 2},{at % 5}" for at in range(10)])
    assert notes(few, ["a"]) == []
