from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from measurand.cli import main
from measurand.errors import InputError
from measurand.raters import record as agreement
from measurand.responses import Responses
from measurand.responses import read as read_table
from measurand.stats.icc import intraclass
from measurand.stats.kappa import cohen_kappa
from measurand.stats.krippendorff import krippendorff_alpha

RNG = np.random.default_rng(0)
FULL = np.clip(np.round(3 + RNG.normal(size=(40, 1)) + 0.7 * RNG.normal(size=(40, 4))), 1, 5)
GAPS = np.where(RNG.random(FULL.shape) < 0.5, np.nan, FULL)


def wide(x: np.ndarray) -> str:
    rows = ["text,J0,J1,J2,J3"]
    for i, row in enumerate(x):
        rows.append(",".join([f"t{i}", *("" if np.isnan(v) else f"{v:g}" for v in row)]))
    return "\n".join(rows) + "\n"


def long(x: np.ndarray) -> str:
    cells = [f"t{i},J{j},{x[i, j]:g}" for i, j in np.argwhere(~np.isnan(x))]
    return "item_id,judge,value\n" + "\n".join(cells) + "\n"


def table(text: str) -> Responses:
    return read_table(io.BytesIO(text.encode()), "t.csv")


def analysed(text: str, level: str | None = None, **columns: str) -> dict[str, Any]:
    return agreement.analyse(agreement.read(table(text), (), columns), level, resamples=0)


def value(record: dict[str, Any], name: str) -> float:
    return float(record["figures"][name]["value"])


def test_a_full_table_gives_the_forms_of_the_mean_squares() -> None:
    record, known = analysed(wide(FULL)), intraclass(FULL)
    for name, form in (("icc_1", known.icc1), ("icc_a1", known.icc2), ("icc_c1", known.icc3)):
        assert value(record, name) == pytest.approx(form.value)
        assert record["figures"][name]["n"] == 40


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
def test_gaps_are_no_obstacle(level: str) -> None:
    record = analysed(wide(GAPS), level)
    expected = krippendorff_alpha(GAPS, level, resamples=0)  # type: ignore[arg-type]
    assert value(record, "alpha") == pytest.approx(expected.value)
    assert record["figures"]["alpha"]["n"] == record["units_with_two"] == expected.n


def test_a_row_a_rating_is_the_same_as_a_row_a_unit() -> None:
    one, two = analysed(wide(GAPS)), analysed(long(GAPS))
    for name in one["figures"]:
        assert value(one, name) == pytest.approx(value(two, name), abs=1e-12)
    assert one["ratings"] == two["ratings"]
    assert "a row a rating" in two["understood"][0]
    named = long(GAPS).replace("item_id,judge,value", "a,b,c")
    three = analysed(named, unit="a", rater="b", value="c")
    assert value(three, "alpha") == value(two, "alpha")


def test_kappa_of_each_pair_on_what_both_rated() -> None:
    record = analysed(wide(GAPS), "ordinal")
    assert len(record["pairs"]) == 6
    [pair] = [p for p in record["pairs"] if (p["a"], p["b"]) == ("J1", "J3")]
    both = ~np.isnan(GAPS[:, [1, 3]]).any(axis=1)
    seen = np.unique(GAPS[~np.isnan(GAPS)])
    known = cohen_kappa(GAPS[:, 1], GAPS[:, 3], weights="quadratic", categories=seen, resamples=0)
    assert pair["units"] == both.sum() == pair["kappa"]["n"]
    assert pair["weighted"]["value"] == pytest.approx(known.value)


def test_words_are_categories() -> None:
    text = "unit,rater,label\na,x,toxic\na,y,toxic\nb,x,fine\nb,y,toxic\nc,x,fine\nc,y,fine\n"
    record = analysed(text)
    assert (record["level"], record["categories"]) == ("nominal", ["fine", "toxic"])
    known = krippendorff_alpha(np.array([[1.0, 1], [0, 1], [0, 0]]), "nominal", resamples=0)
    assert value(record, "alpha") == pytest.approx(known.value)
    assert set(record["figures"]) == {"alpha"}
    with pytest.raises(InputError, match="ratings that are words"):
        analysed(text, "interval")


