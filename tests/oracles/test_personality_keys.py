"""Published keys and row counts: the specification's section 11, checks 7 (counts) and 8."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from measurand.params import read as read_params
from pipelines.personality.dataset import expected_questions
from pipelines.personality.instruments import load, normalised
from pipelines.personality.profiles import plan
from pipelines.personality.prompts import questions
from schemas.personality.params import Build, Params

ROOT = Path(__file__).parents[2]
NOWHERE = Path("nowhere")
ORDER = ("NEU", "EXT", "OPE", "AGR", "CON")


def items(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = load([name], NOWHERE)[0].to_pylist()
    return rows


def reversed_by_domain(name: str) -> list[int]:
    counts = Counter(r["domain"] for r in items(name) if r["keyed"] < 0)
    return [counts[d] for d in ORDER]


def test_300_items_with_148_reversed() -> None:
    rows = items("ipip_neo_300")
    assert [r["number"] for r in rows] == list(range(1, 301))
    assert Counter(r["domain"] for r in rows) == dict.fromkeys(ORDER, 60)
    assert reversed_by_domain("ipip_neo_300") == [27, 24, 32, 36, 29]
    assert len({r["text"] for r in rows}) == 300


@pytest.mark.parametrize(("name", "per_facet"), [("ipip_neo_300", 10), ("ipip_neo_120", 4)])
def test_domain_and_facet_follow_from_the_number(name: str, per_facet: int) -> None:
    rows = items(name)
    for row in rows:
        j = row["number"] - 1
        assert (row["domain"], row["facet"]) == (ORDER[j % 5], j // 5 % 6 + 1)
    facets = Counter((r["domain"], r["facet"]) for r in rows)
    assert len(facets) == 30
    assert set(facets.values()) == {per_facet}


def test_120_items_with_55_reversed() -> None:
    assert len(items("ipip_neo_120")) == 120
    assert reversed_by_domain("ipip_neo_120") == [7, 6, 12, 17, 13]


def test_119_of_the_120_occur_in_the_300_with_the_same_key() -> None:
    long = {
        normalised(r["text"]): (r["domain"], r["facet"], r["keyed"]) for r in items("ipip_neo_300")
    }
    odd = []
    for row in items("ipip_neo_120"):
        key = (row["domain"], row["facet"], row["keyed"])
        if long.get(normalised(row["text"])) != key:
            odd.append((row["domain"], row["facet"], row["text"]))
    assert odd == [("OPE", 6, "I believe that there is no absolute right and wrong")]


def test_50_markers_as_the_pool_lists_them() -> None:
    # ipip.ori.org/newBigFive5broadKey.htm, 10-item scales: items keyed + and -; its fourth factor
    # is Emotional Stability (2 keyed +, 8 keyed -), ours Neuroticism.
    counts = Counter((r["domain"], r["keyed"]) for r in items("ipip_50"))
    assert {d: (counts[d, 1], counts[d, -1]) for d in ORDER} == {
        "EXT": (5, 5),
        "AGR": (6, 4),
        "CON": (6, 4),
        "NEU": (8, 2),
        "OPE": (7, 3),
    }


def test_mini_ipip_reverses_the_eleven_published_items() -> None:
    # Donnellan et al. (2006), appendix.
    found = [r["number"] for r in items("mini_ipip") if r["keyed"] < 0]
    assert found == [6, 7, 8, 9, 10, 15, 16, 17, 18, 19, 20]


def paper(*instruments: str) -> Build:
    build = read_params(ROOT / "params/presets/personality/full.yaml", Params).build
    validity = build.validity.model_copy(update={"instruments": instruments})
    return build.model_copy(update={"validity": validity, "reversed_options": None})


PAPER = ("ipip_neo_300", "bfi_44", "panas", "bpaq", "sscs", "pvq_rr")


def test_the_paper_asks_419_items() -> None:
    assert load(PAPER, NOWHERE)[0].num_rows == 419


@pytest.mark.parametrize(
    ("instruments", "validity"), [(PAPER, 523_750), (("ipip_neo_300",), 375_000)]
)
def test_row_counts_of_the_paper(instruments: tuple[str, ...], validity: int) -> None:
    build = paper(*instruments)
    table = load(instruments, NOWHERE)[0]
    rows = table.to_pylist()
    counted: Counter[str] = Counter()
    for blocks in plan(build).values():
        for block in blocks:
            counted[block.experiment] += sum(1 for _ in questions([block], rows, build.seed))
    assert counted == {"validity": validity, "single": 675_000, "concurrent": 480_000}
    assert counted == expected_questions(build, table)


#: Reversed items by number. BFI: John & Srivastava (1999); BPAQ: Buss & Perry (1992), numbered by
#: subscale; SPI: Condon (2018), the SAPA Personality Inventory, IPIP numbers. Others reverse none.
REVERSED = {
    "bfi_44": [2, 6, 8, 9, 12, 18, 21, 23, 24, 27, 31, 34, 35, 37, 41, 43],
    "bpaq": [7, 18],
    "panas": [],
    "pvq_rr": [],
    "spi_27": [176, 578, 660, 811, 1585, 1609, 1683, 1825],
    "sscs": [],
}


@pytest.mark.parametrize("name", sorted(REVERSED))
def test_the_published_items_are_reversed_and_no_other(name: str) -> None:
    assert sorted(r["number"] for r in items(name) if r["keyed"] < 0) == REVERSED[name]


#: Items of the scales by IPIP number: the script that chose the 27 scales' items, Condon (2018).
SPI = {
    "Irritability": [952, 1357, 1585, 1683, 176],
    "WellBeing": [578, 811, 1371, 2765, 820],
    "Anxiety": [4249, 1989, 4252, 1505, 808],
    "Creativity": [128, 2745, 2754, 1392, 1058],
    "Authoritarianism": [369, 398, 1624, 1867, 1609],
    "Conformity": [1300, 2005, 747, 152, 1653],
    "Conservatism": [1824, 660, 345, 1825, 1328],
}


def test_each_item_of_the_spi_is_in_its_published_scale() -> None:
    found: dict[str, list[int]] = {}
    for row in items("spi_27"):
        found.setdefault(row["scale_id"].removeprefix("spi_27."), []).append(row["number"])
    assert {k: sorted(v) for k, v in found.items()} == {k: sorted(v) for k, v in SPI.items()}
