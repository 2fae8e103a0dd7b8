"""YAML as this project reads it: one mapping a file, no key twice, faults named with their line."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from measurand.errors import InputError

_MARK = re.compile(r"(<{7}|={7}|>{7}|\|{7})( |$)")
# The C reader is ten times faster on a lock of a few thousand lines.
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]
    """Refuses what YAML forbids and PyYAML lets pass: a key that is given twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name = self.construct_object(key, deep=True)
            if isinstance(name, Hashable) and name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} is given twice", key.start_mark
                )
            seen.add(name if isinstance(name, Hashable) else str(name))
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found


def parse(text: str, where: str) -> Any:
    """What one YAML document says.

    Args:
        text: the document.
        where: the file's name, for messages.

    Raises:
        InputError: code ``bad_yaml``: it cannot be read; the message names line and fault.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if _MARK.match(line):
            raise InputError(
                f"{where}, line {number}: marks of an unfinished merge: {line[:40]}",
                hint="resolve the conflict",
                code="bad_yaml",
            )
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError, OverflowError) as error:
        raise InputError(
            f"{where}{_fault(error, text)}", hint="mend it", code="bad_yaml"
        ) from error


def load(path: Path) -> Any:
    """What a YAML file says.

    Raises:
        InputError: code ``bad_yaml``: not UTF-8 or not YAML; ``no_file``: there is none.
        OSError: it cannot be opened.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file", hint="check the path", code="no_file") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is no UTF-8 text: {error.reason} at byte {error.start}",
            hint="save it as UTF-8",
            code="bad_yaml",
        ) from error
    return parse(text.removeprefix("\ufeff"), str(path))


def _fault(error: Exception, text: str) -> str:
    """Line and fault in one line."""
    if isinstance(error, yaml.composer.ComposerError) and "single document" in str(error):
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        return f"{line}: a second document begins (`---`); give one"
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = "" if mark is None else f", line {mark.line + 1}"
        what = error.problem or error.context or "not YAML"
        lines = text.splitlines()
        if mark is not None and mark.line < len(lines) and lines[mark.line].lstrip(" ")[:1] == "\t":
            what = "a tab where blanks belong"
        context = error.context
        return f"{line}: {what}" + (f", {context}" if context and context != what else "")
    return f": not YAML: {' '.join(str(error).split())[:200]}"
