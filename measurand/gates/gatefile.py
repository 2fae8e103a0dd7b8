"""The gate file: YAML read without surprises into the models of :mod:`measurand.gates.questions`.

Nothing is guessed: unknown keys, duplicate keys, aliases, NaN, and values of another type are
refused with the code ``bad_gate``. YAML 1.1 reads ``no`` as false and ``1e-3`` as text; strict
types turn both into an error instead of a silently different gate.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from measurand.errors import InputError
from measurand.gates.questions import Baseline, Dataset, Family, Gate, GateFile, Sequential

MAX_BYTES = 1 << 20


class GateFileError(InputError):
    """The gate file cannot be used; nothing was tested."""

    code = "bad_gate"


class _Loader(yaml.SafeLoader):
    """Safe loader without aliases (no YAML bombs), merge keys, or duplicate keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag.endswith((":merge", ":null")):
                raise yaml.MarkedYAMLError(
                    problem="keys must be plain words", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"duplicate key {key.value[:80]!r}", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_gate_file(path: Path) -> GateFile:
    """Read a gate file.

    Raises:
        GateFileError: it is missing, not a file, empty, too large, not YAML, or breaks a rule; the
            message names every key at fault.
    """
    try:
        if path.is_dir():
            raise GateFileError(f"{path} is a directory", hint="give the gate file itself")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise GateFileError(f"{path}: cannot be read: {error}", hint="check the path") from error
    if len(raw) > MAX_BYTES:
        raise GateFileError(f"{path}: larger than {MAX_BYTES} bytes", hint="split the gate file")
    return parse(raw, str(path))


def parse(raw: bytes | str, name: str = "gate file") -> GateFile:
    """Parse the text of a gate file; see :func:`read_gate_file`."""
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        # A loader of our own on top of SafeLoader: builds plain scalars, lists and mappings only.
        content = yaml.load(text, Loader=_Loader)
    except RecursionError as error:
        raise GateFileError(f"{name}: nested too deeply", hint="mend the file") from error
    except (yaml.YAMLError, ValueError, OverflowError, TypeError, AttributeError) as error:
        why = " ".join(str(error).split())[:300]
        raise GateFileError(f"{name}: not usable YAML: {why}", hint="mend the file") from error
    if content is None:
        raise GateFileError(f"{name}: empty", hint="a gate file needs version, system and gates")
    if not isinstance(content, dict):
        raise GateFileError(f"{name}: not a mapping", hint="start with `version: 1`")
    return validate(content, name)


def validate(content: Mapping[str, Any], name: str = "gate file") -> GateFile:
    """Check parsed content against the models; see :func:`read_gate_file`."""
    try:
        return GateFile.model_validate_json(json.dumps(content))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        found = [_fault(f["type"], f["loc"], f["msg"]) for f in faults[:5]]
        more = f" (and {len(faults) - 5} more)" if len(faults) > 5 else ""
        raise GateFileError(f"{name}: {'; '.join(found)}{more}", hint="mend these keys") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise GateFileError(
            f"{name}: {str(error)[:200]}", hint="quote dates and other special YAML values"
        ) from error


def _fault(kind: str, loc: tuple[int | str, ...], message: str) -> str:
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".")
    if kind == "extra_forbidden":
        models = (Gate, GateFile, Baseline, Dataset, Family, Sequential)
        known = {"from", *(name for model in models for name in model.model_fields)}
        near = difflib.get_close_matches(str(loc[-1])[:100], sorted(known), 1)
        return f"{where[:200]}: unknown key" + (f" (did you mean {near[0]}?)" if near else "")
    if kind == "float_type":
        message += " (YAML reads 1e-3 as text: write 0.001)"
    return f"{where[:200] or 'file'}: {message[:200]}"
