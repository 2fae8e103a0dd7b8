"""Sessions of a site: who visits, what was done, which forms may still be sent, what was asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from pipelines.webagent.blocks import Links, Notice
from pipelines.webagent.state import State
from pipelines.webagent.themes import Theme

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """What a session is shown.

    Attributes:
        site: of ``params.SITES``.
        theme: of ``params.THEMES``.
        records: number of the record set.
    """

    site: str
    theme: str
    records: int


@dataclass(frozen=True)
class Asked:
    """One request of a session, as it came, and what was answered.

    Attributes:
        method: ``GET`` or ``POST``.
        path: decoded.
        query: as it was sent.
        body: fields of a form without its token, encoded as in a query.
        token: of the form.
        status: of the answer.
    """

    method: str
    path: str
    query: str
    body: str
    token: str
    status: int


@dataclass
class Session:
    """A visit from its beginning.

    Attributes:
        setting: what it is shown.
        secret: from which the tokens of its forms are made.
        state: what was done.
        log: every request.
        tokens: of forms that were shown and not yet sent.
        shown: forms shown so far.
    """

    setting: Setting
    secret: str
    state: State = field(default_factory=State)
    log: list[Asked] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    shown: int = 0

    def token(self) -> str:
        """A token for one form; it is good for one request."""
        self.shown += 1
        made = hashlib.sha256(f"{self.secret}|{self.shown}".encode()).hexdigest()[:20]
        self.tokens.add(made)
        return made

    def spend(self, token: str) -> bool:
        """Whether a token is good; afterwards it is not."""
        if token not in self.tokens:
            return False
        self.tokens.remove(token)
        return True


@dataclass(frozen=True)
class Visit:
    """One request, as a page of a site sees it.

    Attributes:
        session: whose.
        path: what is asked for.
        args: fields that were sent, each with its values.
        name: the variable part of the path.
        notices: what has just been done.
    """

    session: Session
    path: str
    args: Mapping[str, list[str]]
    name: str = ""
    notices: tuple[Notice, ...] = ()

    @property
    def state(self) -> State:
        """Of the session."""
        return self.session.state

    @property
    def records(self) -> int:
        """Number of the record set."""
        return self.session.setting.records

    def label(self, key: str) -> str:
        """What the theme calls something."""
        return Theme(self.session.setting.theme).label(key)

    def first(self, key: str) -> str:
        """A field's first value, empty where it was not sent."""
        return next(iter(self.args.get(key, [])), "").strip()

    def here(self, **changed: str) -> str:
        """This page's address with some fields changed; empty values leave a field out."""
        kept = {k: v for k, v in self.args.items() if k not in changed and k != "done"}
        new = {k: [v] for k, v in changed.items() if v}
        pairs = [(k, v) for k, some in {**kept, **new}.items() for v in some if v]
        return f"{self.path}?{urlencode(pairs)}"


def pager(visit: Visit, found: Sequence[T], size: int) -> tuple[list[T], Links]:
    """The part of a list that a page shows, and links to the others."""
    asked = visit.first("page")
    pages = max(1, -(-len(found) // size))
    at = min(int(asked), pages) if asked.isdigit() and int(asked) else 1
    links = tuple(
        ("" if n == at else visit.here(page=str(n)), f"Page {n}") for n in range(1, pages + 1)
    )
    return list(found[(at - 1) * size : at * size]), Links(links[:12], "Pages")
