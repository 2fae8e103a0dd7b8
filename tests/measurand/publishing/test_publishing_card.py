from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from huggingface_hub import DatasetCard
from toy_dataset import WORDS, write

from measurand.manifest import Source
from measurand.publishing.card import card, prose
from measurand.publishing.licences import origins
from measurand.publishing.parts import read_parts

FEATURES = {"words": [{"name": "word_id", "dtype": "string"}], "ratings": []}


def made(dataset: Path, own: str = "MIT") -> str:
    parts = read_parts(dataset)
    return card(
        parts,
        origins(parts, own),
        title="Toy: words and <ratings>",
        about="Toy.\n\nWhat it is.\n\n=====  ====\nruled  table\n=====  ====\n\nMore.",
        digest="d" * 64,
        citation="toy",
        features=FEATURES,
        address="me/toy",
    )


def test_the_front_matter_says_what_datasets_needs(dataset: Path) -> None:
    found = DatasetCard(made(dataset)).data.to_dict()
    assert found["license"] == "mit"
    assert found["size_categories"] == ["n<1K"]
    assert [c["config_name"] for c in found["configs"]] == ["ratings", "words"]
    assert [c.get("default") for c in found["configs"]] == [None, True]
    words = found["dataset_info"][1]
    assert words["splits"][0]["num_examples"] == 40
    assert words["features"] == FEATURES["words"]


def test_a_reader_finds_sources_losses_and_the_dictionary(dataset: Path) -> None:
    text = made(dataset)
    assert "# Toy: words and &lt;ratings&gt;" in text
    assert "| word list | MIT | https://example.org/words |" in text
    assert "| `words` | too short | 2 |" in text
    assert "| `words` | rude | 1 |" in text
    for row in WORDS.dictionary().splitlines():
        # Parquet renames the values of lists.
        assert row.replace("item", "element") in text
    assert 'load_dataset("me/toy", "words", split="train")' in text
    assert "ruled  table" not in text
    assert "d" * 64 in text


def test_losses_that_did_not_happen_are_said_to_be_none(tmp_path: Path) -> None:
    write(tmp_path)
    for name in ("words",):
        for path in (tmp_path / name).iterdir():
            path.unlink()
        (tmp_path / name).rmdir()
    assert "No row was rejected on the way." in made(tmp_path)


@pytest.mark.parametrize(
    ("licence", "own", "expected"),
    [
        ("GPL-3.0-or-later", "MIT", {"license": ["gpl-3.0", "mit"]}),
        ("public domain", "MIT", {"license": "other", "license_name": "per-source"}),
        ("LicenseRef-x", "MIT", {"license": "other"}),
    ],
)
def test_the_hub_gets_its_own_words_for_licences(
    tmp_path: Path, licence: str, own: str, expected: dict[str, object]
) -> None:
    write(tmp_path, source=Source("s", "u", licence))
    matter = yaml.safe_load(made(tmp_path, own).split("---")[1])
    assert expected.items() <= matter.items()


def test_foreign_text_cannot_mark_up_the_card(tmp_path: Path) -> None:
    write(tmp_path, source=Source("a|b\n# no <script>", "u", "MIT"))
    text = made(tmp_path)
    assert "<script>" not in text
    assert "a\\|b # no" in text


def test_a_docstring_without_a_body_is_no_prose() -> None:
    assert prose("Head line only.") == ""
    assert prose("Head.\n\nOne <b>.\n\nTwo.") == "One &lt;b>.\n\nTwo."
