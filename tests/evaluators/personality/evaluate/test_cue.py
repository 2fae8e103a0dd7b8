from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from scipy.stats import t, ttest_rel

from evaluators.personality.evaluate import evaluate
from evaluators.personality.evaluate.context import Subject, View, subjects
from evaluators.personality.evaluate.cue import (
    BEGINNINGS,
    LABELS,
    cue_rows,
    cue_section,
    metric,
    most_mass,
)
from evaluators.personality.evaluate.scores import read_responses
from evaluators.personality.report import statistics, view
from measurand import params as parameters
from measurand import runs, shards
from measurand.reporting.document import Table
from measurand.reporting.lookup import Figures
from measurand.results import RESULTS
from measurand.statistics import statistics_table
from pipelines.personality.dataset import build
from schemas.personality.params import Params

ROOT = Path(__file__).parents[4]


def changed(base: Params, **sections: dict[str, object]) -> Params:
    raw = base.model_dump(mode="json")
    return Params.model_validate(
        {k: {**v, **sections.get(k, {})} if v else v for k, v in raw.items()}
    )


def tiny() -> Params:
    return parameters.read(ROOT / "params/presets/personality/tiny.yaml", Params)


def test_the_rule_takes_the_larger_mean_and_the_first_of_equals() -> None:
    assert most_mass({"none": [0.1, 0.3], "begun": [0.5, 0.1]}) == "begun"
    assert most_mass({"none": [0.5, 0.3], "begun": [0.2, 0.1]}) == "none"
    assert most_mass({"none": [0.2], "begun": [0.2]}) == "none"
    assert most_mass({"begun": [0.2]}) == "begun"
    assert most_mass({}) == "none"
    # Of .4, .4, .4 and of .9 alone the means count, not the sums.
    assert most_mass({"none": [0.4] * 3, "begun": [0.9]}) == "begun"


