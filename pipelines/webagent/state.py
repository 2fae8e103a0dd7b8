"""What has been done on a site in one session: all that the checker reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field


@dataclass
class State:
    """The state of a session on the server.

    Attributes:
        query: what the list that was shown last was asked for, without empty fields; several
            values of one field are sorted and joined by commas. ``on`` says which list.
        opened: id of the record whose page was shown last; empty where another page was.
        made: what was made, in order: ``kind`` and its fields.
        refused: requests that would have changed something, and were refused.
    """

    query: dict[str, str] = field(default_factory=dict)
    opened: str = ""
    made: list[dict[str, str]] = field(default_factory=list)
    refused: int = 0

    @property
    def sha256(self) -> str:
        """Hash of all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def asked(
    on: str, args: Mapping[str, list[str]], keys: tuple[str, ...], default: str
) -> dict[str, str]:
    """The query of a list from what was sent: known keys that are not empty.

    An order that is the site's own ``default`` is no part of it.
    """
    found = {"on": on}
    for key in keys:
        values = sorted({value.strip() for value in args.get(key, [])} - {""})
        if values and (key, values) != ("sort", [default]):
            found[key] = ",".join(values)
    return found
