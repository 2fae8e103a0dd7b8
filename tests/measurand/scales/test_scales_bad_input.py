"""Whatever a user's files hold: figures, nulls with reasons, or one named error; no traceback."""

from __future__ import annotations

import io
import json
import math
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from measurand import cli, keying, responses
from measurand.api.scales import Reliability
from measurand.errors import InputError
from measurand.scales.record import analyse
from measurand.stats.reliability import FIGURES

CASES = 10_000
TOKENS = (
    "", " ", "NA", "nan", "NaN", "null", ".", "inf", "-inf", "Infinity", "1e400", "1e16", "-1e308",
    "1e-320", "five", "3,5", '"3', '"3"', '"a\nb"', "1_000", "0x10", "٣", "+4", "-0", "2.50", "1 2",
    "\ufeff", "=1+1", "<script>", "\x1b[31m", "1e15", "0", "99", "True", "\u2028", "🙂", "\r", "\t",
)  # fmt: skip
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1")
Rows = list[list[str]]


def grid(rng: random.Random) -> Rows:
    """A clean table: header, respondents, sometimes a cluster column."""
    n, k = rng.choice((0, 1, 2, 3, 5, 8, 12, 25)), rng.choice((1, 2, 2, 3, 3, 4, 5, 5, 5, 8))
    rows = [[f"q{j}" for j in range(k)]]
    for _ in range(n):
        trait = rng.gauss(0, 1)
        rows.append([str(min(5, max(1, round(3 + trait + rng.gauss(0, 1))))) for _ in range(k)])
    if rng.random() < 0.3:
        for i, row in enumerate(rows):
            row.append("group" if i == 0 else rng.choice("abcdef"))
    return rows


def cell(rows: Rows, rng: random.Random) -> None:
    row = rng.choice(rows)
    if row:
        row[rng.randrange(len(row))] = rng.choice(TOKENS)


def column(rows: Rows, rng: random.Random) -> None:
    """A constant, missing, repeated or textual column."""
    j = rng.randrange(len(rows[0]))
    values: Callable[[int], str] = rng.choice(
        (lambda i: "3", lambda i: "", lambda i: str(i), lambda i: "inf", lambda i: f"word{i}")
    )
    other = rng.randrange(len(rows[0])) if rng.random() < 0.4 else None
    for i, row in enumerate(rows[1:]):
        if j < len(row) and (other is None or other < len(row)):
            row[j] = values(i) if other is None else row[other]


def names(rows: Rows, rng: random.Random) -> None:
    j = rng.randrange(len(rows[0]))
    rows[0][j] = rng.choice((rows[0][0], "", "q1", " q0 ", "nan", '"', "group", "q\n1"))


def shape(rows: Rows, rng: random.Random) -> None:
    row = rng.choice(rows)
    match rng.randrange(4):
        case 0:
            row.append("3")
        case 1 if len(row) > 1:
            row.pop()
        case 2:
            rows.append([])
        case _:
            rows.extend([list(row) for _ in range(3)])


def damage(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    match rng.randrange(6):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        case 2:
            return (
                data[:at] + bytes(rng.randrange(256) for _ in range(rng.randrange(9))) + data[at:]
            )
        case 3:
            return data[:at] + b"\0" + data[at:]
        case 4:
            return data.replace(b",", rng.choice((b";", b"\t", b",,")))
        case _:
            return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"")))


def as_csv(rows: Rows, rng: random.Random) -> bytes:
    text = "\n".join(",".join(row) for row in rows) + rng.choice(("", "\n"))
    encoding = rng.choice(ENCODINGS) if rng.random() < 0.1 else "utf-8"
    return text.encode(encoding, "replace")


