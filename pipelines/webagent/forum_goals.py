"""Instructions of the forum."""

from __future__ import annotations

import numpy as np

from pipelines.webagent import words
from pipelines.webagent.forum import SORTS, matching
from pipelines.webagent.goals import Act, Goal, Template, Want
from pipelines.webagent.records import Post, posts, split_of

_ORDER = dict(SORTS)
TEMPLATES = (
    Template("forum-new-comment", "train", (
        "Open the newest post of {community} and comment: {text}",
        'In {community}, reply to the post that was written last with "{text}"',
    ), ("community", "sort:new", "open", "comment")),
    Template("forum-top-vote", "train", (
        "Vote for the post of {community} with the most votes, and save it.",
        "Give an upvote to what leads {community} and save that post.",
    ), ("community", "open", "up", "keep_post")),
    Template("forum-join", "train", (
        "Log in as {user} with the password {password} and subscribe to {community}.",
        "Become a subscriber of {community}, logged in as {user} (password {password}).",
    ), ("login", "community", "subscribe")),
    Template("forum-write", "train", (
        'Write a post in {community} with the title "{title}" that says "{body}"',
        'Post to {community}. Title: {title}. Text: {body}',
    ), ("write",)),
    Template("forum-find-comment", "train", (
        'Find the post "{post}" and add the comment "{text}"',
        "Search for the post {post} and answer it: {text}",
    ), ("words", "open", "comment")),
    Template("forum-new-save", "train", (
        "Subscribe to {community}, then save its newest post.",
        "Join {community} and save the post there that was written last.",
    ), ("community", "subscribe", "sort:new", "open", "keep_post")),
    Template("forum-top-comment", "train", (
        "Go to {community}, open its top post, comment {text} and vote it up.",
        'The best post of {community}: say "{text}" there, and upvote it.',
    ), ("community", "open", "comment", "up")),
    Template("forum-login-comment", "train", (
        "Log in as {user}, password {password}. In {community}, open the newest post and "
        "comment: {text}",
        "As {user} (password {password}), comment on the newest post of {community}: {text}",
    ), ("login", "community", "sort:new", "open", "comment")),
    Template("forum-talk-disagree", "eval", (
        "Which post of {community} has people talking most? Vote it down and tell them: {text}",
        'Go where the discussion in {community} is longest, disagree by a downvote, and leave '
        'the words "{text}"',
    ), ("community", "sort:talk", "open", "down", "comment")),
    Template("forum-talk-keep", "eval", (
        "Bookmark the most discussed thread of {community}.",
        "Put the {community} thread with most comments among my saved ones.",
    ), ("community", "sort:talk", "open", "keep_post")),
    Template("forum-announce", "eval", (
        "Sign in ({user} / {password}) and start a topic in {community}, headed {title}, "
        "reading: {body}",
        "My name here is {user}, my password {password}. Please publish for {community}: "
        "headline {title}, body {body}",
    ), ("login", "write")),
    Template("forum-find-down", "eval", (
        "Look up the thread {post} and give it a downvote.",
        "There is a thread called {post}; search it and vote against it.",
    ), ("words", "open", "down")),
    Template("forum-member-talk", "eval", (
        "Make me a member of {community}, and in its most discussed thread write {text}",
        'After joining {community}, answer "{text}" in the thread with most comments there.',
    ), ("community", "subscribe", "sort:talk", "open", "comment")),
    Template("forum-member-find", "eval", (
        "Sign in with {user} and {password}, then look up {post} and like and bookmark it.",
        "Using the account {user} ({password}), find {post}, upvote it, keep it for later.",
    ), ("login", "words", "open", "up", "keep_post")),
)  # fmt: skip
_BUTTONS = ("up", "down", "keep_post")


def fill(template: Template, rng: np.random.Generator, records: int) -> Goal | None:
    """Fill a template's slots."""
    split, parts = split_of(records), template.parts
    slots: dict[str, str] = {}
    acts: list[Act] = []
    wants: list[Want] = []

    def draw(slot: str, pool: tuple[str, ...]) -> str:
        slots[slot] = str(rng.choice(pool))
        return slots[slot]

    if "login" in parts:
        user = draw("user", words.HANDLES[split])
        password = draw("password", words.PASSWORDS[split])
        acts += [
            Act("follow", "login"),
            Act("type", "user", user),
            Act("type", "password", password),
            Act("press", "enter"),
        ]
        wants += [Want("login", "user", user), Want("login", "password", password)]
    if "write" in parts:
        more, wanted = _write(
            draw("community", words.COMMUNITIES[split]),
            draw("title", tuple(thing.capitalize() for thing in words.THINGS[split])),
            draw("body", words.REPLIES[split]),
        )
        return Goal(slots, (*acts, *more), (*wants, *wanted))
    found = _list(parts, rng, records, slots, acts, wants)
    if "open" in parts:
        acts.append(Act("follow", found.title))
        if "login" not in parts:  # at most six attributes
            wants.append(Want("opened", "", found.id))
    for part in parts:
        if part in _BUTTONS:
            acts.append(Act("press", part))
            wants.append(Want(part, "post", found.id))
        elif part == "comment":
            text = draw("text", words.REPLIES[split])
            acts += [Act("type", "comment", text), Act("press", "publish_comment")]
            wants += [Want("comment", "post", found.id), Want("comment", "text", text)]
    return Goal(slots, tuple(acts), tuple(wants), "posts")


def _list(
    parts: tuple[str, ...],
    rng: np.random.Generator,
    records: int,
    slots: dict[str, str],
    acts: list[Act],
    wants: list[Want],
) -> Post:
    """Ask for the list that a template needs; the post that stands first in it."""
    split = split_of(records)
    if "words" in parts:
        some = posts(records)
        found = some[int(rng.integers(len(some)))]
        slots["post"] = found.title
        if acts:  # the search stands on the front page, which the log-in led away from
            acts.append(Act("follow", "home"))
        acts += [Act("type", "words", found.title), Act("press", "find")]
        wants.append(Want("query", "words", found.title))
        return found
    community = str(rng.choice(words.COMMUNITIES[split]))
    slots["community"] = community
    query = {"community": community}
    acts.append(Act("follow", community))
    if "subscribe" in parts:
        acts.append(Act("press", "subscribe"))
        wants.append(Want("subscribe", "community", community))
    for part in parts:
        if part.startswith("sort:"):
            query["sort"] = part.split(":")[1]
            acts.append(Act("follow", _ORDER[query["sort"]]))
    wants += [Want("query", key, value) for key, value in query.items()]
    return matching(posts(records), query)[0]


def _write(community: str, title: str, body: str) -> tuple[tuple[Act, ...], tuple[Want, ...]]:
    acts = (
        Act("follow", "new_post"),
        Act("choose", "community", community),
        Act("type", "title", title),
        Act("type", "body", body),
        Act("press", "publish"),
    )
    made = (("community", community), ("title", title), ("body", body))
    return acts, tuple(Want("post", key, value) for key, value in made)
