from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from measurand.dialects import Dialect
from measurand.errors import InputError
from measurand.interop.read import read
from measurand.interop.rows import Wish

LONG = """\
model,item_id,repeat,value,passage,status
a,q1,0,1,p1,
a,q2,0,0,p1,
a,q1,1,0.5,p1,
b,q1,0,,p1,
b,q2,0,,p1,infra_error
"""


def write(folder: Path, text: str, name: str = "scores.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_results_tables_own_names_are_found(tmp_path: Path) -> None:
    found = read([write(tmp_path, LONG)], Wish(cluster="passage", by=("passage",)))
    rows = found.table.to_pylist()
    assert found.origin == "plain tables"
    assert {r["cluster_id"] for r in rows} == {"p1"}
    by = {(r["model"], r["item_id"], r["repeat"]): (r["value"], r["status"]) for r in rows}
    assert by == {
        ("a", "q1", 0): (1.0, "ok"),
        ("a", "q2", 0): (0.0, "ok"),
        ("a", "q1", 1): (0.5, "ok"),
        ("b", "q1", 0): (None, "skipped"),
        ("b", "q2", 0): (None, "infra_error"),
    }


def test_columns_of_any_name_and_several_scores(tmp_path: Path) -> None:
    path = write(tmp_path, "question,em,f1\n1,0,0.5\n2,1,1\n", "gpt.csv")
    wish = Wish(columns={"item_id": "question"}, values=("em", "f1"))
    rows = read([path], wish).table.to_pylist()
    assert {(r["metric"], r["item_id"], r["value"]) for r in rows} == {
        ("em", "1", 0.0), ("em", "2", 1.0), ("f1", "1", 0.5), ("f1", "2", 1.0),
    }  # fmt: skip
    assert {r["model"] for r in rows} == {"gpt"}


def test_parquet_and_csv_are_the_same(tmp_path: Path) -> None:
    table = pa.table({"item_id": [1, 2, 3], "value": [True, False, True]})
    pq.write_table(table, tmp_path / "m.parquet")
    csv = write(tmp_path, "item_id,value\n1,1\n2,0\n3,1\n", "m.csv")
    found = [read([p], Wish()).table.to_pylist() for p in (tmp_path / "m.parquet", csv)]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("text", "wish", "code"),
    [
        ("a,value\n1,1\n", Wish(), "no_column"),
        ("item_id,a\n1,1\n", Wish(), "no_column"),
        ("item_id,value\n1,1\n", Wish(cluster="site"), "no_column"),
        ("item_id,value\n1,1\n", Wish(by=("site",)), "no_column"),
        ("item_id,value\n1,1\n", Wish(columns={"model": "m"}), "no_column"),
        ("item_id,value\n1,maybe\n", Wish(), "bad_value"),
        ("item_id,value\n1,inf\n", Wish(), "bad_value"),
        ("item_id,value\n,1\n", Wish(), "no_item"),
        ("item_id,value,repeat\n1,1,x\n", Wish(), "bad_value"),
        ("item_id,value,repeat\n1,1,inf\n", Wish(), "bad_value"),
        ("item_id,value,repeat\n1,1,1.5\n", Wish(), "bad_value"),
        ("item_id,value,status\n1,1,fine\n", Wish(), "bad_status"),
        ("item_id,value,site\n1,1,\n", Wish(cluster="site"), "no_cluster"),
        ("item_id,value\n1,1\n1,0\n", Wish(), "reruns"),
        ("item_id,value\n", Wish(), "empty"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, wish: Wish, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read([write(tmp_path, text)], wish)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("name", ["status", "Status"])
def test_a_status_that_is_asked_for_is_a_score(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, f"item_id,{name}\n1,pass\n2,fail\n3,pass\n4,pass\n")
    rows = read([path], Wish(values=(name,))).table
    assert rows.column("value").to_pylist() == [1, 0, 1, 1]
    assert set(rows.column("status").to_pylist()) == {"ok"}
    both = write(tmp_path, f"item_id,{name},state\n1,pass,ok\n2,fail,infra_error\n", "b.csv")
    rows = read([both], Wish(values=(name,), columns={"status": "state"})).table
    assert rows.column("status").to_pylist() == ["ok", "infra_error"]


def test_documents_of_somebody_are_no_log_of_lm_eval(tmp_path: Path) -> None:
    lines = [
        f'{{"doc_id": "d{i}", "model": "{m}", "score": {i % 2}}}' for i in (1, 2) for m in "xy"
    ]
    path = write(tmp_path, "\n".join(lines) + "\n", "rag.jsonl")
    found = read([path], Wish(values=("score",)))
    assert found.origin == "plain tables"
    assert set(found.table.column("model").to_pylist()) == {"x", "y"}


def test_tables_of_spreadsheets(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffitem_id;model;value\n1;A;0,5\n2;A;1,0\n1;B;0,25\n2;B;0,75\n")
    found = read([path], Wish())
    by = {(r["model"], r["item_id"]): r["value"] for r in found.table.to_pylist()}
    assert by == {("A", "1"): 0.5, ("A", "2"): 1.0, ("B", "1"): 0.25, ("B", "2"): 0.75}
    assert len(found.account.understood) == 2


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("True", "False"), {1.0, 0.0}),
        (("pass", "fail"), {1.0, 0.0}),
        (("85%", "70%"), {0.85, 0.7}),
        (("[PASS] a", "[FAIL] b"), {1.0, 0.0}),
    ],
)
def test_cells_of_other_tools(tmp_path: Path, cells: tuple[str, str], values: set[float]) -> None:
    path = write(tmp_path, f"item_id,value\na,{cells[0]}\nb,{cells[1]}\n")
    assert set(read([path], Wish()).table["value"].to_pylist()) == values


def test_a_scale_counts_words(tmp_path: Path) -> None:
    path = write(tmp_path, "item_id,value\na,good\nb,bad\nc,1\n")
    with pytest.raises(InputError, match="--scale"):
        read([path], Wish())
    wish = Wish(scale={"good": 2.0, "bad": 0.0})
    assert read([path], wish).table["value"].to_pylist() == [2.0, 0.0, 1.0]


def test_fields_of_records_have_names(tmp_path: Path) -> None:
    table = pa.table(
        {
            "doc": [{"id": "a", "about": {"site": "x"}}, {"id": "b", "about": {"site": "y"}}],
            "metric": [{"acc": 1.0}, {"acc": 0.0}],
        }
    )
    pq.write_table(table, tmp_path / "details.parquet")
    wish = Wish(columns={"item_id": "doc.id"}, values=("metric.acc",), cluster="doc.about.site")
    rows = read([tmp_path / "details.parquet"], wish).table.to_pylist()
    assert {(r["item_id"], r["cluster_id"], r["value"]) for r in rows} == {
        ("a", "x", 1.0), ("b", "y", 0.0),
    }  # fmt: skip


def test_ids_that_one_tool_wrote_as_floats_are_the_same(tmp_path: Path) -> None:
    one = write(tmp_path, "item_id,value\n1,1\n2,0\n", "a.csv")
    two = write(tmp_path, "item_id,value\n1.0,0\n2.0,0\n", "b.csv")
    pq.write_table(pa.table({"item_id": [1.0, 2.0], "value": [1, 1]}), tmp_path / "c.parquet")
    rows = read([one, two, tmp_path / "c.parquet"], Wish()).table
    assert set(rows["item_id"].to_pylist()) == {"1", "2"}


def test_a_column_may_hold_what_the_items_say(tmp_path: Path) -> None:
    one = write(tmp_path, "item_id,question,value\n1,What?,1\n2,Why?,0\n", "a.csv")
    two = write(tmp_path, "item_id,question,value\n1,Why?,0\n2,What?,1\n", "b.csv")
    columns = {"document": "question"}
    with pytest.raises(InputError, match="two documents"):
        read([one, two], Wish(columns=columns))
    rows = read([one, two], Wish(columns=columns, by_content=True)).table.to_pylist()
    by = {(r["model"], r["item_id"]): r["value"] for r in rows}
    assert len(set(by.values())) == 2
    assert all(by[("a", item)] == value for (_, item), value in by.items())


def test_by_content_joins_models_of_one_table_and_keeps_equal_texts_apart(tmp_path: Path) -> None:
    text = "model,item_id,document,value\na,1,X,1\na,2,X,0\na,3,Y,1\nb,1,Y,0\nb,2,X,1\nb,3,X,0\n"
    found = read([write(tmp_path, text)], Wish(by_content=True)).table.to_pylist()
    by = {(r["model"], r["value"], r["item_id"][16:]) for r in found}
    assert len({r["item_id"] for r in found}) == 3
    assert {("a", 1.0, ""), ("a", 0.0, "#2"), ("b", 0.0, "")} <= by


@pytest.mark.parametrize("text", ["item_id,value\n1,1\n", "item_id,document,value\n1,,1\n"])
def test_by_content_without_content_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as caught:
        read([write(tmp_path, text)], Wish(by_content=True))
    assert caught.value.code == "no_content"


def test_codes_among_scores_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, "item_id,value\n1,1\n2,0\n3,-1\n4,1\n")
    assert "--missing-codes -1" in read([path], Wish()).notes[0]
    wish = Wish(dialect=Dialect(missing=("-1",)))
    assert read([path], wish).table["value"].to_pylist() == [1.0, 0.0, None, 1.0]


