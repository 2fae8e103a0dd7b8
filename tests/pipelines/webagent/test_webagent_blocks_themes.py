from __future__ import annotations

import pytest

from pipelines.webagent.blocks import Field, Form
from pipelines.webagent.themes import LABELS, Theme
from schemas.webagent.params import THEMES


def test_every_theme_calls_everything_something_else() -> None:
    for key, said in LABELS.items():
        assert len(set(said)) == len(THEMES), key


@pytest.mark.parametrize("name", THEMES)
def test_class_names_say_nothing_and_belong_to_a_theme(name: str) -> None:
    look = Theme(name)
    assert "card" not in look.cls("card")
    assert look.cls("card") == Theme(name).cls("card") != look.cls("form")
    assert len({Theme(other).cls("card") for other in THEMES}) == len(THEMES)


def test_what_is_ticked_is_told_apart() -> None:
    assert Field("a", "A", "checks", "x,y").values == ("x", "y")
    assert Field("a", "A", "checks").values == ()
    assert Form("/", "Go").is_ == "form"
