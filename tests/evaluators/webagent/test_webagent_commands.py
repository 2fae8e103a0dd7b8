from __future__ import annotations

import shutil
import threading
import urllib.request
from pathlib import Path

import pytest

from evaluators.webagent import commands
from measurand.errors import InputError
from measurand.web.film import Picture
from pipelines.webagent.checker import Checked
from pipelines.webagent.instructions import task
from pipelines.webagent.loop import Played, Step
from pipelines.webagent.page import Seen
from pipelines.webagent.rules import Plan
from pipelines.webagent.sandbox import Ran, works
from schemas.webagent.params import Agent, Evaluate, Params

MISSING = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]


def test_a_site_is_served_to_people_and_keeps_what_they_do() -> None:
    pytest.importorskip("flask", reason="the sites need flask: pip install 'measurand[web]'")
    sites, server = commands.opened("map", "quartz", 3, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/map/places?kind=cafe"
        with urllib.request.urlopen(address, timeout=60) as answer:
            page = answer.read().decode()
    finally:
        server.shutdown()
        server.server_close()
    assert "Cafe" in page
    assert [one.state.query for one in sites.visitors()] == [{"on": "places", "kind": "cafe"}]


def test_records_that_are_not_there_are_named() -> None:
    with pytest.raises(InputError, match="--records -1"):
        commands.opened("map", "quartz", -1, 0)


@pytest.mark.parametrize("said", ["map", "shop:1", "map:x", "map:-1", ""])
def test_an_instruction_that_is_none_is_named(said: str) -> None:
    with pytest.raises(InputError, match="no instruction"):
        commands.main(["play", said])


def test_an_agent_is_one_of_the_parameters(planners: tuple[Path, Params], tmp_path: Path) -> None:
    folder, params = planners
    assert commands.agent("random", None, folder).name == "random"
    with pytest.raises(InputError, match="no agent 'full'"):
        commands.main(["play", "map:1", "--agent", "full"])
    acting = Evaluate(agents=(Agent(name="full", planner="trained:tuned"),))
    file = tmp_path / "mine.yaml"
    text = params.model_copy(update={"evaluate": acting}).model_dump_json()
    file.write_text(text, encoding="utf-8")
    found = commands.agent("full", file, folder)
    assert found.planner is not None
    assert found.planner.name == "trained:tuned"


def test_a_film_shows_text_as_text() -> None:
    what = task("map", "eval", 0, 0)
    ran = Ran("exception", None, "<b>E</b>", "bubblewrap", 1)
    step = Step([], "u", Seen("<p>x</p>"), Plan("Open <x>.", (3,)), "<a>", "driver", ran, "a", "b")
    shot = Picture(b"\xff\xd8", "a", [1.0, 2.0, 3.0, 4.0])
    checked = Checked((("opened", False), ("nothing_else", True)))
    played = Played(what, "oracle", [step], checked, "planner_end", pictures=[shot, shot])
    page = commands.film(played)
    assert page.count("<section>") == 2
    assert "Open &lt;x&gt;." in page
    assert "&lt;b&gt;E&lt;/b&gt;" in page
    assert "<a>" not in page
    assert "Not carried out: 1 of 2 attributes hold" in page


@pytest.mark.integration
@pytest.mark.browser
@pytest.mark.timeout(900)
@pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}")
@pytest.mark.skipif(not works(), reason="no bubblewrap that works: apt-get install bubblewrap")
def test_an_episode_is_written_as_a_film(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("selenium", reason="programs need selenium: pip install 'measurand[web]'")
    assert commands.main(["play", "map:0", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "Carried out" in said
    page = (tmp_path / "episode.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == page.count("<section>") == said.count("bubblewrap") + 1
