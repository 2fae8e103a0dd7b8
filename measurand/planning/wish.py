"""What is asked of a plan: power or width, a true figure, prices, limits and a budget."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from measurand.errors import InputError

PRICED = ("cluster", "item", "call")
LIMITED = ("clusters", "items", "repeats")
UNITS = ("cost", "calls", "tokens", "seconds")


@dataclass(frozen=True)
class Wish:
    """What is asked.

    Attributes:
        power: chance that the gate passes (of a regression test: finds the loss), or that the
            interval is no wider than ``width``; the gate's own where it is None.
        width: wished width of the 95% interval; then power is not planned.
        truth: true score of a threshold's model, true difference of the other tests.
        prices: of a new cluster, a new item and a call, in any one unit.
        most: clusters, items a cluster and repeats an item that there can be at most.
        budget: unit and amount that may be spent; None for no budget.
    """

    power: float | None = None
    width: float | None = None
    truth: float | None = None
    prices: Mapping[str, float] = field(default_factory=lambda: {"call": 1.0})
    most: Mapping[str, int] = field(default_factory=dict)
    budget: tuple[str, float] | None = None


def wish(
    *,
    power: float | None = None,
    width: float | None = None,
    truth: float | None = None,
    price: Mapping[str, str] | None = None,
    most: Mapping[str, str] | None = None,
    budget: Mapping[str, str] | None = None,
) -> Wish:
    """The wish that arguments spell out.

    Raises:
        InputError: code ``bad_argument``.
    """
    if power is not None and not 0.5 < power < 1:
        raise _bad(f"--power {power}", "a number above .5 and below 1")
    if width is not None and not 0 < width < math.inf:
        raise _bad(f"--width {width}", "a number above 0")
    if truth is not None and not math.isfinite(truth):
        raise _bad(f"--truth {truth}", "a number")
    prices = _numbers(price, PRICED, "price")
    limits = _numbers(most, LIMITED, "most")
    if any(x < 1 or x % 1 for x in limits.values()):
        raise _bad(f"--most {limits}", "whole numbers from 1")
    given = _numbers(budget, UNITS, "budget")
    if len(given) > 1:
        raise _bad(f"--budget {' '.join(given)}", "one unit")
    return Wish(
        power=power,
        width=width,
        truth=truth,
        prices={"cluster": 0.0, "item": 0.0, "call": 0.0 if prices else 1.0, **prices},
        most={k: int(v) for k, v in limits.items()},
        budget=next(iter(given.items()), None),
    )


def _numbers(
    given: Mapping[str, str] | None, known: tuple[str, ...], option: str
) -> dict[str, float]:
    found = {}
    for name, text in (given or {}).items():
        try:
            found[name] = float(text)
        except ValueError:
            found[name] = math.nan
        if name not in known or not 0 <= found[name] < math.inf:
            words = f"{' or '.join(known)}, = and a number from 0"
            raise _bad(f"--{option} {name}={text}", words)
    return found


def _bad(what: str, hint: str) -> InputError:
    return InputError(what, hint=f"give {hint}", code="bad_argument")
