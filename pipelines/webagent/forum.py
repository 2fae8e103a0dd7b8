"""The forum: communities, orders, search, a post's page, comments, votes, subscriptions, log-in."""

from __future__ import annotations

from typing import Any

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
from pipelines.webagent.records import Post, posts, split_of
from pipelines.webagent.sessions import Visit, pager
from pipelines.webagent.state import asked

KEYS = ("community", "words", "sort")
SORTS = (("top", "Top"), ("new", "New"), ("talk", "Most comments"))
PAGE = 12


def front(visit: Visit) -> Page:
    """The best posts of all communities, and the search."""
    visit.state.opened = ""
    best = sorted(posts(visit.records), key=lambda p: -p.votes)[:PAGE]
    return Page(
        "Everybody's front page",
        (_search(visit, {}), Items("Best of today", tuple(map(_item, best)))),
        (_communities(visit),),
    )


def results(visit: Visit) -> Page:
    """Posts of a community or of a search, in an order, in pages."""
    query = asked("posts", visit.args, KEYS, "top")
    visit.state.query, visit.state.opened = query, ""
    found = matching(posts(visit.records), query)
    shown, pages = pager(visit, found, PAGE)
    community = query.get("community", "")
    orders = Links(
        tuple((visit.here(sort=key, page=""), label) for key, label in SORTS), "Order of posts"
    )
    join = (_button(visit, "subscribe", "community", community),) if community else ()
    return Page(
        community or "Posts",
        (
            *visit.notices,
            *join,
            orders,
            Items(f"{len(found)} posts", tuple(map(_item, shown))),
            pages,
        ),
        (_search(visit, query), _communities(visit)),
    )


def post(visit: Visit) -> Page | None:
    """One post with its comments, and forms to comment, vote and save."""
    one = _by_id(visit)
    if one is None:
        return None
    visit.state.opened = one.id
    label = visit.label
    comment = Form(
        "/forum/comment",
        label("publish_comment"),
        (Field("text", label("comment"), "area"),),
        (("post", one.id),),
        post=True,
    )
    own = tuple(
        ("you", made["text"], 1)
        for made in visit.state.made
        if made["kind"] == "comment" and made["post"] == one.id
    )
    said = tuple((c.author, c.text, c.votes) for c in one.comments)
    return Page(
        one.title,
        (
            *visit.notices,
            Article(one.title, _facts(one), one.text),
            _button(visit, "up", "post", one.id),
            _button(visit, "down", "post", one.id),
            _button(visit, "keep_post", "post", one.id),
            comment,
            Talk(f"{len(own) + len(said)} comments", (*own, *said)),
        ),
        (_communities(visit),),
    )


def login(visit: Visit) -> Page:
    """Log in."""
    visit.state.opened = ""
    label = visit.label
    fields = (Field("user", label("user")), Field("password", label("password"), "password"))
    form = Form("/forum/login", label("enter"), fields, post=True)
    return Page("Members", (*visit.notices, form), (_communities(visit),))


def submit(visit: Visit) -> Page:
    """Write a post."""
    visit.state.opened = ""
    label = visit.label
    names = tuple((name, name) for name in words.COMMUNITIES[split_of(visit.records)])
    fields = (
        Field("community", label("community"), "select", "", names),
        Field("title", label("title")),
        Field("body", label("body"), "area"),
    )
    form = Form("/forum/submit", label("publish"), fields, post=True)
    return Page("A new post", (*visit.notices, form), (_communities(visit),))


def made_login(visit: Visit) -> Go:
    """Log in, with any name: whether it is the one asked for is the checker's business."""
    made = {"kind": "login", "user": visit.first("user"), "password": visit.first("password")}
    visit.state.made.append(made)
    return Go("/forum/login?done=login")


def made_submit(visit: Visit) -> Go:
    """Write a post."""
    keys = ("community", "title", "body")
    visit.state.made.append({"kind": "post", **{key: visit.first(key) for key in keys}})
    return Go("/forum/submit?done=post")


def made_on_post(visit: Visit) -> Go | None:
    """Comment, vote or save: what, is the path's last part."""
    one = _by_id(visit)
    if one is None:
        return None
    kind = visit.path.rsplit("/", 1)[1]
    more = {"text": visit.first("text")} if kind == "comment" else {}
    visit.state.made.append({"kind": kind, "post": one.id, **more})
    return Go(f"/forum/post/{one.id}?done={kind}")


def made_subscribe(visit: Visit) -> Go | None:
    """Subscribe to a community."""
    name = visit.first("community")
    if name not in words.COMMUNITIES[split_of(visit.records)]:
        return None
    visit.state.made.append({"kind": "subscribe", "community": name})
    return Go(f"/forum/posts?community={name}&done=subscribe")


def matching(all_posts: tuple[Post, ...], query: dict[str, str]) -> list[Post]:
    """Posts that a query lets through, in its order."""
    wanted = query.get("words", "").casefold().split()
    found = [
        one
        for one in all_posts
        if query.get("community", one.community) == one.community
        and all(word in one.title.casefold() for word in wanted)
    ]
    order: dict[str, Any] = {
        "top": lambda p: -p.votes,
        "new": lambda p: p.hours,
        "talk": lambda p: -len(p.comments),
    }
    return sorted(found, key=order.get(query.get("sort", "top"), order["top"]))


def _search(visit: Visit, query: dict[str, str]) -> Form:
    fields = [Field("words", visit.label("words"), "text", query.get("words", ""))]
    return Form("/forum/posts", visit.label("find"), tuple(fields))


def _button(visit: Visit, kind: str, key: str, value: str) -> Form:
    return Form(f"/forum/{kind}", visit.label(kind), (), ((key, value),), post=True)


def _communities(visit: Visit) -> Links:
    names = words.COMMUNITIES[split_of(visit.records)]
    links = tuple((f"/forum/posts?community={name}", name) for name in names)
    return Links(links, "Communities")


def _by_id(visit: Visit) -> Post | None:
    wanted = visit.name or visit.first("post")
    return next((one for one in posts(visit.records) if one.id == wanted), None)


def _item(one: Post) -> Item:
    return Item(f"/forum/post/{one.id}", one.title, _facts(one), one.text[0])


def _facts(one: Post) -> tuple[tuple[str, str], ...]:
    return (
        ("Community", one.community),
        ("By", one.author),
        ("Votes", str(one.votes)),
        ("Posted", f"{one.hours} hours ago"),
        ("Comments", str(len(one.comments))),
    )


LINKS = (("/forum/", "home"), ("/forum/login", "login"), ("/forum/submit", "new_post"))
ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/forum/", front),
    ("GET", "/forum/posts", results),
    ("GET", "/forum/post/<name>", post),
    ("GET", "/forum/login", login),
    ("GET", "/forum/submit", submit),
    ("POST", "/forum/login", made_login),
    ("POST", "/forum/submit", made_submit),
    ("POST", "/forum/comment", made_on_post),
    ("POST", "/forum/up", made_on_post),
    ("POST", "/forum/down", made_on_post),
    ("POST", "/forum/keep_post", made_on_post),
    ("POST", "/forum/subscribe", made_subscribe),
)
DONE = {
    "comment": Notice("Your comment has been added."),
    "up": Notice("Your vote has been counted."),
    "down": Notice("Your vote has been counted."),
    "keep_post": Notice("The post is saved."),
    "subscribe": Notice("You are a member now."),
    "login": Notice("You are logged in."),
    "post": Notice("Your post is online."),
}
