"""The edge cases of gates, one test a row, each from files to the exit code."""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np
import pyarrow as pa
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
TESTS = ("non_inferiority", "equivalence", "superiority", "regression", "exact_equal")


def compared(test: str, baseline: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A comparison by any test."""
    asked = non_inferiority(baseline, test=test, **more)
    if test not in ("non_inferiority", "equivalence"):
        del asked["margin"]
    return asked


class TestMissingMetricColumnFileKeyOrDuplicateId:
    """Error ``missing_metric`` or ``bad_gate``, never a silent skip."""

    def test_missing_results_file(self, project: Project) -> None:
        verdict = project.verdict(gate(), gate(id="s", **{"from": "statistics"}))
        assert [g.reason_code for g in verdict.gates] == ["missing_metric"] * 2
        assert verdict.exit_code == 3

    def test_missing_metric(self, project: Project) -> None:
        project.items(GOOD)
        assert project.one(gate(metric="none")).reason_code == "missing_metric"

    def test_missing_column(self, project: Project) -> None:
        folder = project.folder / "results" / "items"
        folder.mkdir(parents=True)
        parquet.write_table(results_table(rows(GOOD)).drop_columns(["value"]), folder / "a.parquet")
        assert project.one(gate()).reason_code == "missing_metric"

    @pytest.mark.parametrize(
        "content",
        [gate_file(gate(unknown=1)), gate_file(gate(), unknown=1), gate_file(gate(), gate())],
    )
    def test_unknown_key_or_duplicate_id(self, project: Project, content: dict[str, Any]) -> None:
        project.items(GOOD)
        verdict = run_gates(project.write(content), root=project.root)
        assert verdict.problem is not None
        assert (verdict.problem.code, verdict.exit_code) == ("bad_gate", 3)


class TestBaselineUnresolvedOrWithoutTheMetric:
    @pytest.mark.parametrize("test", TESTS)
    @pytest.mark.parametrize("baseline", [{"file": "none"}, {"ref": "no-such-revision"}])
    def test_it_is_an_error(self, project: Project, test: str, baseline: dict[str, Any]) -> None:
        project.items(GOOD)
        got = project.one(compared(test, dict(baseline)))
        assert (got.state, got.reason_code) == ("error", "baseline_unresolved")

    def test_a_baseline_without_the_metric(self, project: Project) -> None:
        project.items(GOOD)
        base = project.baseline(GOOD, metric="other")
        assert project.one(non_inferiority(base)).reason_code == "baseline_unresolved"

    @pytest.mark.parametrize("test", TESTS)
    def test_the_first_run_passes_only_beside_an_absolute_gate(
        self, project: Project, test: str
    ) -> None:
        project.items(GOOD)
        first = compared(test, {"file": "none", "bootstrap": True}, id="first")
        assert project.one(first).reason_code == "baseline_unresolved"
        verdict = project.verdict(first, gate())
        got = verdict.gates[0]
        assert (got.state, got.reason_code, got.found.flags) == (
            "pass",
            "no_baseline",
            ("no_baseline",),
        )
        assert any("without a baseline" in w for w in verdict.warnings)
        assert project.one(first, gate(severity="warn")).state == "error"


class TestNanNullOrInfiniteScores:
    SPOILT = (None, float("nan"), float("inf"))

    @pytest.mark.parametrize("score", SPOILT)
    def test_the_default_is_an_error(self, project: Project, score: float | None) -> None:
        folder = project.folder / "results" / "items"
        folder.mkdir(parents=True)
        parquet.write_table(results_table(rows([*GOOD[:-1], score])), folder / "a.parquet")
        got = project.one(gate())
        assert (got.state, got.reason_code) == ("error", "nan_value")

    @pytest.mark.parametrize(("direction", "share"), [("higher", 0.0), ("lower", 1.0)])
    def test_worst_counts_them_as_0_or_1(
        self, project: Project, direction: str, share: float
    ) -> None:
        project.items([1.0 - share] * 590 + [None] * 10)
        got = project.one(gate(nan="worst", direction=direction, limit=0.5))
        assert got.found.estimate == pytest.approx((590 * (1 - share) + 10 * share) / 600)

    @pytest.mark.parametrize(("lost", "code"), [(6, "limit_met"), (7, "too_many_dropped")])
    def test_drop_leaves_out_one_percent_at_most(
        self, project: Project, lost: int, code: str
    ) -> None:
        project.items([*GOOD[:-lost], *[None] * lost])
        assert project.one(gate(nan="drop")).reason_code == code

    def test_drops_must_not_differ_between_sides(self, project: Project) -> None:
        """A loss of 6 of 600 on one side is within 1%; an uneven one is pairing's to refuse."""
        project.items([*GOOD[:-6], *[None] * 6])
        base = project.baseline(GOOD)
        assert project.one(non_inferiority(base, nan="drop", max_drop=0.01)).state == "pass"
        assert project.one(non_inferiority(base, nan="drop", max_drop=0.0099)).reason_code == (
            "too_many_dropped"
        )

    @pytest.mark.parametrize("paired", [True, False])
    def test_shares_of_loss_are_those_of_rows_that_reached_the_model(
        self, project: Project, paired: bool
    ) -> None:
        """2 of 200 rows on one side, 1 of 250 on the other: each within 1%, not within .5%."""
        lost = [*GOOD[:198], None, None]
        project.items(lost)
        base = project.baseline([*GOOD[:199], None])
        asked = non_inferiority(base, nan="drop", paired=paired, min_n=0)
        assert project.one(dict(asked, max_drop=0.01)).state != "error"
        assert project.one(dict(asked, max_drop=0.0049)).reason_code == "too_many_dropped"


class TestTooFewItemsOrClusters:
    """Inconclusive ``underpowered`` with the n needed: no pass by the luck of a narrow interval."""

    @pytest.mark.parametrize("test", TESTS)
    @pytest.mark.parametrize(("n", "size"), [(199, 1), (400, 50)])
    def test_whatever_the_test(self, project: Project, test: str, n: int, size: int) -> None:
        scores = [0.9, 0.8] * (n // 2 + 1)
        project.items(scores[:n], cluster_size=size)
        base = project.baseline([x - 0.01 for x in scores[:n]], cluster_size=size)
        got = project.one(compared(test, base))
        assert (got.state, got.reason_code) == ("inconclusive", "underpowered")
        assert got.decision.n_needed is not None
        assert got.decision.n_needed >= 200
        assert "fewer than the least sample" in got.sentence

    @pytest.mark.parametrize("interval", ["auto", "t", "wilson", "jeffreys", "bootstrap"])
    def test_whatever_the_interval(self, project: Project, interval: str) -> None:
        project.items(bits(150, 0.8))
        assert project.one(gate(interval=interval)).reason_code == "underpowered"

    def test_bets_too(self, project: Project) -> None:
        project.items([1.0] * 199)
        assert project.one(gate(sequential={})).reason_code == "underpowered"


class TestDatasetHashDiffers:
    @pytest.mark.parametrize("test", TESTS)
    def test_it_is_an_error(self, project: Project, test: str) -> None:
        project.items(GOOD)
        write_items(project.root / "base", rows(GOOD), parents={"toy": "e" * 64})
        got = project.one(compared(test, {"file": "base"}))
        assert (got.state, got.reason_code) == ("error", "dataset_changed")

    @pytest.mark.parametrize(("common", "code"), [(570, "not_worse"), (569, "low_overlap")])
    def test_common_items_where_it_is_allowed(
        self, project: Project, common: int, code: str
    ) -> None:
        project.items(GOOD[:common])
        write_items(project.root / "base", rows(GOOD), parents={"toy": "e" * 64})
        got = project.one(non_inferiority({"file": "base"}), dataset={"require_same_hash": False})
        assert got.reason_code == code
        if code == "not_worse":
            counts = dict(got.counts)
            assert (counts["items"], counts["baseline_items"]) == (common, 600)


class TestSameHashButItemIdsDifferOrRepeat:
    def test_ids_that_differ(self, project: Project) -> None:
        project.items(GOOD[:599])
        got = project.one(non_inferiority(project.baseline(GOOD)))
        assert (got.state, got.reason_code) == ("error", "id_mismatch")

    def test_duplicates(self, project: Project) -> None:
        folder = project.folder / "results" / "items"
        folder.mkdir(parents=True)
        twice = results_table([*rows(GOOD), rows(GOOD)[0]])
        parquet.write_table(twice, folder / "a.parquet")
        assert project.one(gate()).reason_code == "id_mismatch"


class TestSchemaDrift:
    """An added nullable column warns; removed, retyped, another unit or major version: error."""

    @staticmethod
    def retyped(t: pa.Table) -> pa.Table:
        return t.set_column(t.column_names.index("seed"), "seed", pa.nulls(len(t), pa.string()))

    @staticmethod
    def united(t: pa.Table) -> pa.Table:
        index = t.column_names.index("prompt_tokens")
        field = t.schema.field(index).with_metadata({b"unit": b"words"})
        return t.set_column(index, field, t.column(index))

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (lambda t: t.append_column("new", pa.nulls(len(t), pa.string())), "not_worse"),
            (lambda t: t.drop_columns(["seed"]), "schema_drift"),
            (lambda t: TestSchemaDrift.retyped(t), "schema_drift"),
            (lambda t: TestSchemaDrift.united(t), "schema_drift"),
        ],
        ids=["added", "removed", "retyped", "unit"],
    )
    def test_columns(self, project: Project, change: Any, code: str) -> None:
        folder = project.root / "plain"
        folder.mkdir()
        parquet.write_table(change(results_table(rows(GOOD))), folder / "new.parquet")
        parquet.write_table(results_table(rows(GOOD)), project.root / "old.parquet")
        verdict = project.verdict(non_inferiority({"file": "old.parquet"}), results="plain")
        assert verdict.gates[0].reason_code == code
        assert any("was added" in w for w in verdict.warnings) == (code == "not_worse")

    def test_another_major_version(self, project: Project) -> None:
        project.items(GOOD)
        project.baseline(GOOD)
        manifest = project.root / "base" / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"1.0.0"', '"2.0.0"'))
        got = project.one(non_inferiority({"file": "base"}))
        assert (got.state, got.reason_code) == ("error", "schema_drift")


