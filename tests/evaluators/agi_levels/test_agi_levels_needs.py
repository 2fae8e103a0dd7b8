from __future__ import annotations

from evaluators.agi_levels.needs import least_scores, norm_table
from measurand.stats.percentiles import among
from measurand.stats.true_score import exact_score
from pipelines.agi_levels import shipped
from schemas.agi_levels.norms import Raw
from schemas.agi_levels.params import Rules


def test_the_least_score_claims_its_level_and_the_next_lower_does_not() -> None:
    import numpy as np

    [norm] = [n for n in shipped.read("psych")[0] if n.id == "sat_act/act_composite"]
    assert isinstance(norm, Raw)
    found = least_scores(norm, Rules())
    who = np.repeat(list(norm.counts), list(norm.counts.values()))
    for score, cut in zip(found, (0.5, 0.9, 0.99), strict=True):
        if score is None:
            continue
        assert among(exact_score(score), who).at_least([cut])[0] >= 0.95
        assert among(exact_score(score - 1), who).at_least([cut])[0] < 0.95
    assert found[0] is not None
    assert found[2] is None  # 31 of 700 at the top of the scale


def test_every_norm_says_what_it_can_show() -> None:
    norms = [n for name in shipped.names() for n in shipped.read(name)[0]]
    table = norm_table(norms, Rules())
    can = {row[0]["text"]: row[3] for row in table.rows}  # type: ignore[index]
    assert can["sat_act/act_composite"] == "Expert"
    assert can["bar/july"] == "Virtuoso"
    assert can["lsat/section_6"] == "Virtuoso"
    assert "299 for Virtuoso" in table.notes[0]
