"""Instructions of the map."""

from __future__ import annotations

import numpy as np

from pipelines.webagent import words
from pipelines.webagent.goals import Act, Goal, Template, Want
from pipelines.webagent.maps import SORTS, matching
from pipelines.webagent.records import Place, places, split_of

TRIES = 500
TEMPLATES = (
    Template("map-open-rated", "train", (
        "Show every {kind} that is open now and rated {rating} or better.",
        "Which {kind} has at least {rating} stars and is open? List them.",
    ), ("kind", "rating", "open")),
    Template("map-best-keep", "train", (
        "Put the best rated {kind} that is open now on the list {list}.",
        'Save to "{list}" the {kind} with the highest rating among those that are open.',
    ), ("kind", "open", "page", "keep")),
    Template("map-route", "train", (
        "Show the route from {from} to {to} {mode}, without {avoid}.",
        "How do I get from {from} to {to} {mode} if I want no {avoid}?",
    ), ("route", "mode", "avoid")),
    Template("map-city-best", "train", (
        "Search for {place} and open the best rated place that is open now.",
        "Of what is open in {place}, show me the page of the place with most stars.",
    ), ("place", "open", "page")),
    Template("map-kind-way", "train", (
        "Find the best rated {kind} and plan the way there from {from} {mode}.",
        "Route {mode} from {from} to the {kind} with the best rating, please.",
    ), ("kind", "page", "way", "mode")),
    Template("map-route-save", "train", (
        "Plan and save the route from {from} to {to} {mode}.",
        "I go from {from} to {to} {mode}: work out the route and save it.",
    ), ("route", "mode", "keep_route")),
    Template("map-city-keep", "train", (
        "In {place}, save the best place with {rating} stars or more to {list}.",
        "Search {place}, keep to {rating} stars and up, and add the first to {list}.",
    ), ("place", "rating", "page", "keep")),
    Template("map-kind-rated", "train", (
        "Open the page of the best rated {kind} in the category with at least {rating} stars.",
        "Filter each {kind} by {rating} stars and look at the one on top.",
    ), ("kind", "rating", "page")),
    Template("map-near", "eval", (
        "What is the {kind} closest to the middle that is open at this hour? Bring up its page.",
        "I want the nearest {kind} I can enter right now; get me its details.",
    ), ("kind", "open", "sort:near", "page")),
    Template("map-near-list", "eval", (
        "Note the closest {kind} with no fewer than {rating} stars under {list}.",
        "Among {kind} entries with {rating} stars upward, file the nearest one as {list}.",
    ), ("kind", "rating", "sort:near", "page", "keep")),
    Template("map-trip", "eval", (
        "I travel {mode} from {from} and must reach {to} while avoiding {avoid}: store the trip.",
        "Store directions that lead {mode} from {from} to {to} and leave out {avoid}.",
    ), ("route", "mode", "avoid", "keep_route")),
    Template("map-near-trip", "eval", (
        "From {from}, guide me {mode} to whichever {kind} lies nearest the middle.",
        "Directions {mode}, beginning at {from}, ending at the {kind} nearest the middle.",
    ), ("kind", "sort:near", "page", "way", "mode")),
    Template("map-town", "eval", (
        "Within {place}, narrow down to {rating} stars and currently open ones, nearest first.",
        "Around {place}: sort by distance what is open with {rating} stars or more.",
    ), ("place", "rating", "open", "sort:near")),
    Template("map-town-list", "eval", (
        "Add whatever lies nearest in {place} and is open to {list}.",
        "Choose the closest open spot of {place} and note it under {list}.",
    ), ("place", "open", "sort:near", "page", "keep")),
)  # fmt: skip


