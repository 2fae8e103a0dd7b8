"""Items of a test: their faults, and fewer of them that stand for all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from measurand import outputs
from measurand.api.frames import Source
from measurand.api.result import Result
from measurand.api.wishes import ReadingOptions, rows_of, wish
from measurand.errors import InputError
from measurand.outputs import refuse_existing
from measurand.progress import Where, reporting

if TYPE_CHECKING:
    from measurand.reporting.document import Document
    from measurand.shortening.matrix import Matrix


class Items(Result):
    """What several models' answers say of the items; with ``form`` what few items say of models."""

    def document(self) -> Document:
        """The page of ``measurand items``."""
        from measurand.shortening import page

        return page.document(self.record) if "items" in self.record else page.estimates(self.record)

    def rows(self) -> list[dict[str, Any]]:
        """A row an item; with ``form`` a row a model."""
        found = self.record["items"] if "items" in self.record else self.record["models"]
        # Without families there is nothing in their column, which no file format could hold.
        return [{k: v for k, v in row.items() if k != "families_p" or v} for row in found]

    @property
    def kept(self) -> tuple[str, ...]:
        """The items that stand for all, in the order in which they tell most; empty without."""
        return tuple((self.record.get("short") or {}).get("kept", ()))


def items(
    paths: Source,
    *,
    score: str | None = None,
    keep: int | None = None,
    save: str | Path | None = None,
    form: str | Path | None = None,
    families: str | Path | None = None,
    progress: Where = None,
    **reading: Unpack[ReadingOptions],
) -> Items:
    """Items of a test that several models took: faults, and few items that give the whole score.

    Source: see docs/statistics.md; the figures are those of ``measurand items``.

    Args:
        paths: a path, several paths, a frame with a row an item and model, or :class:`Rows`.
        score: which score, where there are several.
        keep: items to keep.
        save: new file for the kept items.
        form: in place of all this, whole scores of these models by such a file's items.
        families: table with columns ``model`` and ``family``.
        progress: a callback, ``"stderr"``, or None for silence.
        **reading: see :class:`measurand.api.wishes.ReadingOptions`.

    Raises:
        InputError: the data or an argument cannot be used; ``code`` and ``hint`` say why.

    >>> import measurand
    >>> right = {"a": "11110", "b": "11100", "c": "11000", "d": "11111"}
    >>> rows = [
    ...     {"model": m, "item_id": f"q{i}", "value": int(x)}
    ...     for m, scores in right.items() for i, x in enumerate(scores)
    ... ]
    >>> [row["item"] for row in measurand.items(rows).rows() if row["dead"]]
    ['q0', 'q1']
    """
    refuse_existing(None if save is None else Path(save))
    if save is not None and keep is None:
        raise InputError("--save without --keep", hint="say how many", code="bad_argument")
    if form is not None and (keep or save or families):
        raise InputError(
            "--form with --keep, --save or --families",
            hint="a form is made, or used",
            code="bad_argument",
        )
    wished = wish(**reading)
    with reporting(progress):
        from measurand.shortening import matrix

        found = matrix.of(rows_of(paths, wished), score)
        if form is not None:
            return Items(_estimated(found, Path(form)))
        record, text = _described(found, keep, None if families is None else Path(families))
        if save is not None:
            with outputs.new() as made:
                made.text(text, Path(save))
    return Items(record)


def _described(
    found: Matrix, keep: int | None, families: Path | None
) -> tuple[Mapping[str, Any], str]:
    """The record, and the short form as text."""
    from measurand.shortening import kept, matrix
    from measurand.shortening.record import describe

    whole = matrix.complete(found)
    groups = None if families is None else matrix.families(families, whole.models)
    record = describe(whole, keep, groups)
    form = record.pop("form", None)
    text = "" if form is None else kept.text(form, whole.items, whole.name, whole.models)
    return record, text


def _estimated(found: Matrix, path: Path) -> Mapping[str, Any]:
    from measurand.shortening import kept
    from measurand.shortening.record import estimated

    form, every, name = kept.read(path)
    record = estimated(found, form, every)
    if name != found.name:
        record["notes"].append(f"the form is of the score {name}")
    return record
