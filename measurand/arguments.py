"""The parser of every command: what is given twice is never lost, wrong usage is an error (3)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

from measurand.stores import is_url

ERROR = 3
"""Exit code of wrong usage; argparse's own 2 would read as an undecided gate."""


def folder(text: str) -> Path | str:
    """The type of an option that takes a folder, or the URL of one in an object store."""
    return text if is_url(text) else Path(text)


class Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` whose lists grow when their option is repeated.

    An option of one value that is given twice is wrong usage: which of the two is meant?
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register("action", None, _Store)
        self._given: set[str] = set()

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        """As argparse's own."""
        self._given.clear()
        return super().parse_known_args(*args, **kwargs)

    def given(self, dest: str) -> bool:
        """Whether the option was met before in this line; from now on it was."""
        before = dest in self._given
        self._given.add(dest)
        return before

    def error(self, message: str) -> NoReturn:
        """Usage and what is wrong with it; exit code 3."""
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(ERROR)


class _Store(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Keep the value, beside those of the option's earlier places in the line."""
        if option_string and isinstance(parser, Parser) and parser.given(self.dest):
            if self.nargs not in ("+", "*"):
                parser.error(f"{option_string} is given twice")
            values = [*getattr(namespace, self.dest), *values]
        setattr(namespace, self.dest, values)
