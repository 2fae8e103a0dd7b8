"""Items that are known by what they say, whatever their ids (``--by-content``)."""

from __future__ import annotations

from measurand.errors import InputError

_LETTERS = 16


class Contents:
    """Names of items by their content; of one text under several ids, each id has a name."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], dict[str, int]] = {}

    def name(self, digest: str | None, own: str, where: str, run: str = "") -> str:
        """The name of an item: the beginning of its digest, with ``#2`` for a second id.

        Args:
            digest: SHA-256 of what the item says; None where the log does not hold it.
            own: the item's id.
            where: the place, for messages.
            run: whose ids these are; another run may number the same items in another way.

        Raises:
            InputError: code ``no_content``.
        """
        if digest is None:
            raise InputError(
                f"{where}: nothing is known of what item {own} says",
                hint="leave out --by-content; of a table, name a column by --map document=COLUMN",
                code="no_content",
            )
        ids = self._ids.setdefault((run, digest), {})
        place = ids.setdefault(own, len(ids) + 1)
        return digest[:_LETTERS] if place == 1 else f"{digest[:_LETTERS]}#{place}"
