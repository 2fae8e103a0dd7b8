"""The state of a session a second time, from its log of requests alone.

Two readers: :func:`again` gives the requests to the sites anew; :func:`folded` reads them without
any page, form or handler of theirs, and is what the checker's readings are held against.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from measurand.web.server import Request
from pipelines.webagent.server import COOKIE, Sites
from pipelines.webagent.sessions import Asked, Session
from pipelines.webagent.state import State

_LISTS = {
    "/estate/homes": (
        "homes",
        "new",
        ("city", "type", "beds", "baths", "price", "pets", "amenity"),
    ),
    "/forum/posts": ("posts", "top", ("community", "words")),
    "/map/places": ("places", "best", ("place", "kind", "open", "rating")),
    "/map/route": ("route", "", ("from", "to", "mode", "avoid")),
}
"""Path of a list: its name, its own order, its fields beside the order."""
_RECORDS = ("/estate/home/", "/forum/post/", "/map/place/")
_KINDS = {"/forum/submit": "post", "/map/keep_route": "route"}
"""What a path makes where it is not called so."""


def again(session: Session) -> State:
    """The state that the same requests leave on sites that have just been started."""
    sites = Sites()
    entry, second = sites.begin(session.setting, session.secret)
    entered = sites.answer(Request("GET", entry))
    cookie = entered.headers["Set-Cookie"].split(";")[0] if entered else f"{COOKIE}="
    for one in session.log:
        sent = f"{one.body}&token={one.token}" if one.method == "POST" else ""
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        sites.answer(Request(one.method, one.path, one.query, headers, sent.encode()))
    return second.state


def folded(log: Sequence[Asked]) -> State:
    """The state that a log says, read without the sites."""
    state = State()
    for one in log:
        if one.method == "POST":
            _made(one, state)
        elif one.status == 200:
            _shown(one, state)
    return state


def _shown(one: Asked, state: State) -> None:
    state.opened = ""
    if one.path.startswith(_RECORDS):
        state.opened = one.path.rsplit("/", 1)[1]
    sent = parse_qsl(one.query)
    if one.path in _LISTS:
        name, own, keys = _LISTS[one.path]
        state.query = {"on": name}
        for key in keys:
            if values := sorted({v.strip() for k, v in sent if k == key} - {""}):
                state.query[key] = ",".join(values)
        order = [v for k, v in sent if k == "sort" and v]
        if name != "route" and order and order != [own]:
            state.query["sort"] = ",".join(sorted(set(order)))
    elif one.path.endswith("/help"):
        state.query = {"on": "help", "help": dict(sent).get("help", "").strip()}


def _made(one: Asked, state: State) -> None:
    if one.status == 409:
        state.refused += 1
    elif one.status == 303:
        fields = dict(parse_qsl(one.body, keep_blank_values=True))
        kind = _KINDS.get(one.path, one.path.rsplit("/", 1)[1])
        state.made.append({"kind": kind, **{k: v.strip() for k, v in fields.items()}})
