from __future__ import annotations

from pathlib import Path

import pytest

from measurand.commands.report import _metrics, _plot_rows
from measurand.commands.stages import main
from measurand.errors import InputError
from measurand.parquet import write_shard
from measurand.reporting.quotes import write_docs
from measurand.results import STATISTICS
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate, undefined


def test_metrics_are_nested_for_dvc_and_leave_out_what_is_undefined() -> None:
    rows = [
        {"model": "m", "metric": "alpha", "slice": "scale=A", "estimate": 0.71234567,
         "ci_lo": 0.6, "ci_hi": None},
        {"model": "m", "metric": "alpha", "slice": "scale=B", "estimate": None,
         "ci_lo": None, "ci_hi": None},
        {"model": "m", "metric": "other", "slice": "", "estimate": 1.0, "ci_lo": 0, "ci_hi": 2},
    ]  # fmt: skip
    made = _metrics(rows, ("alpha",), "fail")
    assert made == {
        "verdict": "fail",
        "m": {"alpha[scale=A]": {"estimate": 0.712346, "ci_lo": 0.6}},
    }
    assert _plot_rows(made) == ("score,estimate,ci_lo,ci_hi\nm: alpha[scale=A],0.712346,0.6,\n")


@pytest.fixture
def quoting(project: Path) -> Path:
    """A project whose README quotes one figure that has moved."""
    folder = project / "reports" / "personality"
    folder.mkdir(parents=True)
    moved = statistic_row("personality", "m", "mass", {}, Estimate(0.5, ci_lo=0.4, ci_hi=0.6, n=9))
    none = statistic_row("personality", "m", "none", {}, undefined("no rows"))
    write_shard(STATISTICS, statistics_table([moved, none]), folder / "statistics.parquet")
    (project / "docs").mkdir(exist_ok=True)
    quote = "It is <!--q personality m mass-->.14 [.13, .15]<!--/q-->.\n"
    (project / "README.md").write_text(quote)
    return project


def test_the_command_writes_what_has_moved_and_says_where(
    quoting: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--docs"]) == 0
    assert capsys.readouterr().out == "changed: README.md\n"
    assert ">.50 [.40, .60]<" in (quoting / "README.md").read_text()
    assert main(["report", "--docs"]) == 0
    assert capsys.readouterr().out == "docs: as they were\n"


def test_a_quote_of_nothing_names_its_file(quoting: Path) -> None:
    (quoting / "docs" / "page.md").write_text("<!--q personality m none-->.1<!--/q-->")
    with pytest.raises(InputError, match=r"docs/page\.md: quote 'personality m none': no rows"):
        write_docs(quoting)
    (quoting / "docs" / "page.md").write_text("<!--q compwob m none-->.1<!--/q-->")
    with pytest.raises(InputError, match="measurand report compwob"):
        write_docs(quoting)


@pytest.mark.parametrize(
    "words",
    [
        ["report", "personality", "--docs"],
        ["report", "--docs", "--index"],
        ["report", "--docs", "--print"],
    ],
)
def test_docs_stand_alone(project: Path, words: list[str]) -> None:
    with pytest.raises(InputError, match="alone"):
        main(words)