def fill(template: Template, rng: np.random.Generator, records: int) -> Goal | None:
    """Fill a template's slots so that two places at least are left; None where none are found."""
    slots: dict[str, str] = {}
    if "route" in template.parts:
        ends = [places(records)[int(n)] for n in rng.choice(len(places(records)), 2, False)]
        slots |= {"from": ends[0].title, "to": ends[1].title}
        start = (Act("follow", "planner"), Act("type", "from", slots["from"]))
        return _way(template, rng, records, slots, (*start, Act("type", "to", slots["to"])))
    found = _choose(template, rng, records)
    if found is None:
        return None
    query, place = found
    acts, shown = _list(query)
    slots |= shown
    if "page" not in template.parts:
        wants = tuple(Want("query", key, value) for key, value in query.items())
        return Goal(slots, acts, wants, "places")
    acts = (*acts, Act("follow", place.title))
    if "way" in template.parts:
        others = [one for one in places(records) if one.id != place.id]
        slots |= {"from": others[int(rng.integers(len(others)))].title, "to": place.title}
        acts = (*acts, Act("follow", "directions"), Act("type", "from", slots["from"]))
        return _way(template, rng, records, slots, acts)
    wanted = [Want("query", key, value) for key, value in query.items()]
    wanted.append(Want("opened", "", place.id))
    if "keep" in template.parts:
        into = str(rng.choice(words.LIST_SLOTS[split_of(records)]))
        slots["list"] = words.LISTS[into]
        acts = (*acts, Act("choose", "list", slots["list"]), Act("press", "keep"))
        wanted += [Want("keep", "place", place.id), Want("keep", "list", into)]
    return Goal(slots, acts, tuple(wanted), "places")


def _choose(
    template: Template, rng: np.random.Generator, records: int
) -> tuple[dict[str, str], Place] | None:
    """A query that leaves two places or more, and the one that stands first."""
    split, parts = split_of(records), template.parts
    pools = {
        "place": words.CITIES[split][:3],
        "kind": words.KIND_SLOTS[split],
        "rating": words.RATING_SLOTS[split],
    }
    fixed = {"open": "1"} if "open" in parts else {}
    if "sort:near" in parts:
        fixed["sort"] = "near"
    for _ in range(TRIES):
        drawn = {key: str(rng.choice(pool)) for key, pool in pools.items() if key in parts}
        query = {**drawn, **fixed}
        found = matching(places(records), query)
        if len(found) >= 2 and _clear(found, query):
            return query, found[0]
    return None


def _clear(found: list[Place], query: dict[str, str]) -> bool:
    """Whether the first place is first by what it was sorted by, not by its number alone."""
    if query.get("sort") == "near":
        return found[0].metres < found[1].metres
    return found[0].rating > found[1].rating


def _list(query: dict[str, str]) -> tuple[tuple[Act, ...], dict[str, str]]:
    """Steps that ask for a list, and what its slots are called."""
    acts: list[Act] = []
    slots: dict[str, str] = {}
    if "kind" in query:
        slots["kind"] = words.PLACE_KINDS[query["kind"]].lower()
        acts.append(Act("follow", words.PLACE_KINDS[query["kind"]]))
    if "place" in query:
        slots["place"] = query["place"]
        acts += [Act("type", "place", query["place"]), Act("press", "look")]
    narrow = []
    if "rating" in query:
        slots["rating"] = query["rating"]
        narrow.append(Act("choose", "rating", f"{query['rating']} stars"))
    if "open" in query:
        narrow.append(Act("tick", "open"))
    if "sort" in query:
        narrow.append(Act("choose", "sort", dict(SORTS)[query["sort"]]))
    if narrow:
        acts += [*narrow, Act("press", "narrow")]
    return tuple(acts), slots


def _way(
    template: Template,
    rng: np.random.Generator,
    records: int,
    slots: dict[str, str],
    acts: tuple[Act, ...],
) -> Goal:
    """Fill in how to go, ask for the route, and save it where that is asked for."""
    split = split_of(records)
    query = {"from": slots["from"], "to": slots["to"]}
    mode = str(rng.choice(words.MODE_SLOTS[split]))
    query["mode"], slots["mode"] = mode, words.MODES[mode].lower()
    acts = (*acts, Act("choose", "mode", words.MODES[mode]))
    if "avoid" in template.parts:
        avoid = str(rng.choice(words.AVOID_SLOTS[split]))
        query["avoid"], slots["avoid"] = avoid, words.AVOID[avoid].lower()
        acts = (*acts, Act("tick", words.AVOID[avoid]))
    acts = (*acts, Act("press", "route"))
    if "keep_route" in template.parts:
        acts = (*acts, Act("press", "keep_route"))
        made = {"avoid": "", **query}
        return Goal(slots, acts, tuple(Want("route", key, made[key]) for key in made))
    return Goal(slots, acts, tuple(Want("query", key, query[key]) for key in query), "route")
