"""Parameters with parts exchanged, for tests of levels."""

from __future__ import annotations

from typing import Any

from schemas.agi_levels.params import Params


def changed(base: Params, **sections: dict[str, Any]) -> Params:
    """The parameters with keys of some sections replaced."""
    raw = base.model_dump(mode="json")
    for name, changes in sections.items():
        raw[name] = {**raw[name], **changes}
    return Params.model_validate(raw)
