"""One episode a category in pictures, so that a reader sees what was measured."""

from __future__ import annotations

from html import unescape
from typing import Any

from evaluators.compwob.evaluate.plan import compositions_of
from measurand.web.browser import Owner
from measurand.web.film import jpeg_size
from pipelines.compwob.agents import Oracle
from pipelines.compwob.environment import Rules, Spec
from pipelines.compwob.episodes import Played, Setting, play
from pipelines.compwob.pages import Pages
from pipelines.compwob.solvers import synonyms_of
from pipelines.compwob.tasks import Composition
from schemas.compwob.params import CATEGORIES, Params

Row = dict[str, Any]


def film(params: Params, owner: Owner, pages: Pages) -> list[Row]:
    """Rows of ``compwob.films``: the oracle on the shortest composition of each category."""
    if not params.evaluate.filmstrips:
        return []
    given = params.evaluate
    setting = Setting(
        Rules(given.order_rule, given.error_rule, given.click), given.attempts, given.timeout_s
    )
    found: list[Row] = []
    for task in shortest(params):
        spec = Spec(task, "forward", given.first_seed)
        played = play(owner, spec, Oracle(synonyms_of(pages)), setting, pictures=True)
        found += rows(spec, played)
    return found


def shortest(params: Params) -> list[Composition]:
    """The composition with the fewest parts of each category that somebody plays."""
    tasks = [task for run in params.evaluate.agents for task in compositions_of(params, run)]
    groups = [[task for task in tasks if task.category == name] for name in CATEGORIES]
    return [min(group, key=lambda task: len(task.parts)) for group in groups if group]


def rows(spec: Spec, played: Played) -> list[Row]:
    """Rows of ``compwob.films`` of an episode with pictures; none where the browser failed."""
    if played.episode["status"] != "ok":
        return []
    return [
        {
            "task": spec.task.name,
            "step": number,
            "category": spec.task.category,
            "agent": played.episode["agent"],
            "seed": spec.seed,
            "utterance": played.episode["utterance"],
            "action": in_words(played.steps[number]) if picture.action else "the end",
            "success": played.episode["success"],
            "picture": picture.image,
            "width": size[0],
            "height": size[1],
            "box": picture.box,
        }
        for number, picture in enumerate(played.pictures)
        for size in [jpeg_size(picture.image)]
    ]


def in_words(step: Row) -> str:
    """An action as a reader would say it: ``click button "Submit"``, ``type "ada"``."""
    if step["action_type"] != "click":
        said = step["text"] or ""
        return f'{step["action_type"]} "{said}"' if said else str(step["action_type"])
    tag, _, text = (step["element_html"] or "").partition(">")
    name = tag.split(" ")[0].lstrip("<")
    return f'click {name} "{unescape(text)[:24]}"' if text else f"click {name}"
