"""What a matrix says of its items, as plain JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from measurand.shortening.matrix import Matrix, answers
from measurand.stats.arrays import FloatArray
from measurand.stats.few_respondents import Bank, expected_from_others, learn, posterior
from measurand.stats.item_faults import backwards, between, infit
from measurand.stats.items import item_statistics
from measurand.stats.short_form import ShortForm, following, order, random_items, shorten, whole
from measurand.stats.two_parameter import ABILITIES

SCHEMA = "measurand.items/1.0.0"
ALPHA = 0.05
CURVE = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5)
"""Shares of the items at which the width of intervals is shown."""
SHOWN = slice(10, 51, 2)
"""Abilities of the information curve: -4 to 4."""
Record = dict[str, Any]


def describe(matrix: Matrix, keep: int | None, families: Sequence[str] | None) -> Record:
    """Items with their faults, and a short form where one is asked for.

    Args:
        matrix: complete answers of models to items.
        keep: items to keep; None for no short form.
        families: family of each model; None where none are told.

    Returns:
        The record; ``form`` in it is the :class:`ShortForm`, which is no JSON.
    """
    x = matrix.values
    bank = learn(x)
    expected = expected_from_others(bank, x)
    record: Record = {
        "schema": SCHEMA,
        "score": matrix.name,
        "models": list(matrix.models),
        "notes": list(matrix.notes),
        "items": _items(matrix, bank, expected, families),
        "families": None if families is None else list(families),
        "information": _information(bank, None),
        "short": None,
    }
    if keep is not None:
        form = shorten(x, keep, groups=None if families is None else np.array(families),
                       seed_words=("items", matrix.name))  # fmt: skip
        record["short"] = _short(matrix, form)
        record["information"] += _information(bank, form)
        record["form"] = form
    return record


def _items(
    matrix: Matrix, bank: Bank, expected: FloatArray, families: Sequence[str] | None
) -> list[Record]:
    x = matrix.values
    known = item_statistics(x)
    against = backwards(x)
    whole_answers = bool(np.isin(x, (0.0, 1.0)).all())
    fit = infit(expected, x) if whole_answers else None
    groups = {} if families is None else _between(expected, x, families)
    at_mean = bank.information[:, len(ABILITIES) // 2]
    return [
        {
            "item": item,
            "right": float(known.difficulty[j]),
            "slope": float(bank.slope[j]),
            "information": float(at_mean[j]),
            "item_rest": _number(known.item_rest[j]),
            "dead": bool(known.constant[j]),
            "backwards_p": against[j],
            "infit": None if fit is None else _number(fit.mean_square[j]),
            "infit_t": None if fit is None else _number(fit.t[j]),
            "families_p": {name: p[j] for name, p in groups.items()},
        }
        for j, item in enumerate(matrix.items)
    ]


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _between(
    expected: FloatArray, x: FloatArray, families: Sequence[str]
) -> dict[str, list[float | None]]:
    """By family: p values of its items, after Holm; families that are too small have none."""
    member = np.array(families)
    found = {}
    for name in dict.fromkeys(families):
        p = between(expected, x, member == name)
        if any(one is not None for one in p):
            found[name] = p
    return found


def _information(bank: Bank, form: ShortForm | None) -> list[Record]:
    part = bank.information if form is None else bank.information[form.taken]
    series = "all items" if form is None else f"{len(form.taken)} kept"
    return [
        {"series": series, "ability": float(a), "information": float(i)}
        for a, i in zip(ABILITIES[SHOWN], part.sum(0)[SHOWN], strict=True)
    ]


def _short(matrix: Matrix, form: ShortForm) -> Record:
    x, k = matrix.values, len(matrix.items)
    full = x.mean(1)
    drawn = random_items(full, form.widths, k)
    return {
        "kept": [matrix.items[i] for i in form.taken],
        "of": k,
        "stretch": form.stretch,
        "width": float(form.widths.mean()),
        "error": float(np.sqrt(np.mean(form.errors**2))),
        "largest_error": float(np.abs(form.errors).max()),
        "bias": float(form.errors.mean()),
        "random_items": float(drawn.mean()),
        "curve": _curve(form, x),
    }


def _curve(form: ShortForm, x: FloatArray) -> list[Record]:
    """Mean width of the interval by number of items, the stretch being that of the kept number."""
    from scipy.special import stdtrit

    k = x.shape[1]
    t = float(stdtrit(form.respondents, 0.975))
    sizes = sorted({max(1, round(share * k)) for share in CURVE} | {len(form.taken)})
    long = order(form.bank, sizes[-1], posterior(form.bank, x).mean(0))
    found = []
    for size in sizes:
        _, errors = whole(form.bank, long[:size], x[:, long[:size]])
        width = np.minimum(2 * t * form.stretch * errors, 1 - size / k)
        drawn = random_items(x.mean(1), width, k)
        found.append(
            {"items": size, "width": float(width.mean()), "random_items": float(drawn.mean())}
        )
    return found


def estimated(matrix: Matrix, form: ShortForm, items: Sequence[str]) -> Record:
    """Whole scores of models by the items that a form keeps.

    Args:
        matrix: answers of the models, to these items at least.
        form: the form.
        items: identities of all of its items.
    """
    taken = [items[i] for i in form.taken]
    x = answers(matrix, taken)
    notes = list(matrix.notes)
    unknown = sorted(set(matrix.items) - set(items))
    if unknown:
        notes.append(f"{len(unknown):,} items are none of the form's: left out ({unknown[0]}, ...)")
    found = []
    every = answers(matrix, items)
    for row, (model, estimate) in enumerate(zip(matrix.models, form.estimate(x), strict=True)):
        asked = [int(form.taken[j]) for j in np.flatnonzero(~np.isnan(x[row]))]
        ahead = following(form.bank, asked, x[row][~np.isnan(x[row])]) if asked else None
        complete = not np.isnan(every[row]).any()
        found.append(
            {
                "model": model,
                "score": None if not asked else estimate.value,
                "interval": None if not asked else [estimate.ci_lo, estimate.ci_hi],
                "reason": None if asked else "none of the kept items was answered",
                "items": len(asked),
                "of": len(taken),
                "all_items": float(every[row].mean()) if complete else None,
                "next": None if ahead is None else items[ahead],
            }
        )
    return {
        "schema": SCHEMA,
        "score": matrix.name,
        "notes": notes,
        "kept": len(taken),
        "of": len(items),
        "models": found,
    }
