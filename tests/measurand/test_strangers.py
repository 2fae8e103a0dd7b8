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


def test_without_a_key_what_tools_write_of_forms_and_pages_is_no_item() -> None:
    tools = {
        "REDCap": (["record_id", "phq_complete", "phq_timestamp"], ["complete"]),
        "Qualtrics": (["Q5_First Click", "Q5_Page Submit", "Q5_Click Count", "Q7_DO_1"], ["to_do"]),
        "LimeSurvey": (["interviewtime", "groupTime12", "123X4X5Time"], ["bedtime", "groupTimes"]),
    }
    for about, items in tools.values():
        names = [*about, *items, "a", "b"]
        rows = [
            ",".join(str(1 + (i + k) * (k + 2) % 5) for k in range(len(names))) for i in range(9)
        ]
        found = keying.without_key(table("\n".join([",".join(names), *rows]) + "\n"))
        assert dict(found.ignored) == dict.fromkeys(about, "about the respondent")
        assert found.scales[0].items == (*items, "a", "b")
    # Without a record_id it is no form of REDCap.
    found = keying.without_key(table("task_complete,a\n1,2\n0,1\n1,1\n"))
    assert found.scales[0].items == ("task_complete", "a")


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


def _rows(*extra: list[str], n: int = 30) -> str:
    titles = "".join(f",x{at}" for at in range(len(extra)))
    lines = [
        ",".join([f"{1 + i % 5},{1 + i * 2 % 5},{1 + i * 3 % 5}", *(column[i] for column in extra)])
        for i in range(n)
    ]
    return f"a,b,c{titles}\n" + "\n".join(lines) + "\n"


def _warned(text: str) -> str:
    return "\n".join(keying.without_key(table(text)).warnings)


def test_without_a_key_answers_that_were_sent_in_twice_are_said() -> None:
    names = [f"r{i}" for i in range(28)] + ["r3", "r7"]
    assert "'x0' names 2 of its rows more than once (r3, r7)" in _warned(_rows(names))
    assert "more than once" not in _warned(_rows([f"r{i}" for i in range(30)]))
    # A group is no name of a row.
    assert "more than once" not in _warned(_rows([f"class {i % 4}" for i in range(30)]))


def test_without_a_key_a_table_on_its_side_is_said() -> None:
    rows = "\n".join(",".join(str(1 + (i * k) % 5) for k in range(1, 25)) for i in range(2, 7))
    text = ",".join(f"r{k}" for k in range(24)) + "\n" + rows + "\n"
    assert "5 rows and 24 columns of answers; rows are respondents" in _warned(text)
    assert "rows are respondents" not in _warned(_rows())


def test_without_a_key_decimals_among_whole_numbers_are_said() -> None:
    shares = [f"{1 + i % 3 + 0.25}" for i in range(30)]
    assert "column 'x0' holds decimals, the others whole numbers" in _warned(_rows(shares))
    assert "decimals" not in _warned(_rows(shares, shares[::-1]))
    found = keying.without_key(table(_rows(shares).replace("x0", "weight")))
    assert found.ignored == (("weight", "about the respondent"),)


def test_answers_that_are_right_or_wrong_in_words_are_read_where_there_are_no_numbers() -> None:
    text = "name,q1,q2\n" + "\n".join(
        f"n{i},{str(i % 2 == 0).upper()},{str(i % 3 == 0).upper()}" for i in range(12)
    )
    found = keying.without_key(table(text + "\n"))
    assert found.scales[0].items == ("q1", "q2")
    assert found.scales[0].values[:3].tolist() == [[1, 1], [0, 0], [1, 0]]
    assert found.ignored == (("name", "not numeric"),)
    assert "true counts 1, false counts 0" in " ".join(found.understood)
