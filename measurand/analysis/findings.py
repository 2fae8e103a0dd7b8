"""Who is better, how sure that is, and what it would take to tell: the first lines of a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from measurand.stats.means import required_n

Record = Mapping[str, Any]
ALPHA = 0.05
MOST = 6
"""Scores that the first lines speak of."""
FAR = 1000
"""A sample so many times as large is said to be out of reach."""


def sentences(found: list[Record]) -> Iterator[str]:
    """One sentence a score with two models or more, and how many scores are left."""
    several = [score for score in found if len(_known(score)) > 1]
    for score in several[:MOST]:
        yield sentence(score)
    if len(several) > MOST:
        yield f"{len(several) - MOST:,} more scores stand below."


def sentence(score: Record) -> str:
    """The first model of a score against the second, or against all that it is ahead of."""
    sign = -1 if score["higher_is_better"] is False else 1
    order = sorted(_known(score), key=lambda m: -sign * m["mean"]["value"])
    first, second = order[0]["model"], order[1]["model"]
    behind = [m["model"] for m in order[1:] if _shown(score, first, m["model"], sign)]
    name = score["name"]
    if len(behind) == len(order) - 1 and len(behind) > 1:
        return (
            f"{name}: {first} is better than all {len(behind)} others; {_by(score, first, second)}."
        )
    if second in behind:
        return f"{name}: {first} is better; {_by(score, first, second)}."
    if (level := _not_ahead(score, first, second, sign)) is not None:
        return level
    rest = f"; better than {', '.join(behind)}" if 0 < len(behind) <= 3 else ""
    if len(behind) > 3:
        rest = f"; better than {len(behind)} others"
    said = f"{name}: {first} is ahead{rest}, but not shown to be better than {second}: "
    return f"{said}{_by(score, first, second)}. {_takes(score, first, second)}"


def _not_ahead(score: Record, first: str, second: str, sign: int) -> str | None:
    """What is said where the higher mean is no better on the items of both; else None."""
    pair, way = _pair(score, first, second)
    if pair is None or pair["difference"]["value"] is None:
        return None
    value, n = pair["difference"]["value"], pair["difference"]["n"]
    if sign * way * value > 0:
        return None
    name, by = score["name"], _by(score, first, second)
    if value == 0 and pair["only_one"] == 0:
        return f"{name}: {first} and {second} are level: {by}."
    return f"{name}: {first} has the better mean, but not on the {n:,} items that both have: {by}."


def _known(score: Record) -> list[Record]:
    return [m for m in score["models"] if m["mean"]["value"] is not None]


def _pair(score: Record, a: str, b: str) -> tuple[Record | None, int]:
    """The pair of two models, and -1 where it stands the other way round."""
    for pair in score["pairs"]:
        if (pair["a"], pair["b"]) in ((a, b), (b, a)):
            return pair, 1 if pair["a"] == a else -1
    return None, 1


def _shown(score: Record, a: str, b: str, sign: int) -> bool:
    pair, way = _pair(score, a, b)
    if pair is None or pair["p_holm"] is None or pair["difference"]["value"] is None:
        return False
    return bool(pair["p_holm"] <= ALPHA and sign * way * pair["difference"]["value"] > 0)


def _by(score: Record, a: str, b: str) -> str:
    pair, way = _pair(score, a, b)
    if pair is None:
        return f"the pair with {b} was not compared"
    found = pair["difference"]
    if found["value"] is None:
        return f"no difference from {b}: {found['reason']}"
    value = way * found["value"] + 0.0  # no minus before a nought
    if found["ci_lo"] is None:
        return f"{value:+.3g} from {b}"
    low, high = sorted((way * found["ci_lo"], way * found["ci_hi"]))
    p = "" if pair["p_holm"] is None else f", p {pair['p_holm']:.2g}"
    return f"{value:+.3g} [{low:.3g}, {high:.3g}] from {b}{p}"


def _takes(score: Record, a: str, b: str) -> str:
    """How many items a difference as large as the one seen would take, after Bonferroni."""
    pair, _ = _pair(score, a, b)
    found = None if pair is None else pair["difference"]
    if found is None or not found["se"] or not found["value"]:
        return "What it would take cannot be told."
    units = found["n_clusters"] or found["n"]
    sd = found["se"] * math.sqrt(units)
    if sd * 2 > FAR * abs(found["value"]) * math.sqrt(units):
        return "No realistic sample shows so small a difference."
    needed = required_n(sd, found["value"], alpha=ALPHA / max(1, len(score["pairs"])))
    items = math.ceil(needed * found["n"] / units)
    if items > FAR * found["n"]:
        return "No realistic sample shows so small a difference."
    return (
        f"If the difference is what it seems, some {items:,} items show it in four of five samples "
        f"(now {found['n']:,})."
    )
