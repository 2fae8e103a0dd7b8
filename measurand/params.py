"""Parameter files: ``params/<system>.yaml`` read into a system's frozen ``Params`` model."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from measurand.errors import ParamsError


class Strict(BaseModel):
    """Base of every parameter model: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: not YAML: {error}", hint="mend the file") from error
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()
        )
        raise ParamsError(f"{path}: {faults}", hint="mend these keys") from error
