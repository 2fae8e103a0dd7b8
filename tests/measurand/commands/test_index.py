from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from toy_index import HOSTILE, found

from measurand.commands.index import MOST, document, write_index
from measurand.commands.stages import main
from measurand.errors import InputError
from measurand.history import History
from measurand.reporting.document import Document, Opening, Table, from_json, to_json
from measurand.reporting.render import to_html, to_markdown

ROOT = Path(__file__).parents[3]


@pytest.fixture
def reported(project: Path) -> Path:
    """A project with the reports of this checkout, in a repository with two revisions of one."""
    for folder in sorted((ROOT / "reports").iterdir()):
        if (folder / "report.json").is_file():
            shutil.copytree(
                folder,
                project / "reports" / folder.name,
                ignore=shutil.ignore_patterns("results", ".gitignore"),
            )
    path = project / "reports" / "many_shot" / "metrics.json"
    now = path.read_text()
    then = json.loads(now)
    for name in then["smollm2?template=none"]:
        if name.startswith("retest"):
            then["smollm2?template=none"][name] = {"estimate": 0.5, "ci_lo": 0.4, "ci_hi": 0.6}
    path.write_text(json.dumps(then))
    _git(project, "init", "-q")
    _git(project, "add", "reports")
    _git(project, "commit", "-qm", "before")
    path.write_text(now)
    return project


def _git(root: Path, *args: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *args], cwd=root, check=True)


def pages(root: Path) -> tuple[str, str]:
    html, text = ((root / "reports" / f"index.{end}").read_text() for end in ("html", "md"))
    return html, text.replace("\u00a0", " ")