def test_zero_slices_matched(project: Project) -> None:
    project.items(GOOD, slice="lang=en")
    project.statistics(statistic(slice="lang=en"))
    got = project.one(gate(slice={"lang": "fr"}))
    assert (got.state, got.reason_code) == ("error", "empty_slice")
    asked = gate(metric="alpha", slice={"lang": "fr"}, **{"from": "statistics"})
    assert project.one(asked).reason_code == "empty_slice"


class TestScorerJudgeOrPromptChanged:
    @pytest.mark.parametrize("test", TESTS)
    def test_another_judge_is_an_error_until_the_baseline_is_scored_again(
        self, project: Project, test: str
    ) -> None:
        project.results(rows(GOOD), params={"instrument": {"judge": "b"}})
        asked = compared(test, {"file": "base"})
        write_items(project.root / "base", rows(GOOD), params={"instrument": {"judge": "a"}})
        assert project.one(dict(asked)).reason_code == "instrument_changed"
        write_items(project.root / "base", rows(GOOD), params={"instrument": {"judge": "b"}})
        assert project.one(dict(asked)).state != "error"

    def test_another_prompt(self, project: Project) -> None:
        project.items(GOOD, prompt_sha256="1" * 64)
        base = project.baseline(GOOD, prompt_sha256="2" * 64)
        assert project.one(non_inferiority(base)).reason_code == "instrument_changed"


