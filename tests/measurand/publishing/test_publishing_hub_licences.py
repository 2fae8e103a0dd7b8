from __future__ import annotations

import pytest

from measurand.publishing.hub_licences import hub_word, spdx
from measurand.publishing.licences import recognise


@pytest.mark.parametrize(
    "word",
    [
        *("odbl", "odc-by", "pddl", "c-uda", "openrail", "openrail++", "llama3.1", "gemma"),
        *("mit", "cc0-1.0", "cc-by-nc-sa-4.0", "gpl-3.0", "lgpl-2.1", "ofl-1.1", "ms-pl"),
        *("etalab-2.0", "afl-3.0", "bigscience-openrail-m", "postgresql", "lppl-1.3c"),
    ],
)
def test_words_of_the_hub_come_back(word: str) -> None:
    licence = recognise(word)
    assert licence is not None
    assert hub_word(licence.identifier) == word


@pytest.mark.parametrize("word", ["gpl", "cc", "cc-by", "bsd", "unknown", "other", "lgpl"])
def test_words_that_say_too_little_permit_nothing(word: str) -> None:
    assert recognise(word) is None


def test_names_that_the_hub_lacks() -> None:
    assert hub_word("LicenseRef-mine") is None
    assert hub_word("MIT OR Apache-2.0") is None
    assert spdx("MIT OR Apache-2.0") == "MIT OR Apache-2.0"


def test_lower_case_credits() -> None:
    licence = recognise("cc-by-4.0, Jane Doe")
    assert licence is not None
    assert (licence.identifier, licence.attribution) == ("CC-BY-4.0", "Jane Doe")


def test_a_list_of_the_hub_is_one_expression() -> None:
    licence = recognise("ODbL-1.0 AND cc-by-4.0")
    assert licence is not None
    assert [hub_word(one) for one in licence.identifier.split(" AND ")] == ["odbl", "cc-by-4.0"]
