"""The whole report; the section modules have no other reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.many_shot import report as report_module
from evaluators.many_shot.context import Subject
from evaluators.many_shot.report import HEADLINES, statistics
from measurand.reporting import document, render
from measurand.reporting.view import assemble
from schemas.many_shot.params import Params


@pytest.fixture(scope="module")
def reported(small: Params, built: Path, results: Path) -> tuple[document.Document, set[str]]:
    table = statistics(built, results, small)
    return assemble(report_module, built, results, table, small), set(table["metric"].to_pylist())


def test_headlines_are_statistics(reported: tuple[document.Document, set[str]]) -> None:
    assert set(HEADLINES) <= reported[1]


def test_sections_come_in_the_readers_order(
    reported: tuple[document.Document, set[str]],
) -> None:
    assert [part.title for part in reported[0].sections] == [
        "Few shots and most",
        "Accuracy against shots",
        "Likelihood against shots",
        "Regimes, label maps and orders",
        "Label bias",
        "Baselines",
        "Yield of the reinforced regime",
        "Nothing leaked",
        "Prompts",
        "Quality of the answers",
        "Cost",
        "Methods",
    ]


def test_the_report_is_drawn_from_its_own_json(
    reported: tuple[document.Document, set[str]],
) -> None:
    packed = document.to_json(reported[0])
    assert render.to_html(document.from_json(packed)) == render.to_html(reported[0])


def test_it_says_what_it_is_not(reported: tuple[document.Document, set[str]]) -> None:
    text = render.to_markdown(reported[0])
    assert "no figure of it is reproduced here" in text
    assert "never cut" in text


@pytest.mark.integration
def test_statistics_are_the_same_twice(small: Params, built: Path, results: Path) -> None:
    assert statistics(built, results, small) == statistics(built, results, small)


@pytest.mark.integration
def test_another_seed_of_the_report_moves_bootstrap_intervals_alone(
    small: Params, built: Path, results: Path
) -> None:
    other = small.model_copy(update={"report": small.report.model_copy(update={"seed": 7})})
    one = statistics(built, results, small).to_pylist()
    two = statistics(built, results, other).to_pylist()
    assert [r["estimate"] for r in one] == [r["estimate"] for r in two]
    moved = {a["metric"] for a, b in zip(one, two, strict=True) if a["ci_lo"] != b["ci_lo"]}
    assert moved <= {"seed_alpha", "nll_accuracy_rho"}


def test_oracles_alone_are_a_report(
    everyone: list[Subject], small: Params, built: Path, results: Path, tmp_path: Path
) -> None:
    import shutil

    from measurand.runs import slug

    shutil.copytree(results, tmp_path / "r")
    shutil.rmtree(tmp_path / "r" / "responses" / slug(everyone[0].model))
    table = statistics(built, tmp_path / "r", small)
    content = assemble(report_module, built, tmp_path / "r", table, small)
    assert "oracle:solver" in content.subtitle
    assert "Likelihood against shots" not in [part.title for part in content.sections]