class TestManySmallLosses:
    """Five releases, each .019 worse within a margin of .02, lose .095; the anchor stops them."""

    def release(self, project: Project, loss: float) -> list[float]:
        return [0.9 - loss + 0.01 * (-1) ** i for i in range(400)]

    def test_the_anchor_stops_them(self, project: Project) -> None:
        states = []
        project.baseline(self.release(project, 0.0), "anchor")
        for step in range(1, 6):
            project.items(self.release(project, 0.019 * step))
            previous = project.baseline(self.release(project, 0.019 * (step - 1)), "previous")
            verdict = project.verdict(
                non_inferiority(dict(previous), 0.02, id="step"),
                non_inferiority({"file": "anchor", "role": "anchor"}, 0.05, id="anchor"),
            )
            assert not any("many small losses" in w for w in verdict.warnings)
            states.append([g.state for g in verdict.gates])
        assert [s[0] for s in states] == ["pass"] * 5
        assert [s[1] for s in states] == ["pass", "pass", "fail", "fail", "fail"]

    def test_without_one_the_verdict_warns(self, project: Project) -> None:
        project.items(GOOD)
        verdict = project.verdict(non_inferiority(project.baseline(GOOD)))
        assert any("many small losses" in w for w in verdict.warnings)

    def test_an_anchor_is_a_tag_and_no_branch(self, project: Project) -> None:
        project.items(GOOD)
        for command in (
            ["init", "-q", "-b", "main"], ["add", "."],
            ["-c", "user.name=n", "-c", "user.email=e@x", "commit", "-qm", "first"],
            ["tag", "v1.0"],
        ):  # fmt: skip
            subprocess.run(["git", *command], cwd=project.root, check=True)
        tag = project.one(non_inferiority({"ref": "v1.0", "role": "anchor"}))
        assert tag.state == "pass"
        branch = project.one(non_inferiority({"ref": "main", "role": "anchor"}))
        assert branch.reason_code == "anchor_moves"