@pytest.mark.parametrize("role", ["model", "metric"])
def test_a_row_without_a_name_is_refused(tmp_path: Path, role: str) -> None:
    path = write(tmp_path, f"item_id,{role},value\n1,a,1\n2,NA,0\n")
    with pytest.raises(InputError, match=f"row 2 names no {role}") as caught:
        read([path], Wish())
    assert caught.value.code == "no_name"


def test_lines_of_json_are_read_where_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"item_id": 1, "value": 1}\n{"item_id": 2, "value": 0}\n')
    found = read([tmp_path / "a.jsonl"], Wish())
    assert found.table.column("value").to_pylist() == [1.0, 0.0]
    (tmp_path / "t.csv").write_text("item_id,value\n1,1\n")
    beside = read([tmp_path], Wish())
    assert beside.table.num_rows == 1


def test_ids_that_differ_in_form_alone_are_said(tmp_path: Path) -> None:
    rows = ["a,é,1", "b,e\u0301,0", "a,Q1,1", "b,q1,0", "a,x,1", "b,x,1"]
    (tmp_path / "t.csv").write_text("model,item_id,value\n" + "\n".join(rows) + "\n")
    [note] = [n for n in read([tmp_path / "t.csv"], Wish()).notes if "form alone" in n]
    assert note.startswith("2 items of different models")
    (tmp_path / "u.csv").write_text("model,item_id,value\na,A,1\na,a,0\nb,A,1\nb,a,1\n")
    assert read([tmp_path / "u.csv"], Wish()).notes == ()


