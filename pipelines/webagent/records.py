"""What the sites hold: homes, posts and places, each set from its number alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from measurand.stats.resample import rng_for
from pipelines.webagent import words
from schemas.webagent.params import EVAL_RECORDS

HOMES_A_CITY = 60
POSTS_A_COMMUNITY = 36
PLACES = 180
KEPT = 64
"""Record sets that a process keeps: every shard of a corpus has pages of nearly all, in each theme,
and each takes a tenth of a second to make and 1 to 2 MiB."""


@dataclass(frozen=True)
class Home:
    """A home on the market.

    Attributes:
        id: of the record.
        title: its address, no two alike in a set.
        city: where it is.
        type: key of ``words.TYPES``.
        beds: bedrooms.
        baths: bathrooms.
        price: rent a month; no two homes of a city have the same.
        area: square metres; no two of a city the same.
        day: days since it was offered; no two of a city the same.
        pets: keys of ``words.PETS`` that are allowed.
        amenities: of ``words.AMENITIES``.
        agent: who offers it.
        text: paragraphs.
    """

    id: str
    title: str
    city: str
    type: str
    beds: int
    baths: int
    price: int
    area: int
    day: int
    pets: tuple[str, ...]
    amenities: tuple[str, ...]
    agent: str
    text: tuple[str, ...]


@dataclass(frozen=True)
class Comment:
    """What somebody said below a post.

    Attributes:
        author: who.
        text: what.
        votes: for it.
    """

    author: str
    text: str
    votes: int


@dataclass(frozen=True)
class Post:
    """A post of a community.

    Attributes:
        id: of the record.
        title: no two alike in a set.
        community: where it stands.
        author: who wrote it.
        votes: for it; no two of a community have the same.
        hours: since it was written; no two of a community the same.
        text: paragraphs.
        comments: below it; no two posts of a community have as many.
    """

    id: str
    title: str
    community: str
    author: str
    votes: int
    hours: int
    text: tuple[str, ...]
    comments: tuple[Comment, ...]


@dataclass(frozen=True)
class Place:
    """A place on the map.

    Attributes:
        id: of the record.
        title: its name, no two alike in a set.
        kind: key of ``words.PLACE_KINDS``.
        city: where it is.
        street: and on which street.
        rating: of five; no two of a kind and city have the same.
        metres: from the middle of its city; no two of a city the same.
        open: whether it is open now.
        text: paragraphs.
        reviews: of visitors.
    """

    id: str
    title: str
    kind: str
    city: str
    street: str
    rating: float
    metres: int
    open: bool
    text: tuple[str, ...]
    reviews: tuple[Comment, ...]


def split_of(records: int) -> str:
    """The split that a record set belongs to."""
    return "eval" if records in EVAL_RECORDS else "train"


@lru_cache(maxsize=KEPT)
def homes(records: int) -> tuple[Home, ...]:
    """The homes of a record set: ``HOMES_A_CITY`` in each city."""
    rng, split = rng_for("webagent homes", records), split_of(records)
    found: list[Home] = []
    addresses = [f"{n} {street}" for street in words.STREETS[split] for n in range(1, 60)]
    titles = iter(rng.permutation(addresses).tolist())
    for city in words.CITIES[split]:
        prices = rng.permutation(np.arange(70, 240))[:HOMES_A_CITY] * 10 + 5
        areas = rng.permutation(np.arange(25, 160))[:HOMES_A_CITY]
        days = rng.permutation(np.arange(1, 120))[:HOMES_A_CITY]
        for n in range(HOMES_A_CITY):
            found.append(
                Home(
                    id=f"h{len(found) + 101}",
                    title=next(titles),
                    city=city,
                    type=_one(rng, tuple(words.TYPES)),
                    beds=int(rng.integers(1, 5)),
                    baths=int(rng.integers(1, 3)),
                    price=int(prices[n]),
                    area=int(areas[n]),
                    day=int(days[n]),
                    pets=_some(rng, tuple(words.PETS), 0.6),
                    amenities=_some(rng, words.AMENITIES, 0.55),
                    agent=_one(rng, words.PEOPLE[split]),
                    text=tuple(prose(rng, 4) for _ in range(3)),
                )
            )
    return tuple(found)


@lru_cache(maxsize=KEPT)
def posts(records: int) -> tuple[Post, ...]:
    """The posts of a record set: ``POSTS_A_COMMUNITY`` in each community."""
    rng, split = rng_for("webagent posts", records), split_of(records)
    found: list[Post] = []
    said = [asking.format(thing) for asking in words.ASKING for thing in words.THINGS[split]]
    for community in words.COMMUNITIES[split]:
        titles = rng.permutation(said)[:POSTS_A_COMMUNITY]
        votes = rng.permutation(np.arange(3, 900))[:POSTS_A_COMMUNITY]
        hours = rng.permutation(np.arange(1, 700))[:POSTS_A_COMMUNITY]
        below = rng.permutation(np.arange(2, 2 + POSTS_A_COMMUNITY))
        for n in range(POSTS_A_COMMUNITY):
            found.append(
                Post(
                    id=f"p{len(found) + 1001}",
                    title=f"{titles[n]} ({community})",
                    community=community,
                    author=_one(rng, words.HANDLES[split]),
                    votes=int(votes[n]),
                    hours=int(hours[n]),
                    text=tuple(prose(rng, 4) for _ in range(2)),
                    comments=_comments(rng, words.HANDLES[split], int(below[n]), 2),
                )
            )
    return tuple(found)


@lru_cache(maxsize=KEPT)
def places(records: int) -> tuple[Place, ...]:
    """The places of a record set."""
    rng, split = rng_for("webagent places", records), split_of(records)
    named = [(name, kind) for name in words.PLACE_NAMES[split] for kind in words.PLACE_KINDS]
    streets = words.STREETS[split]
    cities = words.CITIES[split][:3]
    metres = {city: iter(rng.permutation(np.arange(5, 400)).tolist()) for city in cities}
    ratings = {
        (city, kind): iter(rng.permutation(np.arange(21, 51)).tolist())
        for city in cities
        for kind in words.PLACE_KINDS
    }
    found = []
    for n, at in enumerate(rng.permutation(len(named) * len(cities))[:PLACES]):
        (name, kind), city = named[at // len(cities)], cities[at % len(cities)]
        found.append(
            Place(
                id=f"m{n + 501}",
                title=f"{name} {words.PLACE_KINDS[kind]} {city}",
                kind=kind,
                city=city,
                street=f"{int(rng.integers(1, 90))} {_one(rng, streets)}",
                rating=next(ratings[city, kind]) / 10,
                metres=next(metres[city]) * 10,
                open=bool(rng.random() < 0.65),
                text=(prose(rng, 4), prose(rng, 3)),
                reviews=_comments(rng, words.HANDLES[split], int(rng.integers(8, 16)), 2),
            )
        )
    return tuple(found)


def prose(rng: np.random.Generator, sentences: int) -> str:
    """So many sentences about nothing in particular."""
    parts = (words.OPENERS, words.MIDDLES, words.ENDINGS)
    return " ".join(_sentence(*(_one(rng, part) for part in parts)) for _ in range(sentences))


def _sentence(opener: str, middle: str, ending: str) -> str:
    return f"{opener} {middle}, {ending}."


def _comments(
    rng: np.random.Generator, handles: tuple[str, ...], count: int, sentences: int
) -> tuple[Comment, ...]:
    return tuple(
        Comment(_one(rng, handles), prose(rng, sentences), int(rng.integers(0, 200)))
        for _ in range(count)
    )


def _one(rng: np.random.Generator, pool: tuple[str, ...]) -> str:
    return pool[int(rng.integers(len(pool)))]


def _some(rng: np.random.Generator, pool: tuple[str, ...], share: float) -> tuple[str, ...]:
    return tuple(word for word in pool if rng.random() < share)
