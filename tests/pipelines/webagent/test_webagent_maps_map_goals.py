from __future__ import annotations

import pytest

from measurand.stats.resample import rng_for
from pipelines.webagent import map_goals, maps
from pipelines.webagent.records import places
from schemas.webagent.params import EVAL_RECORDS, TRAIN_RECORDS


def test_filters_and_orders() -> None:
    some = maps.matching(places(0), {"kind": "cafe", "open": "1", "rating": "3.5"})
    assert some
    assert all(p.kind == "cafe" and p.open and p.rating >= 3.5 for p in some)
    assert [p.rating for p in some] == sorted((p.rating for p in some), reverse=True)
    near = maps.matching(places(0), {"sort": "near"})
    assert near[0].metres == min(p.metres for p in places(0))
    assert len(maps.matching(places(0), {"rating": "many"})) == len(places(0))


@pytest.mark.parametrize("template", map_goals.TEMPLATES, ids=lambda t: t.id)
def test_every_template_can_be_filled(template: object) -> None:
    split = template.split  # type: ignore[attr-defined]
    records = (TRAIN_RECORDS if split == "train" else EVAL_RECORDS)[0]
    goal = map_goals.fill(template, rng_for("t", 1), records)  # type: ignore[arg-type]
    assert goal is not None
    for text in template.texts:  # type: ignore[attr-defined]
        assert "{" not in text.format(**goal.slots)
