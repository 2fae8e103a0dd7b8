from __future__ import annotations

import pytest
from pydantic import ValidationError

from schemas.webagent.corpus import Corpus, Corruption, PageFolder, Warc, name_of


def test_sources_of_ones_own_need_no_kind() -> None:
    given = [{"folder": "pages"}, {"warc": "a.warc", "name": "crawl"}, {"kind": "miniwob"}]
    found = Corpus.model_validate({"sources": given}).sources
    assert isinstance(found[0], PageFolder)
    assert isinstance(found[1], Warc)
    assert [name_of(one) for one in found] == ["folder", "crawl", "miniwob"]


@pytest.mark.parametrize(
    "given",
    [
        {"sources": [{"folder": "a"}, {"folder": "b"}]},
        {"sources": []},
        {"sources": [{"folder": "a"}], "part_least": 9, "part_most": 8},
        {"sources": [{"folder": "a"}], "corruption": {"spans": [8, 8]}},
        {"sources": [{"folder": "a"}], "corruption": {"spans": [8, 64], "weights": [1]}},
        {"sources": [{"folder": "a"}], "corruption": {"spans": [8], "weights": [0]}},
        {"sources": [{"folder": "a"}], "corruption": {"probes": [0]}},
        {"sources": [{"url": "http://a"}]},
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Corpus.model_validate(given)


def test_the_paper_s_mixture_is_the_default() -> None:
    assert Corruption().spans == (8, 64)
    assert Corruption().density == 0.15