def as_parquet(rows: Rows, rng: random.Random) -> bytes:
    arrays = []
    for j in range(len(rows[0])):
        texts = [row[j] if j < len(row) else None for row in rows[1:]]
        made = rng.randrange(6)
        numbers = [float(t) if t and t.strip().isdecimal() else None for t in texts]
        if made == 0:
            arrays.append(pa.array(texts, pa.string()))
        elif made == 1:
            odd = [rng.choice((math.nan, math.inf, 1e300, None, x)) for x in numbers]
            arrays.append(pa.array(odd, pa.float64()))
        elif made == 2:
            kind = rng.choice((pa.int8(), pa.float32(), pa.bool_(), pa.null(), pa.float16()))
            small = [None if x is None else bool(x) if pa.types.is_boolean(kind) else x % 100
                     for x in numbers]  # fmt: skip
            arrays.append(
                pa.nulls(len(numbers)) if pa.types.is_null(kind) else pa.array(small, kind)
            )
        elif made == 3:
            wrapped: list[Any] = [None if x is None else [x] for x in numbers]
            arrays.append(pa.array(wrapped, pa.list_(pa.float64())))
        else:
            arrays.append(pa.array(numbers, pa.float64()))
    table = pa.Table.from_arrays(arrays, names=[str(name) for name in rows[0]])
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


def key_file(rows: Rows, rng: random.Random) -> bytes:
    lines: Rows = [list(keying.KEY_COLUMNS)]
    for name in rows[0]:
        if name != "group" or rng.random() < 0.05:
            lines.append([name, rng.choice("AAB"), rng.choice(("1", "-1", "+1")), "1", "5"])
    for _ in range(rng.choice((0, 0, 0, 0, 0, 1, 2))):
        rng.choice((cell, cell, names, shape))(lines, rng)
    if rng.random() < 0.05:
        lines.append(list(rng.choice(lines)))
    if rng.random() < 0.05:
        lines[-1][3:5] = rng.choice((["5", "1"], ["1", "1"], ["", "5"], ["2", "4"]))
    data = as_csv(lines, rng)
    return damage(data, rng) if rng.random() < 0.05 else data


def case(seed: int) -> tuple[bytes, bytes | None, dict[str, Any]]:
    """The files and options of one generated case."""
    rng = random.Random(seed)
    rows = grid(rng)
    key = key_file(rows, rng) if rng.random() < 0.5 else None
    for _ in range(rng.choice((0, 0, 1, 1, 1, 2, 4))):
        rng.choice((cell, cell, column, column, names, shape))(rows, rng)
    data = as_parquet(rows, rng) if rng.random() < 0.25 else as_csv(rows, rng)
    if rng.random() < 0.2:
        data = damage(data, rng)
    options = {
        "cluster": rng.choice((*rows[0], "")) if rng.random() < 0.2 else None,
        "missing": rng.choice(("pairwise", "listwise")),
        "resamples": rng.choice((0, 0, 0, 0, 40)),
        "seed": seed,
    }
    return data, key, options


def measure(data: bytes, key: bytes | None, options: dict[str, Any]) -> dict[str, Any]:
    lines = None if key is None else keying.parse_key(responses.read(io.BytesIO(key), "key.csv"))
    table = responses.read(io.BytesIO(data), "answers.csv")
    cluster = options["cluster"]
    if lines is None:
        keyed = keying.without_key(table, cluster)
    else:
        keyed = keying.apply_key(table, lines, cluster)
    return analyse(keyed, **options)


def assert_sound(record: dict[str, Any]) -> None:
    """Every figure is finite or null with a reason."""
    assert record["scales"]
    for scale in record["scales"]:
        assert set(scale["figures"]) == set(FIGURES)
        for name, figure in scale["figures"].items():
            if figure["value"] is None:
                assert figure["reason"], name
            for part in ("value", "se", "ci_lo", "ci_hi"):
                assert figure[part] is None or math.isfinite(figure[part]), (name, part)
        assert (scale["band"] is None) == (scale["figures"]["alpha"]["value"] is None)
        for item in scale["items"]:
            for part in ("item_rest_r", "alpha_if_deleted"):
                assert (item[part] is None) == bool(item[f"{part}_reason"])
                assert item[part] is None or math.isfinite(item[part])
    json.loads(Reliability(record).to_json())
    assert "\x1b" not in Reliability(record).render()