@pytest.mark.parametrize(
    "text",
    [
        "unit,rater,value,group\na,x,1,p\na,y,2,q\nb,x,1,p\nb,y,2,p\n",
        "unit,rater,value,group\na,x,1,p\na,y,2,\nb,x,1,p\nb,y,2,p\n",
    ],
)
def test_a_unit_has_one_cluster(text: str) -> None:
    with pytest.raises(InputError) as caught:
        agreement.read(
            table(text), (), {"unit": "unit", "rater": "rater", "value": "value"}, "group"
        )
    assert caught.value.code == "bad_cluster"


def test_none_is_a_category_among_words_and_what_is_left_out_is_said() -> None:
    text = "unit,rater,label\na,x,none\na,y,none\nb,x,mild\nb,y,none\nc,x,mild\nc,y,NA\n"
    record = analysed(text)
    assert record["categories"] == ["mild", "none"]
    assert any("no rating: 1 cells 'NA'" in note for note in record["understood"])


@pytest.mark.parametrize(
    ("text", "columns", "code"),
    [
        ("unit,rater,value\na,x,1\na,x,2\n", {}, "rated_twice"),
        ("unit,rater,value\na,x,1\n,x,2\n", {}, "no_column"),
        ("unit,rater,value\na,x,1\nb,x,many\n", {}, "not_a_number"),
        ("a,b\n1,2\n3,4\n", {"unit": "c"}, "no_column"),
        ("a,b\n1,2\n3,4\n", {"unit": "a"}, "bad_argument"),
        ("a,b\nx,2\ny,4\n", {}, "no_ratings"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, columns: dict[str, str], code: str) -> None:
    with pytest.raises(InputError) as caught:
        analysed(text, **columns)
    assert caught.value.code == code


def test_the_command_prints_every_format_twice_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "t.csv"
    file.write_text(wide(GAPS))
    for form in ("text", "json", "md", "html"):
        texts = []
        for _ in range(2):
            assert main(["agreement", str(file), "--format", form, "--resamples", "100"]) == 0
            texts.append(capsys.readouterr().out)
        assert texts[0] == texts[1]
        assert "J0" in texts[0]
    record = json.loads(json.dumps(analysed(wide(GAPS)), allow_nan=False))
    assert record["schema"] == agreement.SCHEMA
    assert main(["agreement", str(file), "--out", str(file)]) == 3


def test_clusters_are_drawn_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = wide(GAPS).splitlines()
    text = "\n".join([lines[0] + ",site", *(f"{x},s{i // 8}" for i, x in enumerate(lines[1:]))])
    file = tmp_path / "t.csv"
    file.write_text(text + "\n")
    assert main(["agreement", str(file), "--cluster", "site", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["figures"]["alpha"]["n_clusters"] == 5


def test_words_are_numbers_only_where_all_raters_use_them_so() -> None:
    same = agreement.read(table("t,A,B\na,yes,no\nb,no,no\nc,yes,yes\n"), ("A", "B"), {})
    assert same.values.tolist() == [[1, 0], [0, 0], [1, 1]]
    # Read alone, A would be 1 and 0 beside numbers from 1 to 5, or percentages beside points.
    for column in ("yes no yes", "50% 20% 10%", "true false true"):
        a = column.split()
        text = "t,A,B\n" + "".join(f"u{i},{word},{i + 1}\n" for i, word in enumerate(a))
        with pytest.raises(InputError, match="all ratings are numbers or all are words"):
            agreement.read(table(text), ("A", "B"), {})
    mixed = agreement.read(table("t,A,B\na,yes,maybe\nb,no,yes\n"), ("A", "B"), {})
    assert mixed.categories == ("maybe", "no", "yes")


def test_pairs_that_are_left_out_are_said() -> None:
    rng = np.random.default_rng(1)
    names = [f"r{i}" for i in range(21)]
    rows = [",".join(map(str, rng.integers(1, 4, 21))) for _ in range(4)]
    record = agreement.analyse(
        agreement.read(table("\n".join([",".join(names), *rows]) + "\n"), names, {}), resamples=0
    )
    assert len(record["pairs"]) == agreement.MAX_PAIRS
    assert record["pairs_left_out"] == "20 of 210 pairs of raters are left out: the last ones."
    fine = np.round(rng.random((30, 2)), 6)
    record = analysed("a,b\n" + "".join(f"{x},{y}\n" for x, y in fine))
    assert record["pairs"] == []
    assert "kappa is for at most 20" in record["pairs_left_out"]
    assert analysed(wide(FULL))["pairs_left_out"] is None


def test_columns_that_are_no_ratings_and_suspicious_codes_are_said() -> None:
    text = "text,J0,J1,empty\n" + "".join(
        f"t{i},{1 + i % 5},{99 if i == 3 else 1 + i % 5},\n" for i in range(12)
    )
    told = " ".join(analysed(text)["understood"])
    assert "'text' (not numeric), 'empty' (no answers)" in told
    assert "--missing-codes 99" in told


def test_capitals_and_blanks_make_no_other_category() -> None:
    rows = ["a,x,Toxic", "a,y,toxic", "b,x,very  fine", "b,y,Very fine ", "c,x,toxic", "c,y,FINE"]
    text = "\n".join(["unit,rater,label", *rows]) + "\n"
    record = analysed(text)
    assert record["categories"] == ["FINE", "Very fine", "toxic"]
    assert record["figures"]["alpha"]["n"] == 3
    told = next(t for t in record["understood"] if "capitals" in t)
    assert "'Toxic' is 'toxic'" in told
    plain = analysed(text.lower().replace("very  fine", "very fine"))
    assert value(record, "alpha") == pytest.approx(value(plain, "alpha"))
    assert value(record, "alpha") > 0.5


def test_ratings_that_a_tool_marks_as_discarded_are_said() -> None:
    rows = [
        f"t{i},w{k},{(i + k) % 2},{'Rejected' if i + k == 0 else 'Approved'}"
        for i in range(6)
        for k in range(2)
    ]
    text = "unit,rater,value,AssignmentStatus\n" + "\n".join(rows) + "\n"
    found = agreement.read(table(text), [], {})
    wanted = "1 rows are 'rejected' in column 'AssignmentStatus'; they count as the others do."
    assert any(wanted in line for line in found.understood)
    told = agreement.read(table(text.replace("Rejected", "Approved")), [], {}).understood
    assert not any("count as the others do" in line for line in told)


def test_few_units_have_figures_and_no_interval() -> None:
    """Resamples of four units gave a kappa of 0 [0, 0]."""
    for n in (agreement.FEWEST - 1, agreement.FEWEST):
        found = agreement.analyse(agreement.read(table(wide(FULL[:n])), (), {}), resamples=200)
        every = [*found["figures"].values(), *(pair["kappa"] for pair in found["pairs"])]
        for figure in every:
            assert figure["value"] is not None
            assert (figure["ci_lo"] is None) == (n < agreement.FEWEST)
            assert ("10 or more are needed" in (figure["reason"] or "")) == (n < agreement.FEWEST)


def test_units_of_a_pair_are_those_that_both_rated() -> None:
    x = FULL[:30, :2].copy()
    x[5:, 1] = np.nan
    pairs = agreement.analyse(agreement.read(table(wide(np.c_[x, x])), (), {}), resamples=200)[
        "pairs"
    ]
    assert pairs[0]["units"] == 5
    assert pairs[0]["kappa"]["ci_lo"] is None


def test_raters_who_are_copies_all_count_and_have_no_interval_without_width() -> None:
    copies = table(wide(np.repeat(FULL[:, :1], 4, axis=1)))
    found = agreement.analyse(agreement.read(copies, (), {}))
    assert found["raters"] == ["J0", "J1", "J2", "J3"]
    for figure in found["figures"].values():
        assert figure["value"] == pytest.approx(1)
        assert figure["ci_hi"] is None
        assert "no rating differs" in figure["reason"]


def test_a_table_of_single_ratings_is_known_in_capitals_too() -> None:
    text = long(FULL)
    assert analysed(text.replace("item_id,judge,value", "Item,Judge,Value")) == analysed(text) | {
        "understood": ["t.csv: a row a rating; unit=Item, rater=Judge, value=Value"]
    }
