from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from toy_dataset import write

from measurand.manifest import Source
from measurand.publishing.licences import LicenceError, origins, recognise
from measurand.publishing.parts import read_parts
from measurand.publishing.publication import prepare
from measurand.shards import write_dataset
from measurand.tables import Column, Table

ITEMS = Table(
    "toy.items",
    "1.0.0",
    ("item_id",),
    (
        Column("item_id", pa.string(), "the item"),
        Column("licence", pa.string(), "licence of the text", nullable=True),
        Column("text", pa.string(), "the text", nullable=True),
        Column("level", pa.string(), "a code", nullable=True, enum=("low", "high")),
    ),
    "One row per item.",
)
CLOSED = "copyrighted by the publisher"


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("MIT", "MIT"),
        ("apache-2.0", "Apache-2.0"),
        (" CC-BY-4.0 ", "CC-BY-4.0"),
        ("MIT OR GPL-3.0-only", "MIT OR GPL-3.0-only"),
        ("LicenseRef-museum", "LicenseRef-museum"),
        ("public domain (U.S. government)", "public domain"),
        ("No known copyright restrictions, a museum", "no known copyright restrictions"),
        ("CC0", "CC0-1.0"),
        ("CC-BY-2.0, Jane Doe", "CC-BY-2.0"),
    ],
)
def test_licences_that_permit(text: str, identifier: str) -> None:
    found = recognise(text)
    assert found is not None
    assert found.identifier == identifier
    assert found.url.startswith("http") == (" OR " not in identifier and "Ref" not in text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "unknown",
        "none",
        "copyrighted",
        "all rights reserved",
        "free for research",
        "MIT, but not for you",
        "no known copyright, a museum",
    ],
)
def test_words_that_permit_nothing(text: str) -> None:
    assert recognise(text) is None


def test_whom_a_creative_commons_licence_asks_to_name(tmp_path: Path) -> None:
    found = recognise("CC-BY-2.0, Jane Doe, Ghent")
    assert found is not None
    assert found.attribution == "Jane Doe, Ghent"
    write(tmp_path, source=Source("photo", "https://example.org", "CC-BY-2.0, Jane Doe"))
    made = prepare("toy", tmp_path, about="Toy.", own="MIT", repo=None)
    card = made.files["README.md"]
    assert isinstance(card, bytes)
    assert b"CC-BY-2.0, Jane Doe" in card
    assert b"license:\n- cc-by-2.0\n- mit\n" in card


def test_every_source_is_named_with_who_used_it(dataset: Path) -> None:
    listed, own = origins(read_parts(dataset), "CC0-1.0")
    assert (listed.source.name, listed.used_by) == ("word list", ("ratings", "words"))
    assert own.licence is not None
    assert own.licence.identifier == "CC0-1.0"
    assert own.used_by == ("ratings", "words")


@pytest.mark.parametrize("licence", ["", "unknown", "see website"])
def test_a_source_without_a_licence_is_refused(tmp_path: Path, licence: str) -> None:
    write(tmp_path, source=Source("scraped", "https://example.org", licence))
    with pytest.raises(LicenceError, match="scraped") as caught:
        origins(read_parts(tmp_path), "MIT")
    assert caught.value.code == "no_licence"


def test_our_own_work_needs_a_licence_too(dataset: Path) -> None:
    with pytest.raises(LicenceError, match="own work"):
        origins(read_parts(dataset), "mine")


def items(out: Path, licence: str | None, text: str | None) -> Path:
    rows = ITEMS.from_columns(
        {
            "item_id": ["a", "b"],
            "licence": ["MIT", licence],
            "text": ["free", text],
            "level": ["low", "high"],
        }
    )
    source = Source("questionnaire", "https://example.org/q", CLOSED)
    write_dataset(out / "items", ITEMS, rows, sources=[source])
    return out


def test_rows_of_a_closed_source_stand_as_facts_only(tmp_path: Path) -> None:
    found = origins(read_parts(items(tmp_path / "facts", CLOSED, None)), "MIT")
    assert (found[0].source.name, found[0].licence) == ("questionnaire", None)
    with pytest.raises(LicenceError, match=r"1 rows .* show text, such as 'b'"):
        origins(read_parts(items(tmp_path / "texts", CLOSED, "secret")), "MIT")


def test_a_row_without_a_licence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LicenceError, match="licence None"):
        origins(read_parts(items(tmp_path, None, None)), "MIT")


def test_withheld_rows_of_one_licence_excuse_no_other_source(tmp_path: Path) -> None:
    items(tmp_path, "copyrighted by somebody else", None)
    with pytest.raises(LicenceError, match="questionnaire"):
        origins(read_parts(tmp_path), "MIT")
