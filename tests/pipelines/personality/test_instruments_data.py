from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from measurand.errors import InputError, ParamsError
from pipelines.personality import instruments
from pipelines.personality.instruments import index, load, normalised, shared_items
from schemas.personality.params import NOT_ADMINISTERED

PUBLIC = [name for name, entry in index().items() if not entry.private]
PRIVATE = [name for name, entry in index().items() if entry.private]


def test_public_instruments_are_whole(tmp_path: Path) -> None:
    items, scales = load(PUBLIC, tmp_path)
    assert items["text"].null_count == 0
    assert all(scales["administered"].to_pylist())
    for row in items.to_pylist():
        assert re.fullmatch(r"I [a-z][^.]*[^. ]", row["text"]), row["text"]
        assert "public domain" in row["licence"]


@pytest.mark.parametrize("name", PUBLIC)
def test_no_item_occurs_twice_in_an_instrument(name: str, tmp_path: Path) -> None:
    texts = load([name], tmp_path)[0]["text"].to_pylist()
    assert len({normalised(t) for t in texts}) == len(texts)


def test_no_copyrighted_text_is_shipped(tmp_path: Path) -> None:
    items, scales = load(PRIVATE, tmp_path)
    assert items["text"].null_count == items.num_rows == 119
    assert set(scales["reason"].to_pylist()) == {NOT_ADMINISTERED}
    for name in PRIVATE:
        lines = (instruments.HERE / f"{name}.csv").read_text().splitlines()
        assert all(re.fullmatch(r"\d+,,[A-Z]+,,-?1", line) for line in lines[1:])


def test_copyrighted_instruments_have_the_published_structure(tmp_path: Path) -> None:
    # Section 3 of the specification: scale -> (items, of them reversed, choices).
    expected = {
        "bfi_44.EXT": (8, 3),
        "bfi_44.AGR": (9, 4),
        "bfi_44.CON": (9, 4),
        "bfi_44.NEU": (8, 3),
        "bfi_44.OPE": (10, 2),
        "panas.PA": (10, 0),
        "panas.NA": (10, 0),
        "bpaq.PHYS": (9, 1),
        "bpaq.VRBL": (5, 0),
        "bpaq.ANGR": (7, 1),
        "bpaq.HSTL": (8, 0),
        "sscs.CSE": (6, 0),
        "sscs.CPI": (5, 0),
        "pvq_rr.ACHV": (3, 0),
        "pvq_rr.CONF": (6, 0),
        "pvq_rr.SCRT": (6, 0),
    }
    items, scales = load(PRIVATE, tmp_path)
    found = {r["scale_id"]: (r["n_items"], r["n_reversed"]) for r in scales.to_pylist()}
    assert found == expected
    choices = {(r["instrument_id"], r["k_choices"]) for r in items.to_pylist()}
    assert choices == {("pvq_rr", 6), *((n, 5) for n in PRIVATE if n != "pvq_rr")}


def test_criteria_have_the_expected_signs(tmp_path: Path) -> None:
    # Section 5: EXT with PA +, NA -; AGR with aggression -; CON with values +; NEU with NA +, PA -,
    # aggression +; OPE with creativity +.
    scales = load(["panas", "bpaq", "sscs", "pvq_rr", "spi_27"], tmp_path)[1].to_pylist()
    signs = {r["scale_id"]: tuple(r["expected_signs"]) for r in scales}
    positive, negative = (1, 0, 0, -1, 0), (-1, 0, 0, 1, 0)
    aggression, values, creative = (0, -1, 0, 1, 0), (0, 0, 1, 0, 0), (0, 0, 0, 0, 1)
    assert signs["panas.PA"] == signs["spi_27.WellBeing"] == positive
    assert signs["panas.NA"] == signs["spi_27.Anxiety"] == negative
    assert {signs[f"bpaq.{s}"] for s in ("PHYS", "VRBL", "ANGR", "HSTL")} == {aggression}
    assert signs["spi_27.Irritability"] == aggression
    assert {signs[f"pvq_rr.{s}"] for s in ("ACHV", "CONF", "SCRT")} == {values}
    assert signs["sscs.CSE"] == signs["sscs.CPI"] == signs["spi_27.Creativity"] == creative


