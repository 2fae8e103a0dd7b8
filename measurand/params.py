"""Parameter files: ``params/<system>.yaml`` read into a system's frozen ``Params`` model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from measurand import yamls
from measurand.errors import InputError, ParamsError


class Strict(BaseModel):
    """Base of every parameter model: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Stop(Strict):
    """When an evaluation may end before its sample is used up: ``evaluate.until`` of any system.

    Attributes:
        gates: gate file whose bets (``sequential``) decide, from the project's root.
        seed: of the order in which clusters are asked.
        clusters: clusters asked between two decisions.
    """

    gates: str = Field(min_length=1)
    seed: int = Field(default=20260101, ge=0)
    clusters: int = Field(default=10, ge=1)


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
    """Read a parameter file; ``evaluate.until``, which is the engine's own, is left out.

    Args:
        path: a YAML file.
        model: the system's ``Params``.

    Raises:
        ParamsError: the file is missing, is not YAML, or breaks a rule of the model; the message
            names every key at fault.
    """
    raw = _raw(path)
    if _has_until(raw):
        raw["evaluate"] = {k: v for k, v in raw["evaluate"].items() if k != UNTIL}
    return _parsed(path, raw, model)


def read_until(path: Path) -> Stop | None:
    """What ``evaluate.until`` of a parameter file says; None where it says nothing.

    Raises:
        ParamsError: as :func:`read`.
    """
    raw = _raw(path)
    if not _has_until(raw) or raw["evaluate"][UNTIL] is None:
        return None
    return _parsed(path, raw["evaluate"][UNTIL], Stop, f"evaluate.{UNTIL}.")


UNTIL = "until"


def _has_until(raw: Any) -> bool:
    return (
        isinstance(raw, dict)
        and isinstance(raw.get("evaluate"), dict)
        and (UNTIL in raw["evaluate"])
    )


def _raw(path: Path) -> Any:
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
    return raw


def _parsed(path: Path, raw: Any, model: type[P], under: str = "") -> P:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        faults = _faults(error, raw, under)
        raise ParamsError(f"{path}: {faults}", hint="mend these keys") from error


def _faults(error: ValidationError, raw: Any, under: str) -> str:
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
    keys = [f"{under}{_key(e['loc'], raw)}".rstrip(".") or "file" for e in own]
    return "; ".join(f"{key}: {_said(e['msg'])}" for key, e in zip(keys, own, strict=True))


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
