"""Rules that plan, point and write: what every model is held against.

The oracle knows the instruction's own steps, and says each in the words of the page's theme. The
template writer knows five kinds of sub-instruction and finds their elements in the snippet by what
people call them, so it depends on what planner and summariser give it, as a model does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from measurand.stats.resample import rng_for
from pipelines.webagent.goals import Act, Task
from pipelines.webagent.page import Hit, Seen, ref_of, text_of
from pipelines.webagent.themes import LABELS, Theme

END = "END"
SAID = re.compile(
    r'(?P<verb>Type|Choose|Tick|Press|Open) "(?P<first>[^"]*)"'
    r'(?: (?:into|in) "(?P<second>[^"]*)")?\.'
)
"""The five kinds of sub-instruction."""
_CSS = "driver.find_element(By.CSS_SELECTOR, '[data-ref=\"{}\"]')"


@dataclass(frozen=True)
class Plan:
    """What a planner gives for a page.

    Attributes:
        sub_instruction: what is to be done now, ``END`` where nothing is.
        refs: numbers of the elements that it needs.
        prompt_tokens: read by a model, None without one.
        completion_tokens: written by a model, None without one.
    """

    sub_instruction: str
    refs: tuple[int, ...] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True)
class Written:
    """What a writer gives.

    Attributes:
        program: Python.
        prompt_tokens: read by a model, None without one.
        completion_tokens: written by a model, None without one.
    """

    program: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Oracle:
    """Plans by the steps that belong to the instruction, and points at what they need."""

    name = "oracle"

    def plan(self, task: Task, history: Sequence[str], page: Seen) -> Plan:
        """The next step; ``END`` after the last."""
        if len(history) >= len(task.goal.acts):
            return Plan(END)
        said = sub_instruction(task.goal.acts[len(history)], Theme(task.setting.theme))
        hit = found(said, page)
        if hit is None:
            return Plan(said)
        return Plan(said, tuple(filter(None, (hit.label, hit.ref))))


class RandomClicks:
    """Clicks whatever can be clicked, and types words of the instruction into fields."""

    name = "random"

    def plan(self, task: Task, history: Sequence[str], page: Seen) -> Plan:
        """Something; never the end."""
        rng = rng_for("webagent random", task.id, len(history), len(page.html))
        some = [e for e in page.root.iter("a", "button", "input", "select", "textarea")
                if ref_of(e) and e.get("type") != "hidden"]  # fmt: skip
        if not some:
            return Plan(END)
        element = some[int(rng.integers(len(some)))]
        words = task.text.split()
        word = words[int(rng.integers(len(words)))]
        return Plan(_about(element, page, word), (ref_of(element),))


class Templates:
    """Writes a program for the five kinds of sub-instruction, by what the snippet holds."""

    name = "template"

    def write(self, said: str, snippet: str, error: str = "") -> Written:
        """A program; one that does nothing where the snippet lacks what is needed."""
        hit, match = found(said, Seen(snippet)), SAID.fullmatch(said)
        if hit is None or match is None or not hit.ref:
            return Written(f"# {said}\n")
        return Written(f"# {said}\n{_lines(match, hit)}\n")


def sub_instruction(act: Act, look: Theme) -> str:
    """A step in the words of a theme."""
    label = look.label(act.what) if act.what in LABELS else act.what
    return {
        "type": f'Type "{act.value}" into "{label}".',
        "choose": f'Choose "{act.value}" in "{label}".',
        "tick": f'Tick "{label}".',
        "press": f'Press "{label}".',
        "follow": f'Open "{label}".',
    }[act.kind]


def found(said: str, page: Seen) -> Hit | None:
    """The element that a sub-instruction is about; None where the page has no such element."""
    match = SAID.fullmatch(said)
    if match is None:
        return None
    first, second = match["first"], match["second"] or ""
    match match["verb"]:
        case "Type":
            return page.field(second)
        case "Choose":
            return page.field(second) or page.box(first, second) or page.box(first)
        case "Tick":
            return page.box(first)
        case "Press":
            return page.button(first)
    return page.link(first)


def _lines(match: re.Match[str], hit: Hit) -> str:
    element = _CSS.format(hit.ref)
    if match["verb"] == "Type":
        return f"field = {element}\nfield.clear()\nfield.send_keys({match['first']!r})"
    if match["verb"] == "Choose" and hit.element.tag == "select":
        return f"Select({element}).select_by_visible_text({match['first']!r})"
    if match["verb"] in ("Choose", "Tick"):
        return f"box = {element}\nif not box.is_selected():\n    box.click()"
    return f"{element}.click()"


def _about(element: Any, page: Seen, word: str) -> str:
    """A sub-instruction that means an element, by the first name under which it is found."""
    tag, said = element.tag, text_of(element)
    kind = element.get("type") or ""
    if tag == "a":
        return f'Open "{said}".'
    if tag == "button" or kind in ("submit", "button"):
        return f'Press "{said or element.get("value")}".'
    names = [name for name, _ in page.names(element) if name]
    label = names[0] if names else ""
    if tag == "select":
        options = [text_of(option) for option in element.iter("option")]
        return f'Choose "{options[len(word) % len(options)] if options else ""}" in "{label}".'
    if kind in ("checkbox", "radio"):
        return f'Tick "{label}".'
    plain = word.replace('"', "")
    return f'Type "{plain}" into "{label}".'