def test_the_reports_of_this_checkout(reported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--index"]) == 0
    assert "index: reports/index.html" in capsys.readouterr().out
    html, text = pages(reported)
    for name in ("personality", "many_shot", "soft_labels"):
        title = json.loads((reported / "reports" / name / "report.json").read_text())["title"]
        assert f'<a href="{name}/report.html">{name}</a>' in html
        assert f"[{name}]({name}/report.md)" in text
        assert f"## {title}" in text
        # Every link leads to a page that is there.
        assert (reported / "reports" / name / "report.html").is_file()
    assert "0.5 → 1.0 (2 revisions)" in text
    assert html.count('class="plot trend"') == text.count("(2 revisions)")
    assert "one revision, no history" in text
    assert "<script" not in html
    assert "default-src &#39;none&#39;" in html


@pytest.mark.integration
def test_a_rebuild_has_equal_bytes_before_and_after_the_commit(reported: Path) -> None:
    write_index(reported)
    first = pages(reported)
    write_index(reported)
    assert pages(reported) == first
    _git(reported, "add", "-A")
    _git(reported, "commit", "-qm", "after")
    write_index(reported)
    assert pages(reported) == first


def test_verdicts_figures_and_what_is_left_out() -> None:
    made = document({"toy": found()})
    assert from_json(to_json(made)) == made
    table = tables(made)["Headline scores of toy"]
    rate, *leaks = table.rows
    assert rate[0] == {"text": "rate", "detail": "m"}
    assert rate[2] == {"value": 0.81, "reason": None}
    assert rate[6] == {"state": "pass"}
    assert isinstance(rate[7], dict)
    assert rate[7]["text"].replace("\u00a0", " ") == "0.50 → 0.70 (4 revisions)"
    assert len(leaks) == MOST
    assert leaks[0][7] == {"value": None, "reason": "in fewer than two revisions"}
    assert table.notes == ("2 more figures of these metrics stand in the report.",)


def test_one_line_a_system_with_its_finding_its_figure_and_its_way() -> None:
    toy = found()
    kinds = {"instrument": {"state": "pass"}, "subject": {"state": "fail"}}
    toy = type(toy)(**{**vars(toy), "verdict": {**(toy.verdict or {}), **kinds}})
    made = document({"toy": toy, "never": None})
    line, none = tables(made)["Each name leads to the system's own report"].rows
    assert line[1] == {"state": "pass", "detail": "instrument: pass, subject: fail"}
    assert line[2] == {
        "text": "The rate of m is 0.70 [0.60, 0.78], of 100 tosses.",
        "detail": "1 gate: 1 pass.",
    }
    assert isinstance(line[3], dict)
    assert (line[3]["estimate"], line[3]["detail"]) == (0.7, "rate")
    assert isinstance(line[4], dict)
    assert line[4]["text"].replace("\u00a0", " ") == "0.50 → 0.70 (4 revisions)"
    assert none[1] == {"value": None, "reason": "no report: run `measurand report never`"}
    assert [s.folded for s in made.sections] == [False, True, False]


def test_a_main_figure_that_is_no_statistic_is_said_to_be_none() -> None:
    system = found()
    lost = Opening(("x",), figure={"label": "l", "model": "m", "metric": "gone", "slice": ""})
    for opening, reason in ((lost, "is no statistic"), (None, "names no main figure")):
        made = document({"toy": type(system)(**{**vars(system), "opening": opening})})
        (line,) = tables(made)["Each name leads to the system's own report"].rows
        assert isinstance(line[3], dict)
        assert reason in line[3]["reason"]
        assert line[1] == {"state": "pass", "detail": ""}


def tables(made: Document) -> dict[str, Table]:
    blocks = [block for section in made.sections for block in section.blocks]
    return {block.caption: block for block in blocks if isinstance(block, Table)}


@pytest.mark.parametrize(
    ("states", "whole", "words"),
    [
        (("pass", "pass"), "pass", "Of 2 systems 2 pass (s0, s1)."),
        (("pass", "fail"), "fail", "Of 2 systems 1 fail (s1), 1 pass (s0)."),
        (("error", "fail"), "error", "Of 2 systems 1 error (s0), 1 fail (s1)."),
        (("inconclusive", "fail"), "fail", "Of 2 systems 1 fail (s1), 1 undecided (s0)."),
        # Nobody knows whether what was not judged would pass.
        (("pass", None), "inconclusive", "Of 2 systems 1 pass (s0), without a verdict: s1."),
        (("fail", None), "fail", "Of 2 systems 1 fail (s0), without a verdict: s1."),
    ],
)
def test_the_whole_is_the_worst(states: tuple[Any, ...], whole: str, words: str) -> None:
    systems = {f"s{i}": s and found(f"s{i}", s) for i, s in enumerate(states)}
    made = document(systems).verdict
    assert made == {"state": whole, "sentence": words}


def test_a_system_that_was_never_reported_or_judged_is_named() -> None:
    quiet = found("quiet")
    made = document({"toy": None, "quiet": type(quiet)(**{**vars(quiet), "verdict": None})})
    text = to_markdown(made)
    assert r"no report: run \`measurand report toy\`" in text
    assert "no gate was run" in text
    assert "no gate reads it" in text


def test_no_history_says_why() -> None:
    system = found()
    history = History(("now",), ({},), "no git repository, no history")
    made = document({"toy": type(system)(**{**vars(system), "history": history})})
    assert "no git repository, no history" in to_markdown(made)
    assert "trend" not in to_html(made).partition("</style>")[2]


def test_hostile_names_are_text_in_both_forms() -> None:
    made = document({"toy": found(model=HOSTILE)})
    assert "<script" not in to_html(made)
    assert "<script" not in to_markdown(made)
    assert "\x1b" not in to_html(made) + to_markdown(made)


@pytest.mark.parametrize(
    "words",
    [
        ["report"],
        ["report", "personality", "--index"],
        ["report", "--index", "--print"],
        ["report", "--index", "--out", "x"],
    ],
)
def test_the_index_stands_alone(project: Path, words: list[str]) -> None:
    with pytest.raises(InputError, match="--index` alone"):
        main(words)


def test_without_a_report_and_with_a_damaged_one(reported: Path) -> None:
    (reported / "reports/personality/report.json").write_text("{}")
    with pytest.raises(InputError, match="measurand report personality") as caught:
        write_index(reported)
    assert caught.value.code == "bad_report"
    shutil.rmtree(reported / "reports")
    with pytest.raises(InputError, match="holds no report"):
        write_index(reported)