def test_other_names_of_item_and_score_are_taken_where_there_is_one_and_said(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "task_id,completion,Passed\na,x,1\nb,y,0\n")
    found = read([path], Wish())
    assert found.table.column("item_id").to_pylist() == ["a", "b"]
    assert found.table.column("value").to_pylist() == [1.0, 0.0]
    told = "\n".join(found.account.understood)
    assert "column 'task_id' is taken for item_id" in told
    assert "column 'Passed' is taken for value" in told
    for header in ("id,task_id,score", "id,score,correct"):
        path = write(tmp_path, f"{header}\na,1,1\nb,0,1\n")
        with pytest.raises(InputError) as caught:
            read([path], Wish())
        assert caught.value.code == "no_column"


def test_json_is_read_where_it_is_named(tmp_path: Path) -> None:
    text = '{"columns": ["item_id", "value"], "data": [["a", 1], ["b", 0.5]]}'
    path = write(tmp_path, text, "table.json")
    assert read([path], Wish()).table.column("value").to_pylist() == [1.0, 0.5]


@pytest.mark.parametrize(
    ("header", "role"),
    [("Model", "model"), ("model_name", "model"), ("LLM", "model"), ("Metric", "metric")],
)
def test_columns_named_like_a_role_are_taken_and_said(
    tmp_path: Path, header: str, role: str
) -> None:
    path = write(tmp_path, f"item_id,{header},value\n1,a,0\n2,a,1\n3,b,1\n", "t.csv")
    found = read([path], Wish())
    assert {r[role] for r in found.table.to_pylist()} == {"a", "b"}
    assert f"t.csv: column {header!r} is taken for {role} (--map {role}=COLUMN)." in (
        found.account.understood
    )


