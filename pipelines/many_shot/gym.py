"""The package ``reasoning-gym``, which generates tasks and judges answers to them."""

from __future__ import annotations

import warnings
from typing import Any

from measurand.errors import CapabilityError


def load() -> Any:
    """The package, imported.

    Raises:
        CapabilityError: code ``missing_extra``: it is not installed.
    """
    try:
        with warnings.catch_warnings():
            # One of its dependencies compares with `is`.
            warnings.simplefilter("ignore")
            import reasoning_gym
    except ModuleNotFoundError as error:
        raise CapabilityError(
            f"this task needs the package {error.name!r}, which is not installed",
            hint="pip install 'measurand[reasoning]'",
            code="missing_extra",
        ) from error
    return reasoning_gym