def ending(data: bytes, key: bytes | None, options: dict[str, Any]) -> str:
    """How a case ends: ``figures``, ``reasons`` or the code of the named error."""
    try:
        record = measure(data, key, options)
    except InputError as error:
        return named(error)
    assert_sound(record)
    defined = record["scales"][0]["figures"]["alpha"]["value"] is not None
    return "figures" if defined else "reasons"


def named(error: InputError) -> str:
    assert error.code not in ("error", "bad_input")
    assert error.args[0]
    assert error.hint
    return error.code


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_ten_thousand_inputs_give_figures_reasons_or_a_named_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(CASES):
        data, key, options = case(seed)
        try:
            outcomes[ending(data, key, options)] += 1
        except BaseException as error:
            raise AssertionError(f"case({seed}): {data!r} {key!r} {options}") from error
    # The generator reaches every kind of ending, so that none of them is vacuous.
    expected = {
        "figures", "reasons", "empty", "duplicate_columns", "ragged", "not_text", "bad_encoding",
        "bad_csv", "bad_parquet", "no_items", "not_a_number", "out_of_range", "missing_items",
        "bad_key", "bad_cluster",
    }  # fmt: skip
    assert expected <= set(outcomes), f"never seen: {expected - set(outcomes)}; seen {outcomes}"
    assert outcomes["figures"] > CASES / 10


CLEAN = "a,b,c\n1,2,2\n2,2,3\n3,4,4\n5,4,5\n1,1,2\n"
CLEAN_KEY = "item,scale,keyed,minimum,maximum\na,S,1,1,5\nb,S,-1,1,5\nc,S,1,1,5\n"