class TestReRuns:
    """The attempt is recorded; more than one without bets is decided at alpha / k."""

    def test_alpha_is_divided_by_the_look(self, project: Project) -> None:
        project.out = project.root / "out"
        for k, share in enumerate((0.5, 0.6, 0.7, 0.9), 1):
            project.items(bits(600, share))
            got = project.one(gate(limit=0.8))
            assert (got.looks, got.level.alpha) == (k, pytest.approx(0.05 / k))
        assert "look 4" in got.sentence

    def test_a_growing_sample_with_bets_is_one_look(self, project: Project) -> None:
        project.out = project.root / "out"
        scores = (np.random.default_rng(1).random(900) < 0.9).astype(float)
        for n in (300, 600, 900):
            project.items(scores[:n])
            got = project.one(gate(limit=0.8, sequential={}))
            assert (got.looks, got.level.alpha) == (1, 0.05)


@pytest.mark.parametrize("test", ["non_inferiority", "equivalence"])
def test_relative_margin_where_the_baseline_is_about_0(project: Project, test: str) -> None:
    project.items(bits(600, 0.5))
    asked = non_inferiority(project.baseline([0.0] * 600), test=test) | {"margin": {"rel": 0.1}}
    got = project.one(asked)
    assert (got.state, got.reason_code) == ("error", "rel_margin_undefined")
    value = non_inferiority({"value": 0}, test=test) | {"margin": {"rel": 0.1}}
    assert project.one(value).reason_code == "rel_margin_undefined"


class TestEquality:
    """A limit may be met exactly, a margin is kept strictly; constant differences are a point."""

    @pytest.mark.parametrize(
        ("test", "change", "state"),
        [
            ("non_inferiority", -0.02, "inconclusive"),
            ("non_inferiority", -0.0199, "pass"),
            ("equivalence", 0.02, "inconclusive"),
            ("equivalence", -0.02, "inconclusive"),
            ("equivalence", 0.0199, "pass"),
            ("equivalence", 0.0201, "fail"),
            ("superiority", 0.0, "inconclusive"),
            ("superiority", 0.0001, "pass"),
            ("regression", 0.0, "pass"),
            ("regression", -0.0001, "fail"),
            ("exact_equal", 0.0, "pass"),
            ("exact_equal", 1e-15, "fail"),
        ],
    )
    def test_constant_differences(
        self, project: Project, test: str, change: float, state: str
    ) -> None:
        project.items([0.5 + change] * 300)
        base = project.baseline([0.5] * 300)
        asked = compared(test, base)
        if "margin" in asked:
            asked["margin"] = {"abs": 0.02}
        got = project.one(asked)
        assert got.state == state, got.sentence
        assert got.found.flags == (("exact",) if test == "exact_equal" else ("degenerate",))
        few = project.one(asked | {"min_n": 301})
        assert few.reason_code == "underpowered"

    def test_thresholds_are_inclusive(self, project: Project) -> None:
        project.items([0.7] * 300)
        assert project.one(gate(limit=0.7)).state == "pass"
        assert project.one(gate(limit=0.7, direction="lower")).state == "pass"


class TestStatesAndExits:
    @pytest.mark.parametrize(
        ("rule", "severity", "exit_code"),
        [("fail", "block", 2), ("warn", "block", 0), ("fail", "warn", 0)],
    )
    def test_on_inconclusive(
        self, project: Project, rule: str, severity: str, exit_code: int
    ) -> None:
        project.items(GOOD)
        verdict = project.verdict(gate(limit=0.9, on_inconclusive=rule, severity=severity))
        assert verdict.gates[0].state == "inconclusive"
        assert verdict.exit_code == exit_code

    def test_each_value_of_a_slice_is_a_gate(self, project: Project) -> None:
        good, bad = rows(GOOD, slice="lang=en"), rows(bits(600, 0.2), slice="lang=de")
        for row in bad:
            row["item_id"] = "d" + row["item_id"]
        project.results(good + bad)
        verdict = project.verdict(gate(slice={"lang": ["en", "de"]}))
        assert [(g.slice, g.state) for g in verdict.gates] == [
            ("lang=en", "pass"),
            ("lang=de", "fail"),
        ]
        assert verdict.exit_code == 1


def test_everything_that_a_verdict_must_carry(project: Project) -> None:
    project.items(bits(600, 0.9), cluster_size=10)
    base = project.baseline([1 - x for x in bits(600, 0.5)], cluster_size=10)
    verdict = project.verdict(non_inferiority(base, interval="bootstrap", margin=0.001))
    [got] = verdict.to_dict()["gates"]
    asked = gate(limit=0.9)
    open_ = project.one(asked)
    assert open_.decision.n_needed is None or open_.decision.n_needed > 600
    carried = ("estimate", "lower", "upper", "p", "n", "clusters", "sd", "mde", "power", "seed",
               "resamples", "method", "candidate_hash", "baseline_hash", "reason_code")  # fmt: skip
    assert [name for name in carried if got[name] is None] == []
