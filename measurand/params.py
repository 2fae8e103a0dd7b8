"""Parameter files: ``params/<system>.yaml`` read into a system's frozen ``Params`` model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from measurand import yamls
from measurand.errors import InputError, ParamsError


class Strict(BaseModel):
    """Base of every parameter model: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def no_repeats(name: str, values: tuple[object, ...]) -> None:
    """Refuse a value that is given twice.

    Raises:
        ValueError: in words for whoever wrote the parameters.
    """
    if len(set(values)) != len(values):
        raise ValueError(f"{name}: the same value twice")


def _all_of(value: Any) -> Any:
    """A list of licences, as cards of the Hub have it, as one expression: all of them hold."""
    if isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value):
        from measurand.publishing.hub_licences import spdx

        return " AND ".join(map(spdx, value))
    return value


Licence = Annotated[str, BeforeValidator(_all_of)]
"""A licence in words, or a list of licences that all hold."""

P = TypeVar("P", bound=BaseModel)


def read(path: Path, model: type[P]) -> P:
    """Read a parameter file.

    Args:
        path: a YAML file.
        model: the system's ``Params``.

    Raises:
        ParamsError: the file is missing, is not YAML, or breaks a rule of the model; the message
            names every key at fault.
    """
    if not path.is_file():
        raise ParamsError(
            f"{path}: no such parameter file", hint="run in the project's root or give --params"
        )
    try:
        raw = yamls.load(path)
    except InputError as error:
        raise ParamsError(Exception.__str__(error), hint=error.hint) from error
    if raw is None:
        raise ParamsError(f"{path} is empty", hint="copy a preset: `measurand preset SYSTEM NAME`")
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise ParamsError(f"{path}: {_faults(error, raw)}", hint="mend these keys") from error


def _faults(error: ValidationError, raw: Any) -> str:
    """Every fault with its key, without those that only follow from another one.

    Where an item of a list is at fault, pydantic drops it and then says that the list is too short.
    """
    found = error.errors()
    places = [e["loc"] for e in found]
    own = [
        e
        for e in found
        if not any(len(p) > len(e["loc"]) and p[: len(e["loc"])] == e["loc"] for p in places)
    ]
    return "; ".join(f"{_key(e['loc'], raw) or 'file'}: {_said(e['msg'])}" for e in own)


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")


def _key(place: tuple[int | str, ...], raw: Any) -> str:
    """A place as the user's own keys, without the names of kinds that pydantic puts between."""
    here, words = raw, []
    for at, part in enumerate(place):
        inside = isinstance(here, dict) and part in here
        inside |= isinstance(here, list) and isinstance(part, int) and part < len(here)
        if inside or at == len(place) - 1:
            words.append(str(part))
            here = here[part] if inside else None
    return ".".join(words)
