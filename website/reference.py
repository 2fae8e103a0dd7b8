"""Pages made of the code: what every command takes, what is public in Python."""

from __future__ import annotations

import inspect
import io
import os
from contextlib import redirect_stdout, suppress

COLUMNS = "92"


def commands() -> dict[str, str]:
    """A page a verb, as the parsers tell it, and one that lists them."""
    from measurand.cli import VERBS, main, usage

    pages = {"index": f"# Commands\n\n```text\n{usage().strip()}\n```\n\n{_contents(VERBS)}"}
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = COLUMNS
    try:
        for verb, (_, about) in VERBS.items():
            told = io.StringIO()
            with redirect_stdout(told), suppress(SystemExit):
                main([verb, "--help"])
            text = told.getvalue().strip()
            pages[verb] = f"# measurand {verb}\n\n{about.capitalize()}.\n\n```text\n{text}\n```\n"
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)
    return pages


def _contents(names: object) -> str:
    lines = "\n".join(names)  # type: ignore[call-overload]
    return f"```{{toctree}}\n:hidden:\n\n{lines}\n```\n"


def python() -> str:
    """One page of all public names: functions first, then what they return, then errors."""
    import measurand

    names = sorted(set(measurand.__all__) - {"__version__"})
    functions = [n for n in names if not inspect.isclass(getattr(measurand, n))]
    classes = [n for n in names if n not in functions]
    errors = [n for n in classes if issubclass(getattr(measurand, n), Exception)]
    results = [n for n in classes if n not in errors]
    parts = ["# Python", "How to use it: [from Python](../docs/how-to/use-from-python.md)."]
    for title, kind, group in (
        ("Functions", "autofunction", functions),
        ("Results", "autoclass", results),
        ("Errors", "autoclass", errors),
    ):
        parts.append(f"## {title}")
        for name in group:
            members = "\n   :members:\n   :show-inheritance:" if kind == "autoclass" else ""
            body = f".. {kind}:: measurand.{name}{members}"
            parts.append(f"### {name}\n\n```{{eval-rst}}\n{body}\n```")
    parts += ["## Options of reading", "Keywords that `read`, `analyse` and `compare` share."]
    for name in ("ReadingOptions", "DialectOptions"):
        parts.append(
            f"### {name}\n\n```{{eval-rst}}\n.. autoclass:: measurand.api.wishes.{name}\n```"
        )
    return "\n\n".join(parts) + "\n"