def test_clusters_and_repeats_of_other_names(tmp_path: Path) -> None:
    text = "item_id,Cluster,epoch,value\n1,c,1,0\n1,c,2,1\n2,c,1,1\n2,c,2,1\n"
    rows = read([write(tmp_path, text)], Wish()).table.to_pylist()
    assert {(r["cluster_id"], r["repeat"]) for r in rows} == {("c", 1), ("c", 2)}
    dates = text.replace(",1,", ",2024-01-01,").replace(",2,", ",2024-01-02,")
    with pytest.raises(InputError, match="occur twice") as caught:
        read([write(tmp_path, dates)], Wish())
    assert "--map repeat=COLUMN" in caught.value.hint


def test_what_is_not_used_is_said(tmp_path: Path) -> None:
    text = "item_id,value,stderr,error\n1,0,.1,timeout\n2,1,.1,\n3,1,.1,False\n"
    found = read([write(tmp_path, text, "t.csv")], Wish())
    assert "t.csv: columns that are not used: stderr, error." in found.account.understood
    [note] = [n for n in found.notes if "'error'" in n]
    assert "1 rows have something in it" in note
    told = read([write(tmp_path, text.replace("stderr", "status").replace(".1", "ok"))], Wish())
    assert not [n for n in told.notes if "'error'" in n]


def test_a_status_in_capitals_and_one_that_is_another(tmp_path: Path) -> None:
    rows = read([write(tmp_path, "item_id,Status,value\n1,OK,1\n2,Skipped,\n")], Wish()).table
    assert rows.column("status").to_pylist() == ["ok", "skipped"]
    with pytest.raises(InputError, match="rename the column"):
        read([write(tmp_path, "item_id,Status,value\n1,finished,1\n")], Wish())


@pytest.mark.parametrize(
    ("one", "two"), [("007", "7"), ("1e3", "1000"), ("2024-01-01", "2024-01-01 00:00:00")]
)
def test_ids_in_two_forms_are_said(tmp_path: Path, one: str, two: str) -> None:
    write(tmp_path, f"item_id,value\n{one},1\nx,0\n", "a.csv")
    write(tmp_path, f"item_id,value\n{two},1\nx,0\n", "b.csv")
    [note] = read([tmp_path / "a.csv", tmp_path / "b.csv"], Wish()).notes
    assert repr(one) in note
    assert repr(two) in note


def test_parts_of_one_table_are_one_model(tmp_path: Path) -> None:
    for folder, names in (
        ("m", ("part-0", "part-1")),
        ("n", ("x-00000-of-00002", "x-00001-of-00002")),
    ):
        (tmp_path / folder).mkdir()
        for at, name in enumerate(names):
            write(tmp_path / folder, f"item_id,value\nq{at},1\n", f"{name}.csv")
        found = read([tmp_path / folder], Wish())
        [model] = set(found.table.column("model").to_pylist())
        assert model == {"m": "m", "n": "x"}[folder]
        assert "which names the model" in found.account.understood[0]


@pytest.mark.parametrize("names", [("Mean", "mean"), ("Overall", "Average")])
def test_sums_of_each_model_are_no_items(tmp_path: Path, names: tuple[str, str]) -> None:
    one, two = names
    rows = [*("a,1,1", "a,2,0", "a,3,1", f"a,{one},0.667"), *("b,1,1", "b,2,0", "b,3,0")]
    text = "\n".join(["model,id,score", *rows, f"b,{two},0.33"])
    found = read([write(tmp_path, text)], Wish())
    assert {r["item_id"] for r in found.table.to_pylist()} == {"1", "2", "3"}
    assert any("sum up the others of their model" in text for text in found.account.understood)


def test_an_item_that_is_only_named_like_a_sum_counts_and_is_said(tmp_path: Path) -> None:
    found = read([write(tmp_path, "id,score\nsum,1\nmax,0\nmedian,1\nq,0\n")], Wish())
    assert found.table.num_rows == 4
    assert any("count as the others do" in text for text in found.account.understood)


def test_ids_that_a_spreadsheet_shortened_are_said(tmp_path: Path) -> None:
    found = read([write(tmp_path, "id,score\n1.23457E+15,1\n1.23458E+15,0\n")], Wish())
    assert any("2 items are named such as 1.23457E+15" in note for note in found.notes)
    plain = read([write(tmp_path, "id,score\n1234570000000001,1\n1e5,0\n")], Wish())
    assert plain.notes == ()
