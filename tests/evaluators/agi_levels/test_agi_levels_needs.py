from __future__ import annotations

import numpy as np
import pytest

from evaluators.agi_levels.needs import least_scores, next_needs, norm_table
from measurand.stats.percentiles import Place, among, among_normal
from measurand.stats.true_score import TrueScore, exact_score, mean_score
from pipelines.agi_levels import shipped
from schemas.agi_levels.norms import Raw
from schemas.agi_levels.params import Rules


def test_the_least_score_claims_its_level_and_the_next_lower_does_not() -> None:
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


@pytest.mark.integration
def test_every_norm_says_what_it_can_show() -> None:
    norms = [n for name in shipped.names() for n in shipped.read(name)[0]]
    table = norm_table(norms, Rules())
    can = {row[0]["text"]: row[3] for row in table.rows}  # type: ignore[index]
    assert can["sat_act/act_composite"] == "Expert"
    assert can["bar/july"] == "Virtuoso"
    assert can["lsat/section_6"] == "Virtuoso"
    assert "299 for Virtuoso" in table.notes[0]


def test_the_next_level_needs_items_people_or_a_better_score() -> None:
    def law(score: TrueScore) -> Place:
        return among_normal(score, 0.6, 0.12, 400)

    ten = mean_score(np.repeat([1.0, 0.0], [7, 3]))
    said = next_needs(None, ten, law, 400, Rules())
    assert said.startswith("Competent: about")
    items = int(said.split()[2].replace(",", ""))
    sure = [
        law(mean_score(np.repeat([1.0, 0.0], [7 * k, 3 * k]))).at_least([0.5])[0] >= 0.95
        for k in (items // 20, items // 10)
    ]
    assert sure == [False, True]
    assert next_needs(2, ten, law, 20, Rules()) == "Expert: 29 people, not 20"
    assert "a higher score" in next_needs(2, ten, law, 400, Rules())
    assert "smaller error" in next_needs(None, exact_score(0.9), law, 400, Rules())
    assert next_needs(4, ten, law, 400, Rules()) == ""
