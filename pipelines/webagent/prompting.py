"""A writer that prompts a language model with five examples, one of each kind of step."""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace
from pathlib import Path

from measurand import models, project, runs
from measurand.errors import CapabilityError, InfraError
from measurand.models.protocol import Completion, Model, Request, Sampling, check
from measurand.training.code import code_of
from pipelines.webagent.html import count
from pipelines.webagent.rules import Written
from pipelines.webagent.server import stand_ins_answer

SAMPLING = Sampling(max_tokens=400, stop=("\nStep:",))
"""Greedy, of a model that may write something before its program."""
OPENING = "```python\n"
BEGUN = Sampling(max_tokens=160, stop=("```",))
"""Greedy, of a model whose answer begins with :data:`OPENING`; a program has a few lines."""
TRIED = 9
"""Tokens of a trial."""
RULES = """You write short Python programs that carry out one step on a web page with Selenium.
There are: driver, By, Keys, Select, WebDriverWait, EC, time. Nothing can be imported, and no script
can be run in the page. Elements have numbers: find them by the attribute data-ref.
Answer with one program in a code block, and nothing else; an empty block where nothing is left to
do."""
EXAMPLES = (
    (
        'Type "Hello there" into "Nickname".',
        '<form data-ref="8"><label data-ref="31" for="n">Nickname</label>'
        '<input data-ref="5" id="n" type="text"></form>',
        "field = driver.find_element(By.CSS_SELECTOR, '[data-ref=\"5\"]')\n"
        "field.clear()\nfield.send_keys('Hello there')",
    ),
    (
        'Open "Our bakers".',
        '<nav data-ref="2"><a data-ref="17" href="/people">Our bakers</a></nav>',
        "driver.find_element(By.CSS_SELECTOR, '[data-ref=\"17\"]').click()",
    ),
    (
        'Choose "Large" in "Size".',
        '<form data-ref="40"><select data-ref="9"><option data-ref="3">Small</option>'
        '<option data-ref="22">Large</option></select></form>',
        "sizes = Select(driver.find_element(By.CSS_SELECTOR, '[data-ref=\"9\"]'))\n"
        "sizes.select_by_visible_text('Large')",
    ),
    (
        'Look for "tulips" and open the first one that is found.',
        '<form data-ref="12"><input data-ref="6" type="search"></form><ul data-ref="14"></ul>',
        "field = driver.find_element(By.CSS_SELECTOR, '[data-ref=\"6\"]')\n"
        "field.send_keys('tulips', Keys.ENTER)\n"
        "there = EC.element_to_be_clickable((By.PARTIAL_LINK_TEXT, 'tulips'))\n"
        "WebDriverWait(driver, 10).until(there).click()",
    ),
    (
        "Scroll down.",
        '<main data-ref="1"></main>',
        "driver.find_element(By.TAG_NAME, 'body').send_keys(Keys.PAGE_DOWN)",
    ),
)
"""Step, part of a page, program: fill in, click, choose, search and choose, scroll."""
_BLOCK = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)(?:\n?```|\Z)", re.DOTALL)


class Prompted:
    """Writes what a model writes. Calls are not kept: the episode that they belong to is.

    Where a model's answer can be begun it begins with a code block, and ends with it: small models
    write no program otherwise, and go on after it. A model that thinks first cannot be begun.

    Args:
        model: one that can write.

    Attributes:
        name: in tables.
        identity: of the model and of how it is asked.
    """

    def __init__(self, model: Model) -> None:
        self.name = model.spec
        self.identity = runs.run_id(model.fingerprint, code_of(Path(__file__)))
        self._model = model
        has = model.capabilities()
        self._plain, self._begins = not has.chat_template, has.begins and has.logprobs

    def write(self, said: str, snippet: str, error: str = "") -> Written:
        """The program of an answer; a comment where the model gives none.

        Raises:
            InfraError: its server failed.
        """
        found = self._answer(*self._asked(said, snippet, error))
        tokens = found.prompt_tokens, found.tokens
        if found.text is None:
            why = " ".join((found.reason or found.status).split())
            return Written(f"# no program: {why}\n", *tokens)
        return Written(program(found.text), *tokens)

    def seconds(self, snippet_tokens: int) -> float:
        """What the longest program would take here, by its first tokens.

        Args:
            snippet_tokens: length of the snippet, in words and signs.

        Raises:
            InfraError: its server failed.
        """
        said, part, _ = EXAMPLES[0]
        page = part * max(1, snippet_tokens // count(part))
        request, sampling = self._asked(said, page)
        took = []
        for tokens in (1, TRIED):
            start = time.monotonic()
            self._answer(request, replace(sampling, max_tokens=tokens))
            took.append(time.monotonic() - start)
        each = max(0.0, took[1] - took[0]) / (TRIED - 1)
        return took[0] + each * sampling.max_tokens

    def _asked(self, said: str, snippet: str, error: str = "") -> tuple[Request, Sampling]:
        text = prompt(said, snippet, error)
        if self._plain:
            return Request(f"{text}{OPENING}"), BEGUN
        return (Request(text, begun=OPENING), BEGUN) if self._begins else (Request(text), SAMPLING)

    def _answer(self, request: Request, sampling: Sampling) -> Completion:
        (found,) = self._model.generate([request], sampling)
        if found.status == "infra_error":
            raise InfraError(f"{self.name}: {found.reason}", hint="look at its server")
        return found


def prompt(said: str, snippet: str, error: str = "") -> str:
    """What a model is asked.

    Args:
        said: what is to be done.
        snippet: the part of the page that is shown.
        error: last line of what the last program failed with.
    """
    shown = "".join(
        f"Step: {step}\nPage: {part}\nProgram:\n```python\n{code}\n```\n\n"
        for step, part, code in EXAMPLES
    )
    failed = f"The last program failed: {error}\n" if error else ""
    return f"{RULES}\n\n{shown}Step: {said}\nPage: {snippet}\n{failed}Program:\n"


def program(answer: str) -> str:
    """The first code block of an answer, or all of one without any."""
    block = _BLOCK.search(answer)
    return (block[1] if block else answer).strip("\n") + "\n"


_open: dict[str, Model] = {}
"""Loaded once for all agents."""


def load(spec: str, *, snippet_tokens: int = 1000, most_seconds: float = math.inf) -> Prompted:
    """A writer on a model.

    Args:
        spec: model string.
        snippet_tokens: longest snippet, in words and signs.
        most_seconds: longest that a program may take to be written, by a trial where the model is
            loaded.

    Raises:
        InputError: an unknown model.
        CapabilityError: it cannot write, or fails a canary prompt; code ``slow_writer``: it takes
            longer.
    """
    if spec not in _open:
        with stand_ins_answer():
            model = models.load(spec, cache=project.root_or_here() / "models")
            check(model, generate=True)
        _open[spec] = model
        if math.isfinite(most_seconds):
            took = Prompted(model).seconds(snippet_tokens)
            if took > most_seconds:
                _open.pop(spec).close()
                raise CapabilityError(
                    f"{spec} would take up to {took:.0f} s for a program after a snippet of "
                    f"{snippet_tokens} words and signs; {most_seconds:g} s are allowed",
                    hint="lower evaluate.snippet_tokens, take a smaller model, a GPU or a server, "
                    "or raise evaluate.write_seconds",
                    code="slow_writer",
                )
    return Prompted(_open[spec])


def close_all() -> None:
    """Release every model."""
    while _open:
        _open.popitem()[1].close()
