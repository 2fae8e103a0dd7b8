from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from measurand.errors import InputError
from pipelines.webagent import site_pages
from pipelines.webagent.cleaning import Clean
from pipelines.webagent.html import PageError
from pipelines.webagent.sessions import Setting
from pipelines.webagent.sources import plan, read
from schemas.webagent.corpus import Corpus
from schemas.webagent.corpus_tables import PARTS
from schemas.webagent.params import HELD_OUT_THEMES, SITES, TRAIN_THEMES

# Not imported here: vLLM's CPU engine looks at every global of a process, flask's stand-ins too.
if find_spec("flask") is None:
    pytest.skip("the sites need flask: pip install 'measurand[web]'", allow_module_level=True)
SETTING = Setting("estate", TRAIN_THEMES[0], 3)


def corpus(**given: object) -> Corpus:
    asked = {"kind": "sites", "records": 2, "pages": 4, **given}
    return Corpus.model_validate({"sources": [asked], "part_most": 2000})


def test_pages_are_those_that_links_lead_to() -> None:
    found = site_pages.addresses(SETTING, 9)
    assert found[0] == "/estate/"
    assert len(set(found)) == len(found) == 9
    text = site_pages.read(SETTING, found[0]).decode()
    assert f'href="{found[1]}"' in text.replace("&amp;", "&")
    with pytest.raises(PageError):
        site_pages.read(SETTING, "/estate/nothing-there")


def test_a_page_is_the_same_for_every_visitor_and_from_any_thread() -> None:
    asked = [(Setting("forum", TRAIN_THEMES[1], n % 3), "/forum/") for n in range(24)]
    alone = [site_pages.read(*one) for one in asked]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda one: site_pages.read(*one), asked)) == alone
    assert len(set(alone)) == 3


def test_no_page_of_a_held_out_theme_and_one_split_a_record_set(tmp_path: Path) -> None:
    given = corpus()
    found = plan(given, tmp_path)
    assert len(found.entries) == len(SITES) * len(TRAIN_THEMES) * 2 * 4
    assert not [e.key for e in found.entries if any(f"/{t}/" in e.key for t in HELD_OUT_THEMES)]
    entries = {entry.key: entry for entry in found.entries}
    parts = [made[PARTS.name].to_pylist() for made, _ in Clean(given, entries)(list(entries))]
    rows = [row for some in parts for row in some]
    splits = {(entries[row["doc_id"]].group, row["split"]) for row in rows}
    assert len(splits) == len(SITES) * 2
    assert len(rows) > 200
    assert read(found.entries[0], 10**6)[0].startswith(b"<!")


def test_another_site_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        plan(corpus(sites=["shop"]), tmp_path)
    assert caught.value.code == "no_site"
