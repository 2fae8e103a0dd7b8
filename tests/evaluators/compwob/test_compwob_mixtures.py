from __future__ import annotations

import json
from pathlib import Path

import pytest
from compwob_handmade import params, write

from evaluators.compwob.context import ALL, View, subjects
from evaluators.compwob.mixtures import mixture_rows, mixture_section, trained
from evaluators.compwob.report import statistics
from measurand import runs, shards
from measurand.reporting.document import Table, Text
from measurand.reporting.lookup import Figures
from schemas.compwob.tables import TRAINING

AGENTS = {
    "trained:uniform:0": lambda s: s.seed % 2 == 0,
    "trained:uniform:1": lambda s: s.seed % 3 == 0,
    "trained:rebalanced:0": lambda s: s.seed % 2 == 0 or "enter" in s.task.name,
    "trained:rebalanced:1": lambda s: s.seed % 3 == 0,
    "oracle": lambda s: True,
}


def test_gains_are_paired_by_task_seed_and_model(tmp_path: Path) -> None:
    given = params(AGENTS)
    rows = {(r["metric"], r["slice"]): r
            for r in mixture_rows(subjects(write(tmp_path, given, AGENTS), given))}  # fmt: skip
    found = rows["mixture_gain", "mixture=rebalanced,order=forward"]
    # One of six tasks, in one of two models, gains the half of its seeds that it lacked.
    assert found["estimate"] == pytest.approx(0.5 / 6 / 2)
    assert found["ci_lo"] is not None
    assert (found["scope"], found["n"]) == ("method", rows[
        "mixture_success", "mixture=rebalanced,order=forward"]["n"])  # fmt: skip
    assert ("mixture_gain", "mixture=uniform,order=forward") not in rows
    assert rows["mixture_success", "mixture=uniform,order=single"]["estimate"] == (
        pytest.approx((1 / 2 + 1 / 3) / 2)
    )


def test_models_of_other_seeds_have_no_gain(tmp_path: Path) -> None:
    given = params(AGENTS)
    everyone = subjects(write(tmp_path, given, AGENTS), given)
    some = [s for s in everyone if s.agent in ("trained:uniform:0", "trained:rebalanced:1")]
    found = list(mixture_rows(some))
    gains = [row for row in found if row["metric"] == "mixture_gain"]
    assert len(gains) == 3
    for row in gains:
        assert (row["model"], row["estimate"]) == (ALL, None)
        assert row["reason"] == "no uniform model of the same seeds"
    scopes = {row["scope"] for row in found if row["metric"] == "mixture_success"}
    assert scopes == {"training"}


@pytest.mark.integration
def test_a_mixtures_figure_is_of_the_method_only_with_a_second_model(tmp_path: Path) -> None:
    for count, scope in ((2, "method"), (1, "training")):
        agents = {k: v for k, v in AGENTS.items() if not k.endswith("1") or count == 2}
        given = params(agents)
        results = write(tmp_path / scope, given, agents)
        table = statistics(tmp_path, results, given).to_pylist()
        of = {r["scope"] for r in table if "mixture=" in r["slice"] and "_alpha" not in r["metric"]}
        assert of == {scope}


def test_models_that_rank_tasks_alike_are_reliable(tmp_path: Path) -> None:
    given = params(AGENTS)
    rows = {(r["metric"], r["slice"]): r
            for r in mixture_rows(subjects(write(tmp_path, given, AGENTS), given))}  # fmt: skip
    gain = rows["mixture_gain", "mixture=rebalanced,order=forward"]
    alpha = rows["model_alpha", "mixture=rebalanced,of=mixture_gain,order=forward"]
    # The second rebalanced model gains nothing on any task: one of two models never varies.
    assert gain["reliability"] is alpha["estimate"] is None
    assert alpha["reason"] == "1 of 2 items never vary"


def test_the_section_shows_what_was_drawn(tmp_path: Path) -> None:
    given = params(AGENTS)
    results = write(tmp_path / "results", given, AGENTS)
    drawn = [
        {"mixture": m, "seed": 0, "task": t, "episodes": n, "probe_success": None}
        for m, t, n in (("uniform", "a", 3), ("uniform", "b", 3), ("rebalanced", "a", 5),
                        ("rebalanced", "b", 1))
    ]  # fmt: skip
    folder = tmp_path / "checkpoint" / "training"
    shards.write_dataset(folder, TRAINING, runs.table(TRAINING, drawn))
    losses = {"uniform-0": [4.0, 1.0], "rebalanced-0": [4.0, 4.0]}
    said = json.dumps({"loss_nats": losses})
    (tmp_path / "checkpoint" / "manifest.json").write_text(said, encoding="utf-8")
    everyone = subjects(results, given)
    figures = Figures(statistics(tmp_path, results, given))
    found = mixture_section(View(everyone, figures, data=tmp_path))
    assert found is not None
    words = found.blocks[1]
    assert isinstance(words, Text)
    assert "1 of 2 learned" in words.text
    assert "rebalanced-0 (4 against 4)" in words.text
    last = found.blocks[-1]
    assert isinstance(last, Table)
    assert [list(row) for row in last.rows] == [["a", 3, 5], ["b", 3, 1]]


def test_scripts_alone_have_no_mixtures(tmp_path: Path) -> None:
    agents = {"oracle": lambda s: True}
    given = params(agents)
    everyone = subjects(write(tmp_path, given, agents), given)
    assert trained(everyone).is_empty()
    assert list(mixture_rows(everyone)) == []
