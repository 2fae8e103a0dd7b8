"""The three sites as one local application: it gives the browser pages and keeps what was done.

The application is Flask's, called without a server of its own: requests come from
:class:`measurand.web.server.Server`, which is the browser's proxy, or from ``serve``, for people.
"""

from __future__ import annotations

import hashlib
import itertools
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from measurand.stats.resample import rng_for
from measurand.web.server import HOST, Answer, Request
from pipelines.webagent import estate, forum, maps, records, themes, words
from pipelines.webagent.blocks import Article, Go, Notice, Page
from pipelines.webagent.sessions import Asked, Session, Setting, Visit

COOKIE = "visit"
ENTER = "/enter/"
_SITES: dict[str, Any] = {"estate": estate, "forum": forum, "map": maps}
_FOOT = ("About us", "Services", "Legal", "Countries", "Partners")
_FOOT_LINKS = (
    "Our story", "Careers", "Press", "Prices", "For business", "Mobile app", "Privacy", "Terms",
    "Imprint", "Accessibility",
)  # fmt: skip


class Sites:
    """The sites with all of their sessions; asked from several threads at once.

    Args:
        default: what visitors are shown that were not sent in.

    Attributes:
        sha256: hash of everything that decides what an agent sees.
        start: path that a new browser opens.
        window: width and height of the browser's window in pixels.
        strangers: visits since then that carried no cookie of the session.
    """

    start = "/none"
    window = (1200, 900)

    def __init__(self, default: Setting | None = None) -> None:
        self.sha256 = source_sha256()
        self.strangers = 0
        self._sessions: dict[str, Session] = {}
        self._entries: dict[str, str] = {}
        self._lock = threading.Lock()
        self._default = default or Setting("estate", "meadow", 0)
        self.app = _application(self)

    def begin(self, setting: Setting, secret: str = "") -> tuple[str, Session]:
        """A new session, and the end of every other: one episode is played at a time.

        Args:
            setting: what it is shown.
            secret: from which tokens are made; drawn by default, given for a replay.

        Returns:
            The path by which its visitor enters, once, and the session.
        """
        key, entry = secrets.token_hex(16), secrets.token_hex(16)
        session = Session(setting, secret or secrets.token_hex(16))
        with self._lock:
            self.strangers = 0
            self._sessions, self._entries = {key: session}, {entry: key}
        return f"{ENTER}{entry}", session

    def enter(self, entry: str) -> tuple[str, Session] | None:
        """The cookie and session of an entry that was not used yet."""
        with self._lock:
            key = self._entries.pop(entry, None)
            return None if key is None else (key, self._sessions[key])

    def session(self, key: str) -> tuple[str, Session]:
        """The session of a cookie; a new one, which no checker reads, where there is none."""
        with self._lock:
            if key in self._sessions:
                return key, self._sessions[key]
            self.strangers += 1
            new = secrets.token_hex(16)
            self._sessions[new] = Session(self._default, secrets.token_hex(16))
            return new, self._sessions[new]

    def visitors(self) -> list[Session]:
        """All sessions, in the order in which they began."""
        with self._lock:
            return list(self._sessions.values())

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request of the browser, None where there is no such page."""
        from werkzeug.test import EnvironBuilder, run_wsgi_app

        builder = EnvironBuilder(
            request.path,
            f"http://{HOST}",
            query_string=request.query,
            method=request.method,
            headers=dict(request.headers),
            data=request.body,
        )
        body, status, headers = run_wsgi_app(self.app, builder.get_environ(), buffered=True)
        code = int(status.split(" ", 1)[0])
        if code == 404:
            return None
        kept = {k: v for k, v in headers if k in ("Set-Cookie", "Location", "Cache-Control")}
        return Answer(code, b"".join(body), headers.get("Content-Type", "text/html"), kept)


def source_sha256() -> str:
    """Hash of what decides a page: code and templates of the sites, and how pages are read."""
    folder = Path(__file__).parent
    modules = (estate, forum, maps, records, themes, words)
    files = [Path(str(module.__file__)) for module in modules]
    own = ("blocks.py", "sessions.py", "state.py", "observe.js")
    files += [*(folder / name for name in own), Path(__file__)]
    digest = hashlib.sha256()
    for path in (*sorted(files), *sorted((folder / "templates").glob("*.html"))):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def stand_ins_answer() -> Iterator[None]:
    """While this lasts, flask's stand-ins for a request can be looked at.

    vLLM's CPU engine looks at every global of every module when it starts
    (``vllm.triton_utils.dispatcher``), and outside a request flask's raise. Flask is here where
    pages of the sites were made in this process before.
    """
    if "flask" not in sys.modules:
        yield
        return
    from flask import Flask

    with Flask(__name__).test_request_context():
        yield


def _application(sites: Sites) -> Any:
    from flask import Flask, abort, redirect, request

    app = Flask(__name__, static_folder=None)
    app.jinja_env.trim_blocks = True

    def enter(entry: str) -> Any:
        known = sites.enter(entry)
        if known is None:
            return "", 404
        key, session = known
        answer = redirect(f"/{session.setting.site}/", 303)
        answer.set_cookie(COOKIE, key, httponly=True)
        return answer

    def wrapped(site: str, view: Any) -> Any:
        def serve(name: str = "") -> Any:
            key, session = sites.session(request.cookies.get(COOKIE, ""))
            if session.setting.site != site:
                abort(404)
            sent = request.form if request.method == "POST" else request.args
            query = request.query_string.decode("utf-8", "replace")
            text, status, place = _page(
                view, session, request.method, request.path, sent.to_dict(flat=False), name
            )
            form = list(request.form.items(multi=True))
            body = urlencode([(k, v) for k, v in form if k != "token"])
            token = request.form.get("token", "")
            session.log.append(Asked(request.method, request.path, query, body, token, status))
            if status == 404:
                abort(404)
            answer = redirect(place, status) if place else app.make_response((text, status))
            answer.set_cookie(COOKIE, key, httponly=True)
            answer.headers["Cache-Control"] = "no-store"
            return answer

        return serve

    app.add_url_rule(f"{ENTER}<entry>", "enter", enter)
    for site, module in _SITES.items():
        helping = (("GET", f"/{site}/help", _help),)
        for n, (method, path, view) in enumerate((*module.ROUTES, *helping)):
            app.add_url_rule(path, f"{site} {n}", wrapped(site, view), methods=[method])
    return app


def _page(
    view: Any, session: Session, method: str, path: str, args: dict[str, list[str]], name: str
) -> tuple[str, int, str]:
    """Text, status and place to go to of one request."""
    done = _SITES[session.setting.site].DONE.get(next(iter(args.get("done", [])), ""))
    visit = Visit(session, path, args, name, () if done is None else (done,))
    if method == "POST" and not session.spend(visit.first("token")):
        session.state.refused += 1
        shown = Page("Sent already", (Notice("This form was sent before, or is too old."),))
        return render(shown, session), 409, ""
    found = view(visit)
    if found is None:
        return "", 404, ""
    if isinstance(found, Go):
        return "", 303, found.path
    return render(found, session), 200, ""


def _help(visit: Visit) -> Page:
    """Help pages: they hold nothing that anybody asks for."""
    visit.state.opened, visit.state.query = "", {"on": "help", "help": visit.first("help")}
    rng = rng_for("webagent help", visit.records)
    text = tuple(records.prose(rng, 5) for _ in range(10))
    return Page("Help", (Article("Help", (), text),))


def render(page: Page, session: Session) -> str:
    """The page in the looks of the session's theme."""
    from flask import render_template

    setting = session.setting
    look, module = themes.Theme(setting.theme), _SITES[setting.site]
    rng = rng_for("webagent noise", setting.site, setting.records, page.title)
    count = itertools.count(1)
    nav = [
        (href, look.label(word) if word in themes.LABELS else word) for href, word in module.LINKS
    ]
    return str(
        render_template(
            f"{setting.theme}.html",
            page=page,
            t=look,
            c=look.cls,
            uid=lambda: f"{look.cls('id')}{next(count)}",
            token=session.token,
            nav=nav,
            help=f"/{setting.site}/help",
            ads=[records.prose(rng, 3) for _ in range(5)],
            foot=[(g, [(f"/{setting.site}/help", link) for link in _FOOT_LINKS]) for g in _FOOT],
        )
    )
