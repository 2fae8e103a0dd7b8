"""The process in which a function of the user measures programs; run alone.

Arguments: the function's module or file, its name. Each line of standard input is a program, each
line of standard output what became of it: ``{"value": ...}`` or ``{"raised": ...}``. Whatever the
function prints goes to standard error.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def load(place: str, name: str) -> Callable[[dict[str, Any]], Any]:
    """The function of that name.

    Args:
        place: ``package.module`` or a path that ends in ``.py``.
        name: name of the function there.
    """
    if place.endswith(".py"):
        spec = importlib.util.spec_from_file_location("own_evaluator", Path(place).resolve())
        if spec is None or spec.loader is None:
            raise ImportError(f"{place} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        sys.modules["own_evaluator"] = module
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(place)
    found: Callable[[dict[str, Any]], Any] = getattr(module, name)
    return found


def answer(function: Callable[[dict[str, Any]], Any], program: dict[str, Any]) -> dict[str, Any]:
    """What a function says of a program."""
    try:
        value = function(program)
    except Exception as error:
        return {"raised": f"{type(error).__name__}: {error}"[:200]}
    try:
        return {"value": float(value), "type": type(value).__name__}
    except (TypeError, ValueError):
        return {"raised": f"it returned {type(value).__name__}, which is no number"}


def main() -> None:
    """Answer until standard input ends."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        try:
            function = load(sys.argv[1], sys.argv[2])
            out.write('{"ready": true}\n')
        except Exception as error:
            out.write(json.dumps({"refused": f"{type(error).__name__}: {error}"}) + "\n")
            return
        finally:
            out.flush()
        for line in sys.stdin:
            # JSON has no NaN; Python's reader takes it, and the other side refuses it by name.
            out.write(json.dumps(answer(function, json.loads(line))) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