def run(
    folder: Path, data: bytes | str, key: str | None = None, *more: str, name: str = "answers.csv"
) -> int:
    """The command line on real files."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    few = () if "--resamples" in more else ("--resamples", "40")
    argv = ["reliability", str(path), *few, *more]
    if key is not None:
        (folder / "key.csv").write_text(key)
        argv += ["--key", str(folder / "key.csv")]
    return cli.main(argv)


@pytest.mark.parametrize(
    ("data", "key", "code", "says"),
    [
        ("", None, "empty", "answers.csv"),
        ("\n\n", None, "empty", "answers.csv"),
        ("a,b\n", None, "empty", "without rows"),
        ("a,b,a\n1,2,3\n", None, "duplicate_columns", "'a'"),
        ("a, a\n1,2\n", None, "duplicate_columns", "'a'"),
        ("a,b\n1,2\n3,four\n", None, "not_a_number", "column 'b' has 1 cells"),
        ("a,b\n1,2\n3,four\n", None, "not_a_number", "row 2: 'four'"),
        ("a,b\n1,2\n3,inf\n", None, "not_a_number", "row 2: 'inf'"),
        ("a,b\n1,-Infinity\n3,inf\n", None, "not_a_number", "'b' has 2 cells"),
        ("a,b\n1,1e300\n", None, "not_a_number", "1e300"),
        ("a,b\n1,2\n3\n", None, "ragged", "Expected 2 columns, got 1"),
        ("a,b\n1,2\n3,4,5\n", None, "ragged", "got 3"),
        ("a,b\n1,\x002\n", None, "not_text", "line 2"),
        (CLEAN.encode("utf-16")[:-1], None, "bad_encoding", "utf-16"),
        ("a,é\n1,2\n".encode("latin-1"), None, "bad_encoding", "UTF-8"),
        ("a;b;c\nx;y;z\n", None, "no_items", "no numeric column"),
        ("name,why\nx,y\n", None, "no_items", "no numeric column"),
        (CLEAN.replace("c", "C"), CLEAN_KEY, "missing_items", "did you mean 'C'"),
        (CLEAN.replace("5,4,5", "5,6,9"), CLEAN_KEY, "out_of_range", "'b' has 1 answers outside"),
        (CLEAN.replace("5,4,5", "5,,9"), CLEAN_KEY, "out_of_range", "row 4: 9"),
        (CLEAN, CLEAN_KEY.replace("-1", "0"), "bad_key", "rows 2"),
        (CLEAN, CLEAN_KEY.replace("-1", "minus"), "bad_key", "'minus'"),
        (CLEAN, CLEAN_KEY.replace("keyed", "sign"), "bad_key", "'keyed'"),
        (
            CLEAN,
            CLEAN_KEY.replace("1,1,5", "1,5,1"),
            "bad_key",
            "minimum is not below maximum in rows 1, 2, 3",
        ),
        (CLEAN, CLEAN_KEY.replace("a,S", "a,"), "bad_key", "no scale in rows 1"),
        (CLEAN, CLEAN_KEY.replace("c,S", "a,S"), "bad_key", "stands 2 times"),
        (CLEAN, CLEAN_KEY + "a,T,1,1,7\n", "bad_key", "two ranges"),
        (CLEAN, "item,scale,keyed,minimum,maximum\n", "empty", "key.csv"),
        (CLEAN, "", "empty", "key.csv"),
    ],
)
def test_bad_files_end_in_one_line_and_exit_3(
    data: bytes | str,
    key: str | None,
    code: str,
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(tmp_path, data, key) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1
    assert f": {code}: " in told.err
    assert says in told.err


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("a\n1\n2\n3\n", "item"),  # one column
        ("a,b,c\n1,2,3\n", "row"),  # one row
        ("a,b,c\n1,2,3\n1,2,3\n", "var"),  # nothing varies
        ("a,b\n1,3\n2,3\n4,3\n5,3\n", "item"),  # one item that varies
    ],
)
def test_undefined_figures_are_null_with_a_reason_and_exit_0(
    data: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, data, None, "--format", "json") == 0
    record = json.loads(capsys.readouterr().out)
    assert_sound(record)
    figures = record["scales"][0]["figures"]
    undefined = [f for f in figures.values() if f["value"] is None]
    assert figures["omega_m1"] in undefined
    assert all(says in f["reason"] for f in [figures["omega_m1"]])


def test_a_million_columns_are_refused_before_they_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = ",".join(f"i{j}" for j in range(1_000_000))
    read = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            read.append(len(data))
            return data

    source = Watched((header + "\n" + "1," * 999_999 + "1\n").encode())
    with pytest.raises(InputError, match="the limit is 20,000") as caught:
        responses.read(source, "wide.csv")
    assert caught.value.code == "too_wide"
    assert sum(read) < len(header)
    narrow = ",".join(f"i{j}" for j in range(20_001)) + "\n"
    assert run(tmp_path, narrow) == 3
    assert "20,001 columns; the limit is 20,000" in capsys.readouterr().err


def test_too_many_items_in_one_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    k = 1001
    rows = "\n".join(",".join(str((i * j) % 5 + 1) for j in range(k)) for i in range(3))
    assert run(tmp_path, ",".join(f"i{j}" for j in range(k)) + "\n" + rows + "\n") == 3
    assert "1,001 items; the limit is 1000" in capsys.readouterr().err


def test_files_that_cannot_be_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path, Path("/dev/zero")):
        assert cli.main(["reliability", str(path)]) == 3
        told = capsys.readouterr().err
        assert path.name in told
        assert "Traceback" not in told
    assert run(tmp_path, CLEAN, None, "--key", str(tmp_path / "no key.csv")) == 3
    assert "no_file" in capsys.readouterr().err


def test_too_large_a_file_is_refused_unread(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(responses.MAX_BYTES + 1)  # sparse: takes no disk
    assert cli.main(["reliability", str(path)]) == 3
    assert "too_large" in capsys.readouterr().err


def test_unreadable_parquet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sink = io.BytesIO()
    parquet.write_table(pa.table({"a": [1, 2], "b": [2, 1]}), sink)
    whole = sink.getvalue()
    for data in (whole[:-9], whole[:40], b"PAR1", b"PAR1" + b"x" * 99, CLEAN.encode()):
        assert run(tmp_path, data, name="answers.parquet") == 3
        assert "bad_parquet" in capsys.readouterr().err


@pytest.mark.parametrize(
    "more", [("--resamples", "7"), ("--resamples", "-1"), ("--seed", "-1"), ("--cluster", "d")]
)
def test_arguments_out_of_range(
    more: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, CLEAN, None, *more) == 3
    assert more[1] in capsys.readouterr().err
