from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from evaluators.personality.evaluate import evaluate
from evaluators.personality.evaluate.context import subjects
from evaluators.personality.evaluate.cue import BEGINNINGS, cue_rows, cue_section, most_mass
from evaluators.personality.evaluate.scores import read_responses
from evaluators.personality.report import statistics, view
from measurand import params as parameters
from measurand import shards
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
def test_the_trial_of_a_chat_model_decides_how_every_answer_begins(tmp_path: Path) -> None:
    base = tiny()
    validity = base.build.validity.model_dump(mode="json") | {
        "instruments": ["mini_ipip", "ipip_50"], "n_bios": 2,
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
    evaluate(as_asked, tmp_path, None, tmp_path / "plain", journal=tmp_path / "journal")
    assert set(read_responses(tmp_path / "plain")["smollm2"]["cue"]) == {"none"}