NONE, BEGUN = (
    np.array(x) for x in ([0.1, 0.2, 0.3, 0.5, 0.2, 0.2], [0.4, 0.9, 0.7, 0.6, 0.8, 0.3])
)
"""Masses of six prompts, two of each of three biographies."""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a trial by ``m``, whose last prompt has no answer, and by another model."""
    folder = tmp_path_factory.mktemp("tried")
    masses = [
        (model, cue, at, value if at < 6 else None)
        for model, sign in (("m", 1.0), ("other", 0.1))
        for cue, values in (("none", NONE), ("begun", BEGUN))
        for at, value in enumerate((*(sign * values), 0.0))
    ]
    rows = [
        {
            "system": "personality",
            "model": model,
            "metric": metric(cue),
            "item_id": f"p{at}",
            "repeat": 0,
            "cluster_id": f"b{at // 2}",
            "value": value,
            "status": "ok" if value is not None else "infra_error",
            "reason": None if value is not None else "down",
            "slice": "",
            "seed": None,
            "prompt_tokens": None,
            "prompt_sha256": "0" * 64,
            "run_id": "0" * 16,
        }
        for model, cue, at, value in masses
    ]
    shards.write_dataset(folder / "items", RESULTS, runs.results_table(rows))
    return folder


@pytest.fixture(scope="module")
def trier(small: Params) -> Subject:
    answers = pl.DataFrame({"cue": ["begun"]})
    return Subject("personality", "m", 0, 0, answers, RESULTS.schema().empty_table(), (), small)


def test_masses_of_a_trial_are_means_over_biographies(tried: Path, trier: Subject) -> None:
    rows = {(r["metric"], r["slice"]): r for r in cue_rows(trier, tried)}
    assert set(rows) == {
        ("cue_mass", "cue=none,experiment=cue"),
        ("cue_mass", "cue=begun,experiment=cue"),
        ("cue_gain", "experiment=cue"),
    }
    for cue, values in (("none", NONE), ("begun", BEGUN)):
        row = rows["cue_mass", f"cue={cue},experiment=cue"]
        means = values.reshape(3, 2).mean(axis=1)
        ends = t.interval(0.95, 2, means.mean(), means.std(ddof=1) / 3**0.5)
        assert row["estimate"] == pytest.approx(values.mean())
        assert (row["ci_lo"], row["ci_hi"]) == pytest.approx(ends)
        assert (row["n"], row["n_clusters"]) == (6, 3)
    gain = rows["cue_gain", "experiment=cue"]
    both = ttest_rel(*(x.reshape(3, 2).mean(axis=1) for x in (BEGUN, NONE)))
    wanted = both.confidence_interval()
    assert gain["estimate"] == pytest.approx((BEGUN - NONE).mean())
    assert (gain["ci_lo"], gain["ci_hi"]) == pytest.approx((wanted.low, wanted.high))


def test_the_section_on_a_trial_shows_both_ways_and_the_one_used(
    tried: Path, trier: Subject
) -> None:
    figures = Figures(statistics_table(list(cue_rows(trier, tried))))
    untried = replace(trier, model="nobody")
    section = cue_section(View([trier, untried], figures))
    assert section is not None
    [table] = section.blocks
    assert isinstance(table, Table)
    [[model, none, begun, gain, used]] = table.rows
    assert (model, used) == ("m", LABELS["begun"])
    assert [cell["estimate"] for cell in (none, begun, gain)] == pytest.approx(
        [NONE.mean(), BEGUN.mean(), (BEGUN - NONE).mean()]
    )


def test_biographies_of_the_trial_are_nobody_elses(data: Path) -> None:
    prompts = pl.DataFrame(shards.read_table(data / "dataset" / "prompts"))
    trial, others = (
        set(prompts.filter(pl.col("experiment").eq("cue") == side)["bio_id"])
        for side in (True, False)
    )
    assert trial == {46, 47, 48, 49, 50}
    assert not trial & others


def test_a_trial_needs_prompts_and_free_biographies() -> None:
    with pytest.raises(ValidationError, match="not built"):
        changed(tiny(), build={"cue": None})
    with pytest.raises(ValidationError, match="only 40 biographies are left"):
        changed(tiny(), build={"cue": {"instrument": "mini_ipip", "n_items": 1, "n_bios": 41}})


def test_a_respondent_without_turns_is_asked_without_a_trial(
    administer: Callable[[str], Path], data: Path, small: Params
) -> None:
    results = administer("synthetic:shaped")
    [subject] = subjects(data, results, small)
    assert set(subject.responses["cue"]) == {"none"}
    assert not list(cue_rows(subject, results))
    assert cue_section(view(data, results, statistics(data, results, small), small)) is None


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_the_trial_of_a_chat_model_decides_how_every_answer_begins(tmp_path: Path) -> None:
    base = tiny()
    validity = base.build.validity.model_dump(mode="json") | {
        "instruments": ["mini_ipip", "ipip_50"], "n_bios": 1,
    }  # fmt: skip
    params = changed(
        base,
        build={
            "validity": validity,
            "single": None,
            "concurrent": None,
            "reversed_options": None,
            "cue": {"instrument": "mini_ipip", "n_items": 3, "n_bios": 2},
            "n_shards": 1,
        },
        evaluate={"models": [{"model": "smollm2", "experiments": ["validity"],
                              "instruments": ["mini_ipip"]}]},
        report={"resamples": 100},
    )  # fmt: skip
    build(params, tmp_path / "dataset", "FnApiRunner")
    out = tmp_path / "results"
    evaluate(params, tmp_path, None, out, journal=tmp_path / "journal")
    items = pl.DataFrame(shards.read_table(out / "items"))
    masses = {cue: items.filter(metric=f"mass_{cue}")["value"].to_list() for cue in BEGINNINGS}
    assert {len(some) for some in masses.values()} == {6}
    assert min(abs(a - b) for a, b in zip(masses["none"], masses["begun"], strict=True)) > 0
    chosen = most_mass(masses)
    assert set(read_responses(out)["smollm2"]["cue"]) == {chosen}

    rows = {(r["metric"], r["slice"]): r for r in statistics(tmp_path, out, params).to_pylist()}
    for cue, some in masses.items():
        found = rows["cue_mass", f"cue={cue},experiment=cue"]
        assert found["estimate"] == pytest.approx(np.mean(some))
        assert found["n_clusters"] == 2
    section = cue_section(view(tmp_path, out, statistics(tmp_path, out, params), params))
    assert section is not None

    as_asked = changed(params, evaluate={"cue": "none"})
    evaluate(as_asked, tmp_path, None, tmp_path / "plain", journal=tmp_path / "journal", limit=4)
    assert set(read_responses(tmp_path / "plain")["smollm2"]["cue"]) == {"none"}
