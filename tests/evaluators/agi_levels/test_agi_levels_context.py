from __future__ import annotations

from pathlib import Path

from agi_levels_small import changed

from evaluators.agi_levels.context import provided, raters, standing
from measurand.parquet import write_shard
from measurand.results import STATISTICS
from measurand.statistics import exact, statistic_row, statistics_table
from schemas.agi_levels.params import Params, Provider


def test_raters_come_in_the_order_of_the_parameters(
    results: Path, data: Path, small: Params
) -> None:
    found = raters(data, results, small)
    assert found[0].model == "synthetic:uniform"
    assert all(one.is_control for one in found)
    assert found[0].corpora == ["film", "tweets"]
    assert len(found[0].of("film")) == 40


def test_given_scores_and_raters_are_placed(results: Path, data: Path, small: Params) -> None:
    found = standing(data, raters(data, results, small), small)
    rows = {(p.model, p.task, p.norm) for p in found.placements}
    assert ("GPT-4 (published)", "uniform_bar_examination", "bar/july") in rows
    assert ("synthetic:uniform", "film", "raters/film") in rows
    assert ("-", "sat_verbal", "sat_act/sat_verbal") in rows
    assert [one.model for one in found.profiles] == ["GPT-4 (published)"]
    assert not any(p.model.startswith("oracle:") for p in found.measured)
    assert found.autonomy == ()


def test_figures_of_other_systems_are_tasks_without_people(tmp_path: Path) -> None:
    provider = Provider(system="coin", metric="heads", slice="side=a", families=("learning",))
    [row], task = provided(provider, tmp_path)
    assert (row.model, row.words) == ("-", "no run: coin has no report")
    assert task.id == "coin: heads (side a)"
    rows = [statistic_row("coin", "m", "heads", {"side": "a"}, exact(0.6))]
    (tmp_path / "coin").mkdir()
    write_shard(STATISTICS, statistics_table(rows), tmp_path / "coin" / "statistics.parquet")
    [row], _ = provided(provider, tmp_path)
    assert (row.model, row.score, row.level, row.p) == ("m", 0.6, None, ())
    assert "no norm" in row.words
    other = Provider(system="coin", metric="tails")
    assert "no such figure" in provided(other, tmp_path)[0][0].words


def test_providers_stand_in_the_report(results: Path, data: Path, small: Params) -> None:
    more = changed(small, report={"providers": [{"system": "gone", "metric": "accuracy"}]})
    found = standing(data, raters(data, results, more), more, results.parent.parent)
    assert "no run: gone has no report" in [p.words for p in found.placements]
