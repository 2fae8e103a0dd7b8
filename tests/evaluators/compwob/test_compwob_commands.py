from __future__ import annotations

import os
from pathlib import Path

import pytest

from evaluators.compwob import commands
from measurand import cli, shards
from measurand.errors import InfraError, InputError

MISSING = not any(Path(p, "chromium").exists() for p in os.environ["PATH"].split(":"))
in_a_browser = pytest.mark.skipif(MISSING, reason="no chromium on the PATH: install it to run this")
CORE = """
var core = {EPISODE_MAX_TIME: 10000, EP_TIMER: null, cover_div: null};
var WOB_RAW_REWARD_GLOBAL = 0, WOB_DONE_GLOBAL = false, WOB_REWARD_REASON = null;
Math.seedrandom = function (seed) {
  var x = 0; for (var i = 0; i < seed.length; i++) x = (x * 31 + seed.charCodeAt(i)) % 9973;
  Math.random = function () { x = (x * 7919 + 13) % 9973; return x / 9973; };
};
core.startEpisode = function () {};
core.startEpisodeReal = function () {
  genProblem(); WOB_DONE_GLOBAL = false; core.EP_TIMER = setTimeout(function () {}, 1e6);
};
core.endEpisode = function (reward) {
  if (core.EP_TIMER === null) return;
  core.EP_TIMER = null; WOB_RAW_REWARD_GLOBAL = reward; WOB_DONE_GLOBAL = true;
};
core.getUtterance = function () { return document.getElementById('query').textContent; };
"""
PAGE = """<html><head><script src="core.js"></script><script>
var genProblem = function () {
  var names = ['red', 'green', 'blue'], area = document.getElementById('area');
  var wanted = names[Math.floor(Math.random() * 3)];
  area.innerHTML = '';
  names.forEach(function (name) {
    var button = document.createElement('button');
    button.textContent = name;
    button.onclick = function () { core.endEpisode(name === wanted ? 1 : -1); };
    area.appendChild(button);
  });
  document.getElementById('query').textContent = 'Click on the "' + wanted + '" button.';
};
</script></head><body><div id="query"></div><div id="area"></div></body></html>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "core.js").write_text(CORE)
    (tmp_path / "pages" / "own.html").write_text(PAGE)
    broken = PAGE.replace("area.innerHTML = '';", "oops();")
    (tmp_path / "pages" / "broken.html").write_text(broken)
    return tmp_path


def _run(folder: Path, *more: str) -> int:
    root = ["run", "--html-root", str(folder / "pages"), "--out", str(folder / "out")]
    return commands.main([*root, *more])


@pytest.mark.browser
@in_a_browser
def test_an_agent_runs_on_somebody_elses_page_and_the_page_decides(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(folder, "--page", "own.html", "--agent", "text_oracle", "--seeds", "0:4") == 0
    assert "4 of 4 solved" in capsys.readouterr().out
    rows = shards.read_table(folder / "out" / "episodes").to_pylist()
    assert {row["task"] for row in rows} == {"own"}
    assert len({row["utterance"] for row in rows}) > 1
    _run(folder, "--page", "own.html", "--agent", "first_button", "--seeds", "0:12")
    assert "12 of 12" not in capsys.readouterr().out


@pytest.mark.browser
@in_a_browser
def test_a_page_that_throws_says_nothing_of_the_agent(folder: Path) -> None:
    with pytest.raises(InfraError, match="oops"):
        _run(folder, "--page", "broken.html", "--seeds", "0:1")


@pytest.mark.browser
@in_a_browser
def test_an_episode_can_be_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = "click-link_enter-text"
    assert cli.main(["compwob", "play", task, "--order", "reverse", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "Solved." in said
    page = (tmp_path / "episode.html").read_text()
    assert page.count("data:image/jpeg") == said.count("- ") + 1
    assert "img-src data:" in page


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--page", "none.html"], "holds no none.html"),
        (["--page", "own.html", "--seeds", "3"], "FIRST:LAST"),
        (["--page", "own.html", "--agent", "oracle"], "must be told the parts"),
        (["--page", "own.html", "--agent", "nobody"], "no such agent"),
    ],
)
def test_what_cannot_be_run_is_named(folder: Path, more: list[str], named: str) -> None:
    with pytest.raises(InputError, match=named):
        _run(folder, *more)


def test_a_systems_own_verbs_are_found_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compwob", "--help"]) == 0
    assert "play" in capsys.readouterr().out
    assert cli.main(["nosuchsystem", "play"]) == 3
    assert cli.main(["compwob.commands", "play"]) == 3
