from __future__ import annotations

from api_inputs import ratings

import measurand


def test_a_row_a_rating_and_a_column_a_rater_say_the_same() -> None:
    wide = ratings(2)
    long = [
        {"text": k, "who": name, "mark": value}
        for name, column in wide.items()
        for k, value in enumerate(column)
        if value is not None
    ]
    columns = {"unit": "text", "rater": "who", "value": "mark"}
    found = measurand.agreement(long, map=columns, resamples=0)
    assert (
        abs(found["alpha"].estimate - measurand.agreement(wide, resamples=0)["alpha"].estimate)
        < 1e-12
    )
    assert {row["figure"] for row in found.rows()} == {"alpha", "icc_1", "icc_a1", "icc_c1"}
