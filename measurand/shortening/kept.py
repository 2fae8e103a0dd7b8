"""A short form as a file: which items stand for all, and what is needed to make a score of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from measurand.errors import InputError
from measurand.stats.few_respondents import Bank
from measurand.stats.short_form import ShortForm

FORMAT = "measurand.short-form/1"


def text(form: ShortForm, items: Sequence[str], score: str, models: Sequence[str]) -> str:
    """A short form as JSON.

    Args:
        form: the form.
        items: identities of all items.
        score: name of the score.
        models: whom it was learned from.
    """
    bank = form.bank
    record = {
        "format": FORMAT,
        "score": score,
        "models": list(models),
        "stretch": form.stretch,
        "taken": [items[i] for i in form.taken],
        "items": [
            {"item": item, "slope": float(slope), "intercept": float(intercept)}
            for item, slope, intercept in zip(items, bank.slope, bank.intercept, strict=True)
        ],
    }
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read(path: Path) -> tuple[ShortForm, tuple[str, ...], str]:
    """A form with its items and the name of its score.

    Raises:
        InputError: code ``no_form``: the file is not there or is no short form.
    """
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record.get("format") != FORMAT:
            raise ValueError(f"format {record.get('format')!r}")
        items = tuple(str(one["item"]) for one in record["items"])
        place = {item: at for at, item in enumerate(items)}
        taken = np.array([place[str(item)] for item in record["taken"]], np.int64)
        slope, intercept = (
            np.array([float(one[key]) for one in record["items"]]) for key in ("slope", "intercept")
        )
        n = len(record["models"])
        stretch, name = float(record["stretch"]), str(record["score"])
        if not (len(place) == len(items) > len(set(taken.tolist())) - 1 and len(taken) and n):
            raise ValueError("its items do not fit")
        if not (np.isfinite(slope).all() and np.isfinite(intercept).all() and stretch >= 0):
            raise ValueError("a number that is none")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is no short form: {error}",
            hint="write one by `measurand items RESULTS --keep N --save FILE`",
            code="no_form",
        ) from error
    empty = np.empty(0)
    return ShortForm(Bank(slope, intercept, n), taken, stretch, empty, empty, n), items, name
