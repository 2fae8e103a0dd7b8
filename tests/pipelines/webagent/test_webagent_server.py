"""The sites answer as they should; about two seconds."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest
from web_client import Client

from measurand.web.server import Request
from pipelines.webagent.html import count, parse
from pipelines.webagent.server import Sites
from pipelines.webagent.sessions import Setting
from schemas.webagent.params import SITES, THEMES

# Not imported here: vLLM's CPU engine looks at every global of a process, flask's stand-ins too.
if find_spec("flask") is None:
    pytest.skip("the sites need flask: pip install 'measurand[web]'", allow_module_level=True)
LONG = {
    "estate": "/estate/homes?city=Alderholt",
    "forum": "/forum/posts?community=hiking",
    "map": "/map/places?kind=cafe",
}


@pytest.fixture(scope="module")
def sites() -> Sites:
    return Sites()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("site", SITES)
def test_lists_have_four_to_sixteen_thousand_words_and_signs(
    sites: Sites, site: str, theme: str
) -> None:
    client = Client(sites, Setting(site, theme, 0))
    client.get(LONG[site])
    assert client.status == 200
    assert 4_000 <= count(parse(client.html).html()) <= 16_000


def test_the_same_pages_for_everybody_but_for_tokens(sites: Sites) -> None:
    pages = []
    for _ in range(2):
        client = Client(sites, Setting("estate", "harbour", 7))
        client.get("/estate/homes?city=Brindley&beds=2")
        pages.append(client.html)
    assert pages[0] == pages[1]


def test_an_entry_is_good_once(sites: Sites) -> None:
    entry, _ = sites.begin(Setting("map", "slate", 0))
    first = sites.answer(Request("GET", entry))
    assert first is not None
    assert first.status == 303
    assert sites.answer(Request("GET", entry)) is None


def test_a_session_shows_its_own_site_alone(sites: Sites) -> None:
    client = Client(sites, Setting("map", "slate", 0))
    client.get("/estate/")
    assert client.status == 404
    client.get("/map/place/nothing")
    assert client.status == 404


def test_a_visit_without_the_cookie_is_counted_and_changes_nothing(sites: Sites) -> None:
    client = Client(sites, Setting("estate", "slate", 0))
    before = client.session.state.sha256
    sites.answer(Request("GET", "/estate/homes", "city=Alderholt"))
    assert sites.strangers == 1
    assert client.session.state.sha256 == before


def test_what_is_typed_is_shown_as_text(sites: Sites) -> None:
    client = Client(sites, Setting("estate", "meadow", 0))
    client.get("/estate/homes?city=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in client.html
    assert "&lt;script&gt;alert" in client.html


LOOKED_AT = """
import sys
from pipelines.webagent.server import Sites, stand_ins_answer

def look():
    # As vLLM's engine does when it starts.
    for module in list(sys.modules.values()):
        for value in list(getattr(module, "__dict__", {}).values()):
            if hasattr(value, "__dict__"):
                vars(value).get("kernel")

with stand_ins_answer():
    assert "flask" not in sys.modules
    look()
Sites()
try:
    look()
except RuntimeError:
    print("outside of a request")
with stand_ins_answer():
    look()
print("all looked at")
"""


def test_every_global_of_a_process_can_be_looked_at_although_flask_is_there() -> None:
    """In a process of its own: other tests bring modules that mind being looked at."""
    done = subprocess.run(
        [sys.executable, "-c", LOOKED_AT], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines() == ["outside of a request", "all looked at"], done.stderr
