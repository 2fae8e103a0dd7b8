"""Named openings of chess, as Debian's ``pgn-extract`` brings them."""

from __future__ import annotations

import functools

from measurand.errors import CapabilityError

PLACE = "/usr/share/pgn-extract/eco.pgn"


@functools.cache
def lines() -> tuple[tuple[str, ...], ...]:
    """Moves of every opening, in UCI, in the order of the file.

    Raises:
        CapabilityError: the file is not there, or holds no opening; code ``no_openings``.
    """
    import chess.pgn

    found = []
    try:
        with open(PLACE, encoding="latin-1") as file:
            while (game := chess.pgn.read_game(file)) is not None:
                found.append(tuple(move.uci() for move in game.mainline_moves()))
    except FileNotFoundError as error:
        raise CapabilityError(
            f"named openings need {PLACE}, which is not there",
            hint="apt-get install pgn-extract, or leave named out",
            code="no_openings",
        ) from error
    if not (known := tuple(line for line in found if line)):
        raise CapabilityError(
            f"{PLACE} holds no opening", hint="apt-get install pgn-extract", code="no_openings"
        )
    return known
