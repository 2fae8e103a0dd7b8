"""Item rows as a matrix of models and items, with what had to be left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from measurand.analysis.scores import scores
from measurand.errors import InputError
from measurand.interop.rows import ItemRows
from measurand.stats.arrays import FloatArray


@dataclass(frozen=True)
class Matrix:
    """Answers of models to items.

    Attributes:
        name: of the score.
        models: of the rows.
        items: of the columns.
        values: (models, items) share of right answers over repeats, NaN where there is none.
        notes: what is to be known.
    """

    name: str
    models: tuple[str, ...]
    items: tuple[str, ...]
    values: FloatArray
    notes: tuple[str, ...]


def of(rows: ItemRows, wanted: str | None) -> Matrix:
    """The matrix of one score.

    Args:
        rows: item rows.
        wanted: name of the score; needed where there are several.

    Raises:
        InputError: code ``several_scores`` or ``no_score``; ``not_rates`` where values leave 0..1.
    """
    found = {score.name: score for score in scores(rows.table, rows.account.groups)}
    names = ", ".join(found)
    if wanted is None and len(found) > 1:
        raise InputError(
            f"{len(found)} scores: {names}", hint="name one by --score", code="several_scores"
        )
    name = wanted or next(iter(found), "")
    if name not in found:
        raise InputError(f"no score {name!r}", hint=f"scores: {names}", code="no_score")
    score = found[name]
    known = score.values[~np.isnan(score.values)]
    if len(known) and (known.min() < 0 or known.max() > 1):
        raise InputError(
            f"{name}: values from {known.min():g} to {known.max():g}",
            hint="items are scored from 0 to 1 here",
            code="not_rates",
        )
    return Matrix(name, score.models, score.items, score.values.T, tuple(rows.notes))


def complete(matrix: Matrix) -> Matrix:
    """Items that every model has; models without half of the items go first.

    Raises:
        InputError: code ``no_items``: no two items are left.
    """
    given = ~np.isnan(matrix.values)
    enough = given.mean(1) >= 0.5
    notes = list(matrix.notes)
    lost = [m for m, ok in zip(matrix.models, enough, strict=True) if not ok]
    notes += [f"{model} has fewer than half of the items: left out" for model in lost]
    items = given[enough].all(0) if enough.any() else np.zeros(len(matrix.items), np.bool_)
    if gone := int((~items).sum()):
        notes.append(f"{gone:,} of {len(items):,} items lack a score of some model: left out")
    if items.sum() < 2:
        raise InputError(
            f"{int(items.sum())} items have a score of every model",
            hint="give models that answered the same items",
            code="no_items",
        )
    return Matrix(
        matrix.name,
        tuple(m for m, ok in zip(matrix.models, enough, strict=True) if ok),
        tuple(i for i, ok in zip(matrix.items, items, strict=True) if ok),
        matrix.values[np.ix_(enough, items)],
        tuple(notes),
    )


def families(path: Path, models: Sequence[str]) -> list[str]:
    """Family of each model, of a table with columns ``model`` and ``family``.

    A model that the table does not name is a family of its own.

    Raises:
        InputError: code ``no_column``: a column is missing; ``family_twice``: a model has two.
    """
    from measurand import responses

    table = responses.read_file(path)
    for column in ("model", "family"):
        if column not in table.names:
            raise InputError(
                f"{path}: no column {column}", hint="columns model, family", code="no_column"
            )
    found: dict[str, str] = {}
    for model, family in zip(
        table.column("model").to_pylist(), table.column("family").to_pylist(), strict=True
    ):
        if found.setdefault(str(model), str(family)) != str(family):
            raise InputError(
                f"{path}: {model} is of two families", hint="one each", code="family_twice"
            )
    return [found.get(model, model) for model in models]


def answers(matrix: Matrix, items: Sequence[str]) -> FloatArray:
    """(models, items) answers to these items, NaN where a model has none."""
    place: Mapping[str, int] = {item: at for at, item in enumerate(matrix.items)}
    found = np.full((len(matrix.models), len(items)), np.nan)
    for column, item in enumerate(items):
        if item in place:
            found[:, column] = matrix.values[:, place[item]]
    return found
