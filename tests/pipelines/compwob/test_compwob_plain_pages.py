from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from compwob_web import IN_A_BROWSER
from scipy.stats import binom

from measurand.errors import InputError
from measurand.web.browser import Owner
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


@pytest.mark.browser
@IN_A_BROWSER[1]
def test_random_solves_as_often_as_its_closed_form_says(owner: Owner) -> None:
    # Three buttons in each of two views, the first click of a view decides: 1/3 times 1/3.
    n = 120
    solved = _solved(owner, "buttons-in-turn", "random", n)
    assert binom.ppf(0.0005, n, 1 / 9) <= solved <= binom.ppf(0.9995, n, 1 / 9)
