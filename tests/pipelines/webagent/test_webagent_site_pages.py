from __future__ import annotations

import zipfile
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


def test_an_archive_holds_every_page_and_says_which_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [*site_pages.addresses(SETTING, 2), "/estate/nothing-there"]
    monkeypatch.setattr(site_pages, "addresses", lambda setting, most: asked[:most])
    found = site_pages.archive(tmp_path / "set.zip", "estate", 3, 3)
    assert [(theme, address) for theme, address, _ in found] == [
        (theme, address) for address in asked for theme in TRAIN_THEMES
    ]
    assert {why for _, _, why in found[-3:]} == {"the site has no page /estate/nothing-there"}
    with zipfile.ZipFile(tmp_path / "set.zip") as file:
        assert file.namelist() == [f"{theme}{address}" for theme, address, _ in found[:-3]]
        for theme, address, why in found[:-3]:
            page = site_pages.read(Setting("estate", theme, 3), address)
            assert (file.read(f"{theme}{address}"), why) == (page, "")


def test_what_a_site_does_not_have_is_rejected_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_pages, "addresses", lambda setting, most: ["/forum/nothing-there"])
    first = plan(corpus(sites=["forum"]), tmp_path, tmp_path).entries[0]
    with pytest.raises(PageError, match="the site has no page /forum/nothing-there") as caught:
        read(first, 10**6)
    assert caught.value.code == "status"


def test_another_source_is_refused_before_pages_are_made(tmp_path: Path) -> None:
    given = Corpus.model_validate(
        {"sources": [{"kind": "sites"}, {"folder": str(tmp_path / "no")}]}
    )
    with pytest.raises(InputError) as caught:
        plan(given, tmp_path, tmp_path)
    assert (caught.value.code, list(tmp_path.iterdir())) == ("no_folder", [])


def test_no_page_of_a_held_out_theme_and_one_split_a_record_set(tmp_path: Path) -> None:
    given = corpus()
    found = plan(given, tmp_path, tmp_path)
    assert len(found.entries) == len(SITES) * len(TRAIN_THEMES) * 2 * 4
    assert not [e.key for e in found.entries if any(f"/{t}/" in e.key for t in HELD_OUT_THEMES)]
    entries = {entry.key: entry for entry in found.entries}
    parts = [made[PARTS.name].to_pylist() for made, _ in Clean(given, entries)(list(entries))]
    rows = [row for some in parts for row in some]
    splits = {(entries[row["doc_id"]].group, row["split"]) for row in rows}
    assert len(splits) == len(SITES) * 2
    assert len(rows) > 200
    data, encoding = read(found.entries[0], 10**6)
    assert data == site_pages.read(Setting(SITES[0], TRAIN_THEMES[0], 0), f"/{SITES[0]}/")
    assert encoding == "utf-8"


def test_another_site_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        plan(corpus(sites=["shop"]), tmp_path, tmp_path)
    assert caught.value.code == "no_site"
