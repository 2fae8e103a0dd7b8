"""Columns of numbers that are no answers, as a table without a key shows them."""

from __future__ import annotations

import io

import numpy as np

from measurand import keying, responses


def table(text: str) -> responses.Responses:
    return responses.read(io.BytesIO(text.encode()), "a.csv")


def test_without_a_key_ids_and_what_a_survey_tool_writes_are_no_items() -> None:
    rng = np.random.default_rng(1)
    ids = rng.permutation(10_000)[:30]
    rows = [f"{900 - i},{ids[i]},{100 + i * 7 % 50},{1 + i % 5},{1 + i * 2 % 5}" for i in range(30)]
    text = "n,Person ID,Duration (in seconds),a,b\n" + "\n".join(rows) + "\n"
    found = keying.without_key(table(text))
    assert found.scales[0].items == ("a", "b")
    assert dict(found.ignored) == {
        "n": "numbers the rows",
        "Person ID": "numbers the rows",
        "Duration (in seconds)": "about the respondent",
    }


def test_without_a_key_hashes_and_copies_are_told_from_answers() -> None:
    rows = [
        f"{70_000 * (i // 2)},{i % 3},{1 + i % 5},{1 + i * 2 % 5},{1 + i % 5}" for i in range(30)
    ]
    text = "_input_hash,session id,a,b,c\n" + "\n".join(rows) + "\n"
    found = keying.without_key(table(text))
    # Three numbers under a name of ids may be a scale: only what is too wide for one is left out.
    assert found.scales[0].items == ("session id", "a", "b", "c")
    assert found.ignored == (("_input_hash", "named for ids"),)
    assert any("'a' and 'c' are equal in every row" in line for line in found.warnings)


def _answers(extra: str, values: list[float]) -> keying.KeyedResponses:
    rows = [(1 + i % 5, 1 + i * 2 % 5, 1 + i * 3 % 5) for i in range(len(values))]
    lines = [",".join(map(str, (*row, x))) for row, x in zip(rows, values, strict=True)]
    return keying.without_key(table("\n".join([f"a,b,c,{extra}", *lines]) + "\n"))


def test_without_a_key_a_sum_of_the_others_is_no_item() -> None:
    sums = [3 + i % 5 + i * 2 % 5 + i * 3 % 5 for i in range(12)]
    for extra in (sums, [round(x / 3, 2) for x in sums]):
        found = _answers("score", extra)
        assert found.scales[0].items == ("a", "b", "c")
        assert found.ignored == (("score", "sums up the other columns"),)
    off = _answers("score", [*sums[:-1], sums[-1] + 1])
    assert off.scales[0].items == ("a", "b", "c", "score")


def test_without_a_key_a_column_of_other_numbers_is_said() -> None:
    [warning] = _answers("rt", [800 + i * 13 % 700 for i in range(12)]).warnings
    assert "column 'rt' holds 800 to 943, the others 1 to 5" in warning
    assert _answers("age", [20 + i % 7 for i in range(12)]).ignored == (
        ("age", "about the respondent"),
    )
    assert _answers("d", [1 + i % 7 for i in range(12)]).warnings == ()
