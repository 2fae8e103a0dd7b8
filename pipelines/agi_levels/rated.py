"""Texts that people rated: which are taken, and which of their ratings are kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from measurand.stats.resample import rng_for
from measurand.texts import normalise
from schemas.agi_levels.params import Rated

FEWEST = 8
"""Raters that a text needs beside those kept apart."""
Row = dict[str, Any]
Rejected = tuple[str, str, str]


def draw(
    part: Rated,
    texts: Mapping[str, str],
    ratings: Mapping[str, Sequence[float]],
    held: int,
    seed: int,
) -> tuple[list[Row], list[Rejected]]:
    """Rows of TEXTS, and what is left out with its reason.

    Which ratings of a text are kept apart is drawn by seed: files list them in an order of their
    own.

    Args:
        part: which corpus, how many texts of which length.
        texts: text by id.
        ratings: single ratings by id, -4 to 4.
        held: ratings kept apart.
        seed: of the draws.
    """
    seen: dict[str, str] = {}
    fit: list[str] = []
    rejected: list[Rejected] = []
    for key in sorted(texts):
        given, same = ratings.get(key, ()), normalise(texts[key])
        n = len(texts[key].split())
        if len(given) < FEWEST + held:
            rejected.append((f"{part.corpus}|{key}", "few_ratings", f"{len(given)} ratings"))
        elif not part.words[0] <= n <= part.words[1]:
            rejected.append((f"{part.corpus}|{key}", "length", f"{n} words"))
        elif same in seen:
            rejected.append((f"{part.corpus}|{key}", "duplicate_text", f"text of {seen[same]}"))
        else:
            seen[same] = key
            fit.append(key)
    order = rng_for("agi_levels", seed, part.corpus).permutation(len(fit))
    taken = [fit[i] for i in order[: part.texts]]
    rejected += [(f"{part.corpus}|{fit[i]}", "not_drawn", "") for i in order[part.texts :]]
    return [_row(part, key, texts[key], ratings[key], held, seed) for key in taken], rejected


def _row(part: Rated, key: str, text: str, given: Sequence[float], held: int, seed: int) -> Row:
    order = rng_for("agi_levels", seed, part.corpus, key, "held").permutation(len(given))
    dealt = [float(given[i]) for i in order]
    return {
        "text_id": f"{part.corpus}|{key}",
        "corpus": part.corpus,
        "what": part.what,
        "text": text,
        "ratings": sorted(dealt[held:]),
        "held": dealt[:held],
    }
