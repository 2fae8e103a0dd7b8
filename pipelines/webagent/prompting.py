"""A writer that prompts a language model with five examples, one of each kind of step."""

from __future__ import annotations

import re
from pathlib import Path

from measurand import models, project, runs
from measurand.errors import InfraError
from measurand.models.protocol import Model, Request, Sampling, check
from measurand.training.code import code_of
from pipelines.webagent.rules import Written
from pipelines.webagent.server import stand_ins_answer

SAMPLING = Sampling(max_tokens=400, stop=("\nStep:",))
"""Greedy; a program has a few lines."""
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

    def write(self, said: str, snippet: str, error: str = "") -> Written:
        """The program of an answer; a comment where the model gives none.

        Raises:
            InfraError: its server failed.
        """
        (found,) = self._model.generate([Request(prompt(said, snippet, error))], SAMPLING)
        if found.status == "infra_error":
            raise InfraError(f"{self.name}: {found.reason}", hint="look at its server")
        tokens = found.prompt_tokens, found.tokens
        if found.text is None:
            why = " ".join((found.reason or found.status).split())
            return Written(f"# no program: {why}\n", *tokens)
        return Written(program(found.text), *tokens)


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


def load(spec: str) -> Prompted:
    """A writer on a model.

    Args:
        spec: model string.

    Raises:
        InputError: an unknown model.
        CapabilityError: it cannot write, or fails a canary prompt.
    """
    if spec not in _open:
        with stand_ins_answer():
            model = models.load(spec, cache=project.root_or_here() / "models")
            check(model, generate=True)
        _open[spec] = model
    return Prompted(_open[spec])


def close_all() -> None:
    """Release every model."""
    while _open:
        _open.popitem()[1].close()
