from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import plain_chance
import pytest
from compwob_web import IN_A_BROWSER
from scipy.stats import binom

from measurand.errors import InputError
from measurand.web.browser import Owner
from measurand.web.observation import Observation
from pipelines.compwob import agents, pages, plain_pages
from pipelines.compwob.environment import Rules, Spec
from pipelines.compwob.episodes import Setting, play
from pipelines.compwob.plain_pages import SHAPES
from pipelines.compwob.tasks import Composition

OTHERS = sorted(path.name for path in (Path(__file__).parent / "own_pages").glob("*.html"))
TURNED = [name for name, shape in SHAPES.items() if shape["wording"] == "after"]


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    """A browser on our plain pages and on those written in other people's manners."""
    folder = tmp_path_factory.mktemp("plain") / "pages"
    plain_pages.write(folder)
    shutil.copytree(Path(__file__).parent / "own_pages", folder, dirs_exist_ok=True)
    own = Owner(pages.Composed(pages.Folder(folder)))
    yield own
    own.close()


def _solved(owner: Owner, page: str, agent: str, seeds: int) -> int:
    name = page.removesuffix(".html")
    task = Composition(name, (name,), "extra", "single", ((0,),))
    solved = 0
    for seed in range(seeds):
        spec = Spec(task, "single", seed, source=f"/{name}.html")
        who = agents.scripted(agent, {})
        found = play(owner, spec, who, Setting(Rules(click="dispatch")))
        assert found.episode["status"] == "ok", found.episode["reason"]
        solved += bool(found.episode["success"])
    return solved


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    assert len(plain_pages.write(tmp_path / "new")) == len(SHAPES)
    with pytest.raises(InputError, match="not empty"):
        plain_pages.write(tmp_path / "new")


def test_shapes_cover_two_to_eight_parts_and_every_wording() -> None:
    assert {len(shape["parts"]) for shape in SHAPES.values()} >= {2, 3, 4, 5, 6, 8}
    for key in ("wording", "submit", "layout", "make", "views"):
        assert len({str(shape[key]) for shape in SHAPES.values()}) > 1


@pytest.mark.browser
@IN_A_BROWSER[1]
@pytest.mark.parametrize("page", [*SHAPES, *OTHERS])
def test_the_text_oracle_solves_plain_pages_of_every_shape(owner: Owner, page: str) -> None:
    assert _solved(owner, page, "text_oracle", 5) == 5


@pytest.mark.browser
@IN_A_BROWSER[1]
@pytest.mark.parametrize("page", [*TURNED, "pub_button_boxes"])
def test_who_ignores_after_solves_none_that_is_turned_round(owner: Owner, page: str) -> None:
    assert _solved(owner, page, "forward_only", 5) == 0


def test_chances_by_the_chain_are_those_by_hand() -> None:
    # One of seven elements, twice, every other press of the six ends it.
    assert plain_chance.own(SHAPES["two-clicks"], "") == (pytest.approx(1 / 49), 7)
    # Chosen r, not chosen n: 6 n = 2 r and 14 r = 2 r + 8 n + 1, then 1 of the 4 buttons that end
    # an episode: 1/28 times 1/4, less what is open after 18 steps.
    chance, _ = plain_chance.own(SHAPES["form-and-button"], "")
    assert 0.95 / 112 < chance < 1 / 112
    assert plain_chance.own(SHAPES["shared-button"], 'enter "Bo" into')[0] == 0


LIKELY = {
    *("two-clicks", "two-clicks-reversed", "buttons-in-turn", "form-and-button"),
    *("two-groups-one-button", "two-forms-flat", "flat_br.html", "label_before.html"),
    *("ok_twice.html", "pub_button_boxes.html", "shared_radio.html"),
}
"""Pages that random solves at all: the others ask for a list, a date or several words in turn."""
BOUNDS = {"table_form.html", "wizard.html"}
"""Pages whose chance is known as a bound from above."""


def by_chance(owner: Owner, page: str, seeds: int) -> tuple[int, float]:
    """Episodes that random solves, and how many it should."""
    name = page.removesuffix(".html")
    task = Composition(name, (name,), "extra", "single", ((0,),))
    solved, expected = 0, 0.0
    for seed in range(seeds):
        spec, who = (
            Spec(task, "single", seed, source=f"/{name}.html"),
            agents.scripted("random", {}),
        )
        found = play(owner, spec, who, Setting(Rules(click="dispatch")))
        said = str(found.episode["utterance"])
        chance, elements = (
            plain_chance.own(SHAPES[name], said)
            if name in SHAPES
            else plain_chance.others(name, said)
        )
        shown = Observation.from_html(found.steps[0]["html"]).nodes()
        assert sum(map(agents.can_be_acted_on, shown)) == elements
        solved += bool(found.episode["success"])
        expected += chance
    return solved, expected


@pytest.mark.browser
@IN_A_BROWSER[1]
def test_random_solves_as_often_as_its_closed_form_says(owner: Owner) -> None:
    # A quarter of a minute where nothing else runs.
    whole, sum_of = 0, 0.0
    for page in [*SHAPES, *OTHERS]:
        n = 20 if page in LIKELY else 3
        solved, expected = by_chance(owner, page, n)
        least = 0 if page in BOUNDS else binom.ppf(0.0005, n, expected / n)
        assert least <= solved <= binom.ppf(0.9995, n, expected / n), page
        whole, sum_of = whole + solved, sum_of + expected
    assert sum_of > 4
    assert abs(whole - sum_of) < 3.3 * sum_of**0.5
