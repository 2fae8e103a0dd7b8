"""A visitor without a browser: reads pages, fills in forms, follows links."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from measurand.web.server import Request
from pipelines.webagent.goals import Act, Task
from pipelines.webagent.page import Seen
from pipelines.webagent.rules import SAID, Plan, found
from pipelines.webagent.server import Sites
from pipelines.webagent.sessions import Session, Setting
from pipelines.webagent.themes import LABELS, Theme


class Client:
    def __init__(self, sites: Sites, setting: Setting) -> None:
        self.sites = sites
        entry, self.session = sites.begin(setting)
        self.cookie, self.html, self.status, self.filled = "", "", 0, {}
        self.look = Theme(setting.theme)
        self.get(entry)

    session: Session
    filled: dict[Any, Any]

    def get(self, where: str) -> None:
        self._ask("GET", where, "")

    def post(self, path: str, **fields: str) -> None:
        self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, where: str, body: str) -> None:
        parts = urlsplit(where)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        answer = self.sites.answer(Request(method, parts.path, parts.query, headers, body.encode()))
        self.status = 404 if answer is None else answer.status
        if answer is None:
            return
        if "Set-Cookie" in answer.headers and not self.cookie:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        if "Location" in answer.headers:
            return self.get(answer.headers["Location"])
        self.html, self.filled = answer.body.decode(), {}
        self.seen = Seen(self.html)
        return None

    def use(self, plan: Plan, page: Seen) -> None:
        """Do what a program of the rules would: to the element that a plan points at."""
        hit, match = found(plan.sub_instruction, page), SAID.fullmatch(plan.sub_instruction)
        if hit is None or match is None:
            return
        element = self._same(hit.ref)
        if match["verb"] == "Open":
            self.get(element.get("href"))
        elif match["verb"] == "Press":
            self._send(element)
        elif element.tag == "select":
            options = {option.text: option.get("value") for option in element.iter("option")}
            self.filled[element] = options.get(match["first"], "")
        else:
            self.filled[element] = match["first"] if match["verb"] == "Type" else True

    def _same(self, ref: int) -> Any:
        """The element of a number of :func:`numbered`, in this client's own reading."""
        body = self.seen.root.find("body")
        return [e for e in body.iter() if isinstance(e.tag, str)][ref - 1]

    def do(self, act: Act) -> None:
        label = self.look.label(act.what) if act.what in LABELS else act.what
        if act.kind == "type":
            self.filled[self._hit(self.seen.field(label), act)] = act.value
        elif act.kind == "tick":
            self.filled[self._hit(self.seen.box(label), act)] = True
        elif act.kind == "choose":
            self._choose(label, act)
        elif act.kind == "follow":
            self.get(self._hit(self.seen.link(label), act).get("href"))
        else:
            self._send(self._hit(self.seen.button(label), act))

    def _hit(self, hit: Any, act: Act) -> Any:
        assert hit is not None, f"{act} is not on the page"
        return hit.element

    def _choose(self, label: str, act: Act) -> None:
        field = self.seen.field(label)
        if field is None:
            self.filled[self._hit(self.seen.box(act.value, label), act)] = True
            return
        options = {option.text: option.get("value") for option in field.element.iter("option")}
        self.filled[field.element] = options[act.value]

    def _send(self, button: Any) -> None:
        form = next(button.iterancestors("form"), None)
        if form is None:
            return
        pairs = []
        for element in form.iter("input", "select", "textarea"):
            name, value = element.get("name"), self._value(element)
            if name and value is not None:
                pairs.append((name, value))
        if form.get("method") == "post":
            self._ask("POST", form.get("action"), urlencode(pairs))
        else:
            self.get(f"{form.get('action')}?{urlencode(pairs)}")

    def _value(self, element: Any) -> str | None:
        if element.get("type") in ("checkbox", "radio"):
            ticked = element in self.filled or element.get("checked") is not None
            return element.get("value") if ticked else None
        if element in self.filled:
            return str(self.filled[element])
        if element.tag == "select":
            chosen = [o for o in element.iter("option") if o.get("selected") is not None]
            return str((chosen or list(element.iter("option")))[0].get("value"))
        return str(element.text or "") if element.tag == "textarea" else str(element.get("value"))


def carried_out(sites: Sites, task: Task) -> Client:
    client = Client(sites, task.setting)
    for act in task.goal.acts:
        client.do(act)
    return client


def numbered(html: str) -> str:
    """The page with a number on each element, as the browser gives them."""
    from lxml import html as reader

    root = reader.document_fromstring(html).find("body")
    for n, element in enumerate((e for e in root.iter() if isinstance(e.tag, str)), 1):
        element.set("data-ref", str(n))
    return str(reader.tostring(root, encoding="unicode"))