def write_private(folder: Path, rows: list[tuple[object, object]]) -> None:
    with (folder / "sscs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("number", "text"), *rows])


def test_private_texts_are_taken(tmp_path: Path) -> None:
    write_private(tmp_path, [(n, f"text {n}") for n in range(11, 0, -1)])
    items, scales = load(["sscs"], tmp_path)
    texts = {r["number"]: r["text"] for r in items.to_pylist()}
    assert texts == {n: f"text {n}" for n in range(1, 12)}
    assert all(scales["administered"].to_pylist())


@pytest.mark.parametrize(
    "rows",
    [
        [(n, "x") for n in range(1, 11)],
        [(n, "x") for n in range(1, 13)],
        [*((n, "x") for n in range(1, 11)), (10, "x")],
        [(n, "") for n in range(1, 12)],
        [("one", "x")],
        [],
    ],
)
def test_private_texts_that_do_not_fit_are_refused(
    tmp_path: Path, rows: list[tuple[object, object]]
) -> None:
    write_private(tmp_path, rows)
    with pytest.raises(InputError, match=r"sscs\.csv") as caught:
        load(["sscs"], tmp_path)
    assert "number,text" in caught.value.hint


def test_private_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sscs.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="not a table"):
        load(["sscs"], tmp_path)


def test_unknown_instrument_is_named() -> None:
    with pytest.raises(ParamsError, match="'bfi_2'"):
        load(["bfi_2"])


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("I don't talk a lot", "Do not talk a lot."),
        ("I am easily disturbed", "Am easily disturbed"),
        ("I feel others' emotions", "Feel others’ emotions."),
        ("I AM relaxed", "relaxed"),
    ],
)
def test_normalised_text_ignores_form(a: str, b: str) -> None:
    assert normalised(a) == normalised(b)


def test_normalised_text_keeps_content() -> None:
    assert normalised("I am not interested in abstract ideas") != normalised(
        "I am interested in abstract ideas"
    )


@pytest.mark.parametrize(
    ("first", "other", "count"),
    [
        ("ipip_neo_120", "mini_ipip", 6),
        ("ipip_neo_120", "ipip_50", 14),
        ("ipip_neo_120", "spi_27", 13),
        ("ipip_neo_300", "mini_ipip", 16),
        ("ipip_neo_300", "ipip_50", 28),
        ("ipip_neo_300", "spi_27", 18),
        ("ipip_50", "mini_ipip", 20),
    ],
)
def test_shared_items_are_counted(first: str, other: str, count: int, tmp_path: Path) -> None:
    items = load([first, other], tmp_path)[0]
    found = shared_items(items, first, other)
    assert len(found) == count
    assert all(i.startswith(f"{first}.") for i in found)
    assert len(shared_items(items, other, first)) == count


def test_mini_ipip_keeps_the_keys_of_its_parent(tmp_path: Path) -> None:
    rows = load(["ipip_50", "mini_ipip"], tmp_path)[0].to_pylist()
    parent = {r["text"]: (r["domain"], r["keyed"]) for r in rows if r["instrument_id"] == "ipip_50"}
    mini = [r for r in rows if r["instrument_id"] == "mini_ipip"]
    assert all(parent[r["text"]] == (r["domain"], r["keyed"]) for r in mini)
    assert sorted(r["domain"] for r in mini) == sorted(["EXT", "AGR", "CON", "NEU", "OPE"] * 4)


def test_every_data_file_has_origin_and_checksum() -> None:
    for source in instruments.sources(list(index())):
        assert source.url.startswith("https://")
        assert re.fullmatch("[0-9a-f]{64}", source.sha256 or "")
    licences = (instruments.HERE / "LICENCES.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}`" in licences for path in instruments.HERE.glob("*.csv"))
