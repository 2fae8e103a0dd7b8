from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from measurand.errors import InputError
from measurand.reporting.quotes import pages, reader, refresh, unquoted

ROOT = Path(__file__).parents[3]
ROW = {"estimate": 0.1405, "ci_lo": 0.1320, "ci_hi": -0.0, "n": 1750, "reason": None}


def find(system: str, model: str, metric: str, slice_: str) -> dict[str, Any] | None:
    return {
        ("s", "m", "mass", "a=1,b=2"): ROW,
        ("s", "m", "gap", ""): {**ROW, "estimate": -0.25, "ci_lo": -0.75, "ci_hi": None},
        ("s", "m", "none", ""): {**ROW, "estimate": None, "reason": "constant items"},
    }.get((system, model, metric, slice_))


@pytest.mark.parametrize(
    ("told", "made"),
    [
        (".9 [.1, .2]", ".1 [.1, .0]"),
        ("0.99 [0.00, 0.00]", "0.14 [0.13, 0.00]"),
        ("+.999", "+.141"),
        ("99%", "14%"),
        ("9.9%", "14.1%"),
        ("", "0.14 [0.13, 0.00]"),
        ("7", "0"),
    ],
)
def test_a_figure_is_written_as_what_stood_there(told: str, made: str) -> None:
    text = f"It is <!--q s m mass a=1,b=2-->{told}<!--/q--> here."
    assert refresh(text, find) == f"It is <!--q s m mass a=1,b=2-->{made}<!--/q--> here."
    assert refresh(refresh(text, find), find) == refresh(text, find)


def test_counts_and_figures_without_an_interval() -> None:
    assert refresh("<!--q s m mass:n a=1,b=2-->0<!--/q-->", find).split(">")[1] == "1,750<!--/q--"
    assert ">-.25<" in refresh("<!--q s m gap-->.11<!--/q-->", find)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("s m", "name system, model"),
        ("s m lost", "no such statistic"),
        ("s m none", "constant items"),
        ("s m mass:ci_lo a=1,b=2", "undefined"),
    ],
)
def test_what_cannot_be_quoted_is_named(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        refresh(f"<!--q {name}-->.1<!--/q-->", find)


def test_figures_with_an_interval_outside_of_quotes_are_found() -> None:
    text = "a .14 [.13, .15], <!--q s m gap-->-.25 [-.75, -.05]<!--/q--> and 2 [1, 3]; see [x]"
    assert unquoted(text) == [".14 [.13, .15]", "2 [1, 3]"]


def test_docs_quote_the_reports_that_lie_beside_them() -> None:
    look = reader(ROOT)
    texts = {path: path.read_text(encoding="utf-8") for path in pages(ROOT)}
    assert sum(text.count("<!--/q-->") for text in texts.values()) > 30
    stale = [p.name for p, text in texts.items() if refresh(text, look) != text]
    assert stale == [], "run `measurand report --docs`"


def test_what_docs_say_of_a_report_is_quoted_with_every_interval() -> None:
    found = {}
    for path in pages(ROOT):
        for section in re.split(r"(?m)^(?=## )", path.read_text(encoding="utf-8")):
            if "`reports/" in section.partition("\n")[0]:
                found[path.name] = unquoted(section)
    assert set(found) >= {"personality.md", "many_shot.md", "soft_labels.md"}
    assert {name: figures for name, figures in found.items() if figures} == {}
