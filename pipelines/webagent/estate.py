"""The real estate site: search, filters, a list in pages, a home's page, contact, saved homes."""

from __future__ import annotations

from typing import Any

from pipelines.webagent import words
from pipelines.webagent.blocks import Article, Field, Form, Go, Item, Items, Notice, Page
from pipelines.webagent.records import Home, homes
from pipelines.webagent.sessions import Visit, pager
from pipelines.webagent.state import asked

KEYS = ("city", "type", "beds", "baths", "price", "pets", "amenity", "sort")
SORTS = (("new", "Newest"), ("cheap", "Lowest rent"), ("large", "Largest"))
PAGE = 14


def front(visit: Visit) -> Page:
    """The search form and some homes."""
    visit.state.opened = ""
    label = visit.label
    some = homes(visit.records)[:: len(homes(visit.records)) // 12]
    form = Form(
        "/estate/homes",
        label("search"),
        (
            Field("city", label("city")),
            Field("type", label("type"), "select", "", _any(visit, tuple(words.TYPES.items()))),
        ),
        heading="Rent a home",
    )
    return Page("Homes to rent", (form, Items("New this week", tuple(map(_item, some)))))


def results(visit: Visit) -> Page:
    """The homes that filters let through, in pages."""
    query = asked("homes", visit.args, KEYS, "new")
    visit.state.query, visit.state.opened = query, ""
    found = matching(homes(visit.records), query)
    shown, pages = pager(visit, found, PAGE)
    listed = Items(f"{len(found)} homes", tuple(map(_item, shown)))
    return Page("Homes to rent", (listed, pages), (_filters(visit, query),))


def home(visit: Visit) -> Page | None:
    """One home, with forms to write to its agent and to save it."""
    one = _by_id(visit)
    if one is None:
        return None
    visit.state.opened = one.id
    label = visit.label
    alike = [h for h in homes(visit.records) if h.city == one.city and h.id != one.id][:8]
    contact = Form(
        "/estate/contact",
        label("send"),
        (Field("message", label("message"), "area"),),
        (("home", one.id),),
        post=True,
        heading=f"Offered by {one.agent}",
    )
    save = Form("/estate/save", label("save"), (), (("home", one.id),), post=True)
    article = Article(one.title, _facts(one, long=True), one.text)
    near = Items(f"More in {one.city}", tuple(map(_item, alike)))
    return Page(one.title, (*visit.notices, article, save, contact), (near,))


def contact(visit: Visit) -> Go | None:
    """Write to a home's agent."""
    one, message = _by_id(visit), visit.first("message")
    if one is None:
        return None
    visit.state.made.append({"kind": "contact", "home": one.id, "message": message})
    return Go(f"/estate/home/{one.id}?done=sent")


def save(visit: Visit) -> Go | None:
    """Save a home."""
    one = _by_id(visit)
    if one is None:
        return None
    visit.state.made.append({"kind": "save", "home": one.id})
    return Go(f"/estate/home/{one.id}?done=saved")


def saved(visit: Visit) -> Page:
    """Homes saved in this session."""
    visit.state.opened = ""
    ids = {made["home"] for made in visit.state.made if made["kind"] == "save"}
    kept = [h for h in homes(visit.records) if h.id in ids]
    return Page("Saved homes", (Items(f"{len(kept)} saved homes", tuple(map(_item, kept))),))


def matching(all_homes: tuple[Home, ...], query: dict[str, str]) -> list[Home]:
    """Homes that a query lets through, in its order."""
    found = [one for one in all_homes if _fits(one, query)]
    order: dict[str, Any] = {
        "cheap": lambda h: h.price,
        "large": lambda h: -h.area,
        "new": lambda h: h.day,
    }
    return sorted(found, key=order.get(query.get("sort", "new"), order["new"]))


def _fits(one: Home, query: dict[str, str]) -> bool:
    wanted = set(filter(None, query.get("amenity", "").split(",")))
    price = query.get("price", "")
    return (
        query.get("city", one.city).casefold() == one.city.casefold()
        and query.get("type", one.type) == one.type
        and query.get("beds", str(one.beds)) == str(one.beds)
        and query.get("baths", str(one.baths)) == str(one.baths)
        and (not price.isdigit() or one.price <= int(price))
        and query.get("pets", "") in ("", *one.pets)
        and wanted <= set(one.amenities)
    )


def _filters(visit: Visit, query: dict[str, str]) -> Form:
    label = visit.label
    lists = (
        ("type", tuple(words.TYPES.items())),
        ("beds", tuple((n, n) for n in ("1", "2", "3", "4"))),
        ("baths", tuple((n, n) for n in ("1", "2"))),
        ("price", tuple((p, f"{p} a month") for p in words.PRICES)),
        ("pets", tuple(words.PETS.items())),
    )
    amenities = tuple((word, word.capitalize()) for word in words.AMENITIES)
    return Form(
        "/estate/homes",
        label("apply"),
        (
            Field("city", label("city"), "text", query.get("city", "")),
            *(
                Field(key, label(key), "select", query.get(key, ""), _any(visit, options))
                for key, options in lists
            ),
            Field("amenity", label("amenity"), "checks", query.get("amenity", ""), amenities),
            Field("sort", label("sort"), "select", query.get("sort", "new"), SORTS),
        ),
        heading="Filters",
    )


def _any(visit: Visit, options: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return (("", visit.label("any")), *options)


def _by_id(visit: Visit) -> Home | None:
    wanted = visit.name or visit.first("home")
    return next((one for one in homes(visit.records) if one.id == wanted), None)


def _item(one: Home) -> Item:
    return Item(f"/estate/home/{one.id}", one.title, _facts(one), one.text[0])


def _facts(one: Home, *, long: bool = False) -> tuple[tuple[str, str], ...]:
    facts = (
        ("City", one.city),
        ("Kind", words.TYPES[one.type]),
        ("Rent", f"{one.price} a month"),
        ("Rooms", f"{one.beds} bedrooms, {one.baths} bathrooms"),
        ("Area", f"{one.area} square metres"),
        ("Offered", f"{one.day} days ago"),
    )
    if not long:
        return facts
    pets = ", ".join(words.PETS[pet] for pet in one.pets) or "none"
    return (*facts, ("Animals", pets), ("Equipment", ", ".join(one.amenities) or "none"))


LINKS = (("/estate/", "home"), ("/estate/saved", "Saved homes"))
ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/estate/", front),
    ("GET", "/estate/homes", results),
    ("GET", "/estate/home/<name>", home),
    ("GET", "/estate/saved", saved),
    ("POST", "/estate/contact", contact),
    ("POST", "/estate/save", save),
)
DONE = {"sent": Notice("Your message has been sent."), "saved": Notice("The home is saved.")}
