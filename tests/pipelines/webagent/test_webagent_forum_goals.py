from __future__ import annotations

import pytest

from measurand.stats.resample import rng_for
from pipelines.webagent import forum, forum_goals
from pipelines.webagent.records import posts
from schemas.webagent.params import EVAL_RECORDS, TRAIN_RECORDS


def test_orders_and_words() -> None:
    some = forum.matching(posts(0), {"community": "hiking", "sort": "talk"})
    assert [len(p.comments) for p in some] == sorted((len(p.comments) for p in some), reverse=True)
    title = posts(0)[5].title
    assert forum.matching(posts(0), {"words": title.upper()})[0].title == title
    assert forum.matching(posts(0), {"words": "nothing is called so"}) == []


@pytest.mark.parametrize("template", forum_goals.TEMPLATES, ids=lambda t: t.id)
def test_every_template_can_be_filled(template: object) -> None:
    split = template.split  # type: ignore[attr-defined]
    records = (TRAIN_RECORDS if split == "train" else EVAL_RECORDS)[0]
    goal = forum_goals.fill(template, rng_for("t", 1), records)  # type: ignore[arg-type]
    assert goal is not None
    for text in template.texts:  # type: ignore[attr-defined]
        assert "{" not in text.format(**goal.slots)
