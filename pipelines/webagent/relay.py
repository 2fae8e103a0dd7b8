"""WebDriver commands of a program on their way to the browser: a few pass, the others are refused.

A program inside the sandbox holds a real WebDriver object, so it can ask for every command there
is, whatever the guard thinks of its text. Here, outside of it, only those pass that look at the
page, click, type and go to pages of the site.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pipelines.webagent.guard import ORIGIN

COMMANDS = frozenset(
    {
        "clearElement", "clickElement", "elementEquals", "findChildElement", "findChildElements",
        "findElement", "findElements", "get", "getCurrentUrl", "getElementAttribute",
        "getElementProperty", "getElementRect", "getElementTagName", "getElementText",
        "getElementValueOfCssProperty", "getTitle", "goBack", "goForward",
        "isElementEnabled", "isElementSelected", "refresh", "sendKeysToElement",
    }
)  # fmt: skip
SCRIPT = "w3cExecuteScript"
LONGEST = 100_000
"""Characters of a command's parameters that are passed on."""
Execute = Callable[[str, dict[str, Any]], dict[str, Any]]


class Relay:
    """Passes commands on.

    Args:
        execute: gives a command to the browser's driver.

    Attributes:
        refused: commands that did not pass, in order.
        passed: how many did.
    """

    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self.refused: list[str] = []
        self.passed = 0

    def answer(self, command: object, params: object) -> dict[str, Any]:
        """The driver's answer, or an error that says that the command is refused."""
        if not isinstance(command, str) or not isinstance(params, dict):
            return self._refuse(str(command)[:50])
        if not self._may(command, params) or len(json.dumps(params)) > LONGEST:
            return self._refuse(command[:50])
        self.passed += 1
        return self._execute(command, params)

    def _may(self, command: str, params: Mapping[str, Any]) -> bool:
        if command == SCRIPT:
            return params.get("script") in seleniums_own()
        if command == "get":
            return str(params.get("url", "")).startswith(ORIGIN)
        return command in COMMANDS

    def _refuse(self, command: str) -> dict[str, Any]:
        self.refused.append(command)
        return failed("unknown command", f"{command} is refused here")


def failed(error: str, message: str) -> dict[str, Any]:
    """The answer of a command that failed, in the form of a WebDriver's answer (W3C, 6.6)."""
    value = {"error": error, "message": message, "stacktrace": ""}
    return {"status": 404, "value": json.dumps({"value": value})}


@cache
def seleniums_own() -> frozenset[str]:
    """Scripts that Selenium sends by itself to read an attribute or whether something is shown."""
    import pkgutil

    found = []
    for file, name in (("getAttribute.js", "getAttribute"), ("isDisplayed.js", "isDisplayed")):
        text = pkgutil.get_data("selenium.webdriver.remote", file)
        if text is not None:
            found.append(f"/* {name} */return ({text.decode()}).apply(null, arguments);")
    return frozenset(found)
