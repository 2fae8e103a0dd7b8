"""The state table of the gates, row by row, from files to the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gate_evidence import (
    Project,
    bits,
    gate,
    gate_file,
    non_inferiority,
    results_table,
    rows,
    statistic,
    write_items,
)
from pyarrow import parquet

from measurand.gates import run_gates

GOOD = bits(600, 0.9)


def on_statistics(**more: Any) -> dict[str, Any]:
    return gate(metric="alpha", limit=0.7, **{"from": "statistics"}) | more


class TestThresholdOnItems:
    @pytest.mark.parametrize(
        ("limit", "state", "exit_code"),
        [(0.87, "pass", 0), (0.9, "inconclusive", 2), (0.95, "fail", 1)],
    )
    def test_states(self, project: Project, limit: float, state: str, exit_code: int) -> None:
        project.items(GOOD)
        verdict = project.verdict(gate(limit=limit))
        assert verdict.gates[0].state == state
        assert verdict.exit_code == exit_code

    @pytest.mark.parametrize(
        ("limit", "state"), [(0.13, "pass"), (0.1, "inconclusive"), (0.05, "fail")]
    )
    def test_lower_is_better(self, project: Project, limit: float, state: str) -> None:
        project.items(bits(600, 0.1))
        assert project.one(gate(limit=limit, direction="lower")).state == state

    def test_at_the_limit_exactly(self, project: Project) -> None:
        project.items([0.1 + 0.2] * 300)
        assert project.one(gate(limit=0.3)).state == "pass"
        assert project.one(gate(limit=0.3, direction="lower")).state == "pass"

    def test_a_zero_failure_sample_needs_its_299_items(self, project: Project) -> None:
        # Rule of three, exactly: 1 - .05^(1/n) <= .01 from n = 299 (Hanley & Lippman-Hand 1983).
        safety = gate(limit=0.01, direction="lower", interval="clopper_pearson")
        project.items([0.0] * 298)
        assert project.one(safety).state == "inconclusive"
        project.items([0.0] * 299)
        assert project.one(safety).state == "pass"

    def test_without_a_list_every_model_is_gated(self, project: Project) -> None:
        project.results(rows(GOOD, model="a") + rows(bits(600, 0.2), model="b"))
        content = gate_file(gate())
        del content["models"]
        verdict = run_gates(project.write(content), root=project.root)
        assert [(g.model, g.state) for g in verdict.gates] == [("a", "pass"), ("b", "fail")]

    def test_each_listed_slice_is_a_gate_of_its_own(self, project: Project) -> None:
        good, bad = rows(GOOD, slice="lang=en"), rows(bits(600, 0.2), slice="lang=de")
        for row in bad:
            row["item_id"] = "d" + row["item_id"]
        project.results(good + bad)
        verdict = project.verdict(gate(slice={"lang": ["en", "de", "fr"]}))
        assert [(g.slice, g.state, g.reason_code) for g in verdict.gates] == [
            ("lang=en", "pass", "limit_met"),
            ("lang=de", "fail", "limit_not_met"),
            ("lang=fr", "error", "empty_slice"),
        ]
        assert verdict.exit_code == 3


class TestThresholdOnStatistics:
    @pytest.mark.parametrize(
        ("limit", "direction", "state"),
        [
            (0.75, "higher", "pass"),
            (0.7500001, "higher", "inconclusive"),
            (0.85, "higher", "inconclusive"),
            (0.8500001, "higher", "fail"),
            (0.85, "lower", "pass"),
            (0.7499999, "lower", "fail"),
        ],
    )
    def test_states(self, project: Project, limit: float, direction: str, state: str) -> None:
        project.statistics(statistic())
        assert project.one(on_statistics(limit=limit, direction=direction)).state == state

    def test_a_row_is_matched_by_metric_model_and_its_whole_slice(self, project: Project) -> None:
        project.statistics(
            statistic(slice="a=1,b=2"), statistic(model="other"), statistic("beta", slice="a=1")
        )
        asked = on_statistics(slice={"b": 2, "a": [1, 3]})
        verdict = project.verdict(asked)
        assert [g.reason_code for g in verdict.gates] == ["limit_met", "empty_slice"]
        assert project.one(on_statistics(slice={"a": 1})).reason_code == "empty_slice"
        assert project.one(on_statistics(), models=["none"]).reason_code == "missing_metric"
        assert project.one(on_statistics(metric="gamma")).reason_code == "missing_metric"

    @pytest.mark.parametrize(
        ("rule", "state"), [("inconclusive", "inconclusive"), ("fail", "fail")]
    )
    def test_an_undefined_figure_never_passes(
        self, project: Project, rule: str, state: str
    ) -> None:
        nothing = dict.fromkeys(("estimate", "lower", "upper", "ci_lo", "ci_hi"))
        project.statistics(statistic(**nothing, reason="constant item 3"))
        for direction in ("higher", "lower"):
            got = project.one(on_statistics(undefined=rule, direction=direction))
            assert (got.state, got.reason_code) == (rule, "undefined")
            assert "constant item 3" in got.sentence

    def test_an_estimate_without_an_interval_is_undecided(self, project: Project) -> None:
        project.statistics(statistic(lower=None, upper=None, reason="too few clusters"))
        got = project.one(on_statistics())
        assert (got.state, got.reason_code) == ("inconclusive", "no_interval")
        assert "too few clusters" in got.sentence

    def test_a_count_has_no_sampling_error(self, project: Project) -> None:
        count = {
            "lower": None,
            "upper": None,
            "ci_lo": None,
            "ci_hi": None,
            "method": "exact count",
        }
        project.statistics(statistic("n_flipped", estimate=0.0, **count))
        asked = on_statistics(metric="n_flipped", limit=0, direction="lower")
        assert project.one(asked).state == "pass"
        project.statistics(statistic("n_flipped", estimate=1.0, **count))
        assert project.one(asked).state == "fail"

    @pytest.mark.parametrize(
        "change", [{"n": 199}, {"n_clusters": 9}, {"n": None, "n_clusters": None}]
    )
    def test_too_small(self, project: Project, change: dict[str, Any]) -> None:
        project.statistics(statistic(**change))
        assert project.one(on_statistics()).reason_code == "underpowered"

    def test_other_paths_may_be_given(self, project: Project, tmp_path: Path) -> None:
        path = project.statistics(statistic()).rename(tmp_path / "elsewhere.parquet")
        write_items(tmp_path / "run" / "items", rows(GOOD))
        verdict = run_gates(
            project.write(gate_file(on_statistics(), gate(id="h"))),
            root=project.root,
            results=tmp_path / "run",
            statistics=path,
        )
        assert [g.state for g in verdict.gates] == ["pass", "pass"]


class TestNonInferiority:
    def test_states(self, project: Project) -> None:
        project.items(bits(2000, 0.90))
        for share, state in ((0.90, "pass"), (0.97, "fail"), (0.945, "inconclusive")):
            got = project.one(non_inferiority(project.baseline(bits(2000, share))))
            assert got.state == state, got.sentence
            assert got.found.estimate == pytest.approx(0.90 - share)
            assert got.baseline_estimate == pytest.approx(share)

    def test_lower_is_better(self, project: Project) -> None:
        project.items(bits(2000, 0.10))
        for share, state in ((0.10, "pass"), (0.03, "fail"), (0.055, "inconclusive")):
            asked = non_inferiority(project.baseline(bits(2000, share)), direction="lower")
            assert project.one(asked).state == state

    def test_exactly_the_margin_is_no_pass(self, project: Project) -> None:
        project.items([0.80] * 300)
        got = project.one(non_inferiority(project.baseline([0.82] * 300), margin=0.02))
        assert (got.state, got.found.flags) == ("inconclusive", ("degenerate",))
        nearly = project.one(non_inferiority(project.baseline([0.8199] * 300), margin=0.02))
        assert (nearly.state, nearly.found.flags) == ("pass", ("degenerate",))
        few = project.one(non_inferiority(project.baseline([0.8199] * 300), min_n=301))
        assert few.reason_code == "underpowered"

    def test_the_same_results_pass_with_a_warning(self, project: Project) -> None:
        project.items(GOOD)
        verdict = project.verdict(non_inferiority(project.baseline(GOOD)))
        assert verdict.gates[0].found.flags == ("degenerate",)
        assert verdict.exit_code == 0
        assert any("the same results" in w for w in verdict.warnings)

    @pytest.mark.parametrize("source", ["items", "statistics"])
    def test_against_a_fixed_value(self, project: Project, source: str) -> None:
        project.items(GOOD)
        project.statistics(statistic("accuracy", estimate=0.9, lower=0.88, upper=0.92))
        for value, state in ((0.92, "pass"), (0.94, "inconclusive"), (0.99, "fail")):
            asked = non_inferiority({"value": value}, **{"from": source})
            got = project.one(asked)
            assert got.state == state, got.sentence
            assert got.found.estimate == pytest.approx(0.9 - value)
        at_margin = project.one(
            non_inferiority({"value": 0.93}, margin=0.05, **{"from": "statistics"})
        )
        assert at_margin.state == "inconclusive"

    def test_a_statistic_cannot_be_paired(self, project: Project) -> None:
        project.statistics(statistic())
        got = project.one(
            non_inferiority({"file": "base"}, metric="alpha", **{"from": "statistics"})
        )
        assert (got.state, got.reason_code) == ("error", "unpaired_statistic")

    def test_another_model_of_the_baseline(self, project: Project) -> None:
        project.items(GOOD)
        base = project.baseline(bits(600, 0.8), model="old")
        assert project.one(non_inferiority(base)).reason_code == "baseline_unresolved"
        assert project.one(non_inferiority(base | {"model": "old"})).state == "pass"

    def test_relative_margin(self, project: Project) -> None:
        project.items(bits(600, 0.90))
        base = project.baseline(bits(600, 0.92))
        got = project.one(non_inferiority(base) | {"margin": {"rel": 0.1}})
        assert got.margin == pytest.approx(0.092)
        assert got.state == "pass"

    @pytest.mark.parametrize("scores", [[0.0] * 600, [1.0, -1.0] * 300])
    def test_a_share_of_nothing_is_no_margin(self, project: Project, scores: list[float]) -> None:
        project.items(bits(600, 0.5))
        base = project.baseline(scores)
        got = project.one(non_inferiority(base) | {"margin": {"rel": 0.1}})
        assert (got.state, got.reason_code) == ("error", "rel_margin_undefined")
        value = project.one(non_inferiority({"value": 0}) | {"margin": {"rel": 0.1}})
        assert value.reason_code == "rel_margin_undefined"

    def test_clusters_widen_the_bound(self, project: Project) -> None:
        rng = np.random.default_rng(0)
        effects = np.repeat(rng.normal(0, 0.1, 40), 25)
        project.items(0.5 + effects, cluster_size=25)
        clustered = project.one(non_inferiority(project.baseline([0.5] * 1000, cluster_size=25)))
        project.items(0.5 + effects)
        naive = project.one(non_inferiority(project.baseline([0.5] * 1000)))
        assert clustered.found.sd is not None
        assert naive.found.sd is not None
        assert 4.5 < clustered.found.sd / naive.found.sd < 5.5
        assert (clustered.found.clusters, naive.found.clusters) == (40, 1000)


class TestWhole:
    def test_no_results_at_all(self, project: Project) -> None:
        verdict = project.verdict(gate(), on_statistics(id="s"))
        assert [g.reason_code for g in verdict.gates] == ["missing_metric"] * 2
        assert verdict.exit_code == 3

    def test_the_worst_gate_decides(self, project: Project) -> None:
        project.items(GOOD)
        good, open_, bad = gate(id="a"), gate(id="b", limit=0.9), gate(id="c", limit=0.99)
        lost = gate(id="d", metric="none")
        assert project.verdict(good).exit_code == 0
        assert project.verdict(good, open_).exit_code == 2
        assert project.verdict(good, open_ | {"severity": "warn"}).exit_code == 0
        assert project.verdict(open_, defaults={"on_inconclusive": "warn"}).exit_code == 0
        assert project.verdict(good, open_, bad).exit_code == 1
        assert project.verdict(good, open_, bad | {"severity": "warn"}).exit_code == 2
        assert project.verdict(good, open_, bad, lost | {"severity": "warn"}).exit_code == 3

    def test_a_bad_file_is_a_verdict(self, project: Project) -> None:
        for path in (project.root, project.root / "none.yaml"):
            verdict = run_gates(path, root=project.root)
            assert verdict.problem is not None
            assert (verdict.problem.code, verdict.exit_code) == ("bad_gate", 3)

    def test_family_is_told_to_change_nothing(self, project: Project) -> None:
        project.items(GOOD)
        verdict = project.verdict(gate(), family={"correction": "holm", "alpha": 0.05})
        assert any("family" in w for w in verdict.warnings)
        assert verdict.gates[0].level.alpha == 0.05

    def test_the_lock_is_recorded_or_named_as_missing(self, project: Project) -> None:
        project.items(GOOD)
        block = {"lock": "dvc.lock"}
        missing = project.verdict(gate(), dataset=block)
        assert missing.problem is not None
        assert missing.problem.code == "bad_gate"
        (project.root / "dvc.lock").write_text("x")
        found = project.verdict(gate(), dataset=block).lock_sha256
        assert found is not None
        assert len(found) == 64

    def test_results_elsewhere(self, project: Project) -> None:
        parquet.write_table(results_table(rows(GOOD)), project.root / "theirs.parquet")
        content = gate_file(gate(), results="theirs.parquet")
        del content["system"]
        assert run_gates(project.write(content), root=project.root).exit_code == 0

    def test_equal_evidence_gives_equal_bytes_anywhere(self, tmp_path: Path) -> None:
        texts = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            project = Project(tmp_path / name)
            project.items(GOOD)
            base = project.baseline(bits(600, 0.89))
            texts.append(project.verdict(gate(), non_inferiority(base, id="n")).to_json())
        assert texts[0] == texts[1]
