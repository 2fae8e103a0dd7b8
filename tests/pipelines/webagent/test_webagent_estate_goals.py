from __future__ import annotations

import pytest

from measurand.stats.resample import rng_for
from pipelines.webagent import estate, estate_goals
from pipelines.webagent.records import homes
from schemas.webagent.params import EVAL_RECORDS, TRAIN_RECORDS

HOMES = homes(0)


@pytest.mark.parametrize(
    ("query", "keeps"),
    [
        ({"city": "ALDERHOLT"}, lambda h: h.city == "Alderholt"),
        ({"beds": "3", "baths": "1"}, lambda h: (h.beds, h.baths) == (3, 1)),
        ({"price": "1100"}, lambda h: h.price <= 1100),
        ({"price": "cheap"}, lambda h: True),
        ({"pets": "cats", "type": "flat"}, lambda h: "cats" in h.pets and h.type == "flat"),
        ({"amenity": "garden,lift"}, lambda h: {"garden", "lift"} <= set(h.amenities)),
    ],
)
def test_filters_keep_what_they_say(query: dict[str, str], keeps: object) -> None:
    found = estate.matching(HOMES, query)
    assert {h.id for h in found} == {h.id for h in HOMES if keeps(h)}  # type: ignore[operator]
    assert found


def test_orders() -> None:
    some = estate.matching(HOMES, {"city": "Alderholt", "sort": "cheap"})
    assert [h.price for h in some] == sorted(h.price for h in some)
    large = estate.matching(HOMES, {"sort": "large"})
    assert large[0].area == max(h.area for h in HOMES)


@pytest.mark.parametrize("template", estate_goals.TEMPLATES, ids=lambda t: t.id)
def test_every_template_can_be_filled(template: object) -> None:
    split = template.split  # type: ignore[attr-defined]
    records = (TRAIN_RECORDS if split == "train" else EVAL_RECORDS)[0]
    goal = estate_goals.fill(template, rng_for("t", 1), records)  # type: ignore[arg-type]
    assert goal is not None
    for text in template.texts:  # type: ignore[attr-defined]
        assert "{" not in text.format(**goal.slots)
