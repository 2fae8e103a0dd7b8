"""Every figure of invented answers, made again with pandas, scipy and pingouin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pyarrow as pa
import pytest
from scipy.stats import pearsonr

from evaluators.personality.evaluate.context import Subject
from evaluators.personality.validity import convergent, validity_rows
from measurand.results import StatisticRow
from schemas.personality.params import DOMAINS, Params

FORMS, CRITERION = ("one", "two"), "crit.Joy"
SIGNS = (1, 0, 0, -1, 0)
"""Of Joy with the five domains."""
BIOS = 8
SHARED = ("one.EXT1", "one.NEU3")
"""Items of the first form that the second one has too."""
Rows = dict[tuple[str, str], StatisticRow]


def _items() -> list[dict[str, Any]]:
    """Three items of each domain in both forms; facets in the first; three items of Joy."""
    rows = []
    for form in FORMS:
        for domain in DOMAINS:
            for at in (1, 2, 3):
                name = f"{form}.{domain}{at}"
                text = name.partition(".")[2] if name.replace("two", "one") in SHARED else name
                facet = min(at, 2) if form == "one" and domain in ("EXT", "AGR") else None
                rows.append({"instrument_id": form, "item_id": name, "text": text,
                             "scale_id": f"{form}.{domain}", "domain": domain, "facet": facet,
                             "keyed": 1 if at < 3 else -1, "k_choices": 5})  # fmt: skip
    rows += [{"instrument_id": "crit", "item_id": f"{CRITERION}{at}", "text": f"joy {at}",
              "scale_id": CRITERION, "domain": None, "facet": None, "keyed": 1, "k_choices": 4}
             for at in (1, 2, 3)]  # fmt: skip
    return rows


def _answers(items: list[dict[str, Any]]) -> pl.DataFrame:
    """Two wordings of eight biographies, asked once for validity and once for something else."""
    rng = np.random.default_rng(4)
    worth = {(b, d): rng.normal() for b in range(BIOS) for d in (*DOMAINS, None)}
    rows = []
    for experiment in ("validity", "single"):
        for bio in range(BIOS):
            for wording in ("a", "b"):
                tone = rng.normal(0, 0.4)
                for item in items:
                    k = item["k_choices"]
                    own = worth[bio, item["domain"]] + tone + rng.normal(0, 0.8)
                    keyed = float(np.clip(np.round((k + 1) / 2 + own), 1, k))
                    soft = float(np.clip((k + 1) / 2 + own + rng.normal(0, 0.2), 1, k))
                    back = item["keyed"] < 0
                    rows.append({
                        **item, "experiment": experiment, "bio_id": bio + 1, "run_id": "r",
                        "participant_id": f"d{bio + 1}-{wording}", "levels": [0] * 5,
                        "profile_id": f"d{bio + 1}-{wording}", "keyed_value": keyed,
                        "keyed_expected": soft,
                        "value": int(k + 1 - keyed if back else keyed),
                        "expected": k + 1 - soft if back else soft,
                    })  # fmt: skip
    types = {"bio_id": pl.Int16, "value": pl.Int8, "keyed": pl.Int8, "k_choices": pl.Int8}
    table = pl.DataFrame(rows, schema_overrides={**types, "levels": pl.Array(pl.Int8, 5)})
    return table.drop("text", "facet").sample(fraction=1.0, shuffle=True, seed=2)


@pytest.fixture(scope="module")
def subject(small: Params) -> Subject:
    """Eight biographies, of whom nobody answers what the scale ``crit.Rage`` would ask."""
    items = _items()
    validity = small.build.validity.model_copy(
        update={"first_form": FORMS[0], "second_form": FORMS[1]}
    )
    params = small.model_copy(
        update={"build": small.build.model_copy(update={"validity": validity})}
    )
    names = dict.fromkeys(item["scale_id"] for item in items)
    scales = [{"scale_id": name, "expected_signs": SIGNS if name == CRITERION else (0,) * 5}
              for name in names]  # fmt: skip
    scales.append({"scale_id": "crit.Rage", "expected_signs": (0, -1, 0, 1, 0)})
    return Subject("personality", "m", 0, 40, _answers(items), pa.Table.from_pylist(items),
                   tuple(scales), params)  # fmt: skip


@pytest.fixture(scope="module")
def rows(subject: Subject) -> Rows:
    return {(r["metric"], r["slice"]): r for r in validity_rows(subject)}


@pytest.fixture(scope="module")
def answers(subject: Subject) -> pd.DataFrame:
    """Keyed answers for validity by participant: likeliest and expected ones, a column an item."""
    own = subject.responses.to_pandas()
    own = own[own["experiment"] == "validity"]
    return own.pivot(index="participant_id", columns="item_id",
                     values=["keyed_value", "keyed_expected"])  # fmt: skip


def scores(answers: pd.DataFrame, kind: str, without: tuple[str, ...] = ()) -> pd.DataFrame:
    """Mean answers of every scale."""
    own = answers[f"keyed_{kind}"].drop(columns=list(without))
    return own.T.groupby(lambda item: item[:-1]).mean().T


def test_no_figure_is_missing_and_none_is_of_what_was_not_asked(rows: Rows) -> None:
    found = {metric for metric, _ in rows}
    soft = {f"{name}_expected" for name in ("convergent_mean", "discriminant_mean", "mtmm_r",
                                            "discriminant_gap", "criterion_r", "alpha",
                                            "score_mean")}  # fmt: skip
    assert soft | {name.removesuffix("_expected") for name in soft} <= found
    assert "convergent_r_disattenuated" in found
    assert not [part for _, part in rows if "Rage" in part]


def test_reliabilities_of_scales_and_facets_are_pingouins(
    rows: Rows, answers: pd.DataFrame
) -> None:
    for form, name in (("first", "one"), ("second", "two")):
        for domain in DOMAINS:
            at = f"experiment=validity,form={form},scale={domain}"
            for metric, kind in (("alpha", "value"), ("alpha_expected", "expected")):
                own = answers[f"keyed_{kind}"][[f"{name}.{domain}{i}" for i in (1, 2, 3)]]
                wanted, _ = pingouin.cronbach_alpha(own)
                assert rows[metric, at]["estimate"] == pytest.approx(wanted)
                assert rows[metric, at]["n_clusters"] == BIOS
    at = f"experiment=validity,form=criterion,scale={CRITERION}"
    own = answers["keyed_value"][[f"{CRITERION}{i}" for i in (1, 2, 3)]]
    assert rows["alpha", at]["estimate"] == pytest.approx(pingouin.cronbach_alpha(own)[0])
    facets = {part for metric, part in rows if metric == "alpha" and "form=facet" in part}
    assert facets == {f"experiment=validity,form=facet,scale={d}{f}" for d in ("EXT", "AGR")
                      for f in (1, 2)}  # fmt: skip
    both = answers["keyed_value"][["one.AGR2", "one.AGR3"]]
    row = rows["alpha", "experiment=validity,form=facet,scale=AGR2"]
    assert row["estimate"] == pytest.approx(pingouin.cronbach_alpha(both)[0])
    assert rows["alpha", "experiment=validity,form=facet,scale=AGR1"]["estimate"] is None


def test_scores_stay_on_their_answers(rows: Rows, answers: pd.DataFrame) -> None:
    for metric, kind in (("score_mean", "value"), ("score_mean_expected", "expected")):
        mean = scores(answers, kind).mean()
        for part, name, most in (
            ("form=first,scale=CON", "one.CON", 5.0),
            (f"form=criterion,scale={CRITERION}", CRITERION, 4.0),
        ):
            row = rows[metric, f"experiment=validity,{part}"]
            assert row["estimate"] == pytest.approx(mean[name])
            assert (row["least"], row["most"]) == (1.0, most)
            assert (row["n"], row["n_clusters"]) == (2 * BIOS, BIOS)
            assert row["reliability"] == rows["alpha", f"experiment=validity,{part}"]["estimate"]


@pytest.mark.parametrize("kind", ["value", "expected"])
def test_forms_are_correlated_without_the_items_that_both_have(
    kind: Any, rows: Rows, answers: pd.DataFrame, subject: Subject
) -> None:
    end = {"value": "", "expected": "_expected"}[kind]
    own = scores(answers, kind, SHARED)
    r = np.array([[pearsonr(own[f"one.{a}"], own[f"two.{b}"]).statistic for b in DOMAINS]
                  for a in DOMAINS])  # fmt: skip
    for i, a in enumerate(DOMAINS):
        for j, b in enumerate(DOMAINS):
            row = rows[f"mtmm_r{end}", f"experiment=validity,first={a},second={b}"]
            assert row["estimate"] == pytest.approx(r[i, j])
    off = np.abs(r[~np.eye(5, dtype=bool)]).mean()
    for metric, value in (("convergent_mean", np.diag(r).mean()), ("discriminant_mean", off),
                          ("discriminant_gap", np.diag(r).mean() - off)):  # fmt: skip
        row = rows[metric + end, "experiment=validity"]
        assert row["estimate"] == pytest.approx(value)
        assert row["n_clusters"] == BIOS
    assert rows["items_dropped_as_shared", "experiment=validity"]["estimate"] == 2
    for domain, at in zip(DOMAINS, np.diag(r), strict=True):
        alphas = [rows["alpha", f"experiment=validity,form={f},scale={domain}"]["estimate"]
                  for f in ("first", "second")]  # fmt: skip
        part = f"experiment=validity,first={domain},second={domain}"
        if kind == "value" and min(alphas) > 0:
            found = rows["convergent_r_disattenuated", part]["estimate"]
            assert found == pytest.approx(at / np.sqrt(np.prod(alphas)))
    alone = replace(subject, responses=subject.responses.filter(pl.col("instrument_id") != "two"))
    assert convergent(alone, kind) is None
    assert not [r for r in validity_rows(alone) if r["metric"].startswith("convergent")]


@pytest.mark.parametrize("kind", ["value", "expected"])
def test_criteria_go_with_the_domains_that_they_should(
    kind: str, rows: Rows, answers: pd.DataFrame
) -> None:
    end = {"value": "", "expected": "_expected"}[kind]
    own = scores(answers, kind)
    found = {part: r for (metric, part), r in rows.items() if metric == f"criterion_r{end}"}
    assert set(found) == {f"criterion={CRITERION},domain={d},expected={s},experiment=validity"
                          for d, s in (("EXT", "+"), ("NEU", "-"))}  # fmt: skip
    for domain, sign in (("EXT", "+"), ("NEU", "-")):
        part = f"criterion={CRITERION},domain={domain},expected={sign},experiment=validity"
        wanted = pearsonr(own[f"one.{domain}"], own[CRITERION]).statistic
        assert found[part]["estimate"] == pytest.approx(wanted)
        assert found[part]["n_clusters"] == BIOS


def test_the_share_of_the_biography_is_pingouins(rows: Rows, answers: pd.DataFrame) -> None:
    own = scores(answers, "value").reset_index()
    own[["bio", "wording"]] = own["participant_id"].str.split("-", expand=True)
    for domain in DOMAINS:
        icc = pingouin.intraclass_corr(own, "bio", "wording", f"one.{domain}").set_index("Type")
        row = rows["icc_wording", f"experiment=validity,form=first,scale={domain}"]
        assert row["estimate"] == pytest.approx(icc.loc["ICC(A,1)", "ICC"], abs=1e-6)
        ends = icc.loc["ICC(A,1)"].filter(like="CI95").iloc[0]
        assert (row["ci_lo"], row["ci_hi"]) == pytest.approx(tuple(ends), abs=0.01)
        assert (row["n"], row["n_clusters"]) == (2 * BIOS, BIOS)


def test_a_score_that_never_varies_has_no_icc(subject: Subject) -> None:
    alike = subject.responses.with_columns(pl.lit(3.0).alias("keyed_value"))
    found = [r for r in validity_rows(replace(subject, responses=alike))
             if r["metric"] == "icc_wording"]  # fmt: skip
    assert [r["reason"] for r in found] == ["the score does not vary"] * 5
    half = pl.when(pl.col("bio_id") == 1).then(2.0).otherwise(3.0).alias("keyed_value")
    two = subject.responses.with_columns(half)
    found = [r for r in validity_rows(replace(subject, responses=two))
             if r["metric"] == "icc_wording"]  # fmt: skip
    # Wordings agree to the last bit: everything is the biography's.
    assert all(r["reason"] != "the score does not vary" for r in found)


def test_nothing_is_said_of_who_was_not_asked(subject: Subject) -> None:
    other = subject.responses.filter(pl.col("experiment") != "validity")
    assert not list(validity_rows(replace(subject, responses=other)))
