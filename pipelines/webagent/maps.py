"""The map: search, categories, what is open, a place's page, lists of places, routes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from measurand.stats.resample import rng_for
from pipelines.webagent import words
from pipelines.webagent.blocks import (
    Article,
    Field,
    Form,
    Go,
    Item,
    Items,
    Links,
    Notice,
    Page,
    Talk,
)
from pipelines.webagent.records import Place, places
from pipelines.webagent.sessions import Visit, pager
from pipelines.webagent.state import asked

KEYS = ("place", "kind", "open", "rating", "sort")
ROUTE_KEYS = ("from", "to", "mode", "avoid")
SORTS = (("best", "Best rated"), ("near", "Nearest"))
PAGE = 14


def front(visit: Visit) -> Page:
    """The search, categories and some places."""
    visit.state.opened = ""
    some = sorted(places(visit.records), key=lambda p: p.metres)[:PAGE]
    return Page(
        "The map",
        (_search(visit, {}), _kinds(visit), Items("Around you", tuple(map(_item, some)))),
    )


def results(visit: Visit) -> Page:
    """Places that filters let through, in pages."""
    query = asked("places", visit.args, KEYS, "best")
    visit.state.query, visit.state.opened = query, ""
    found = matching(places(visit.records), query)
    shown, pages = pager(visit, found, PAGE)
    listed = Items(f"{len(found)} places", tuple(map(_item, shown)))
    return Page("Places", (listed, pages), (_filters(visit, query), _kinds(visit)))


def place(visit: Visit) -> Page | None:
    """One place, with its reviews, a list to put it on and the way to it."""
    one = _by_id(visit)
    if one is None:
        return None
    visit.state.opened = one.id
    label = visit.label
    keep = Form(
        "/map/keep",
        label("keep"),
        (Field("list", label("list"), "select", "", (("", "..."), *words.LISTS.items())),),
        (("place", one.id),),
        post=True,
    )
    there = Links(((f"/map/route?{urlencode({'to': one.title})}", label("directions")),))
    said = tuple((c.author, c.text, c.votes) for c in one.reviews)
    near = [p for p in places(visit.records) if p.city == one.city and p.id != one.id][:8]
    return Page(
        one.title,
        (
            *visit.notices,
            Article(one.title, _facts(one), one.text),
            there,
            keep,
            Talk(f"{len(said)} reviews", said),
        ),
        (Items(f"Also in {one.city}", tuple(map(_item, near))),),
    )


def route(visit: Visit) -> Page:
    """The way from one place to another; the form alone until both are known."""
    query = asked("route", visit.args, ROUTE_KEYS, "")
    visit.state.query, visit.state.opened = query, ""
    label = visit.label
    form = Form(
        "/map/route",
        label("route"),
        (
            Field("from", label("from"), "text", query.get("from", "")),
            Field("to", label("to"), "text", query.get("to", "")),
            Field(
                "mode", label("mode"), "radios", query.get("mode", ""), tuple(words.MODES.items())
            ),
            Field(
                "avoid",
                label("avoid"),
                "checks",
                query.get("avoid", ""),
                tuple(words.AVOID.items()),
            ),
        ),
        heading="Plan your way",
    )
    titles = {one.title.casefold() for one in places(visit.records)}
    ends = [query.get(key, "") for key in ("from", "to")]
    if not all(end.casefold() in titles for end in ends):
        missing = [Notice(f"No place is called {end}.") for end in ends if end]
        return Page("Directions", (*visit.notices, *missing[:1], form))
    keep = Form(
        "/map/keep_route",
        label("keep_route"),
        (),
        tuple((key, query.get(key, "")) for key in ROUTE_KEYS),
        post=True,
    )
    return Page("Directions", (*visit.notices, form, keep, _turns(visit, ends)))


def keep(visit: Visit) -> Go | None:
    """Put a place on a list."""
    one, into = _by_id(visit), visit.first("list")
    if one is None or into not in words.LISTS:
        return None
    visit.state.made.append({"kind": "keep", "place": one.id, "list": into})
    return Go(f"/map/place/{one.id}?done=keep")


def keep_route(visit: Visit) -> Go:
    """Save a route."""
    sent = {key: visit.first(key) for key in ROUTE_KEYS}
    visit.state.made.append({"kind": "route", **sent})
    back = [(k, v) for k, some in sent.items() for v in (some.split(",") if some else [])]
    return Go(f"/map/route?{urlencode([*back, ('done', 'route')])}")


def matching(all_places: tuple[Place, ...], query: dict[str, str]) -> list[Place]:
    """Places that a query lets through, in its order."""
    wanted = query.get("place", "").casefold().split()
    rating = query.get("rating", "0")
    found = [
        one
        for one in all_places
        if query.get("kind", one.kind) == one.kind
        and (not query.get("open") or one.open)
        and (rating not in words.RATINGS or one.rating >= float(rating))
        and all(word in one.title.casefold() for word in wanted)
    ]
    if query.get("sort") == "near":
        return sorted(found, key=lambda p: (p.metres, p.id))
    return sorted(found, key=lambda p: (-p.rating, p.id))


def _turns(visit: Visit, ends: list[str]) -> Items:
    rng = rng_for("webagent turns", visit.records, *ends)
    streets = [one.street.split(" ", 1)[1] for one in places(visit.records)]
    turns = ("Turn left into", "Turn right into", "Go straight along", "Cross", "Keep left at")
    listed = []
    for n in range(14):
        street = streets[int(rng.integers(len(streets)))]
        title = f"{n + 1}. {turns[int(rng.integers(len(turns)))]} {street}"
        listed.append(Item("/map/help", title, (("After", f"{int(rng.integers(1, 90)) * 10} m"),)))
    return Items(f"From {ends[0]} to {ends[1]}", tuple(listed))


def _search(visit: Visit, query: dict[str, str]) -> Form:
    field = Field("place", visit.label("place"), "text", query.get("place", ""))
    return Form("/map/places", visit.label("look"), (field,))


def _filters(visit: Visit, query: dict[str, str]) -> Form:
    label, every = visit.label, ("", visit.label("any"))
    kinds = (every, *words.PLACE_KINDS.items())
    ratings = (every, *((r, f"{r} stars") for r in words.RATINGS))
    fields = (
        Field("place", label("place"), "text", query.get("place", "")),
        Field("kind", label("kind"), "select", query.get("kind", ""), kinds),
        Field("rating", label("rating"), "select", query.get("rating", ""), ratings),
        Field("open", "", "checks", query.get("open", ""), (("1", label("open")),)),
        Field("sort", label("sort"), "select", query.get("sort", "best"), SORTS),
    )
    return Form("/map/places", label("narrow"), fields, heading="Filters")


def _kinds(visit: Visit) -> Links:
    links = tuple((f"/map/places?kind={key}", name) for key, name in words.PLACE_KINDS.items())
    return Links(links, "Categories")


def _by_id(visit: Visit) -> Place | None:
    wanted = visit.name or visit.first("place")
    return next((one for one in places(visit.records) if one.id == wanted), None)


def _item(one: Place) -> Item:
    return Item(f"/map/place/{one.id}", one.title, _facts(one), one.text[0])


def _facts(one: Place) -> tuple[tuple[str, str], ...]:
    return (
        ("Category", words.PLACE_KINDS[one.kind]),
        ("Rating", f"{one.rating:.1f} of 5"),
        ("Address", f"{one.street}, {one.city}"),
        ("From the middle", f"{one.metres} m"),
        ("Now", "open" if one.open else "closed"),
    )


LINKS = (("/map/", "home"), ("/map/route", "planner"))
ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/map/", front),
    ("GET", "/map/places", results),
    ("GET", "/map/place/<name>", place),
    ("GET", "/map/route", route),
    ("POST", "/map/keep", keep),
    ("POST", "/map/keep_route", keep_route),
)
DONE = {"keep": Notice("The place is on your list."), "route": Notice("The route is saved.")}
