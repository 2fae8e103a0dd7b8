"""What changed between two sides: items in pairs, or two runs of the same parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from measurand.api.frames import Source, is_path
from measurand.api.items import Pair
from measurand.api.result import Result, columns, figure
from measurand.api.wishes import ReadingOptions, names_of, rows_of, wish
from measurand.errors import InputError
from measurand.progress import Where, reporting

if TYPE_CHECKING:
    from measurand.reporting.document import Document


class Comparison(Result):
    """What changed from A to B."""

    _columns = columns(
        score="text", difference="number", low="number", high="number", items="count",
        p="number", reason="text",
    )  # fmt: skip

    def document(self) -> Document:
        """The page of ``measurand compare``."""
        from measurand.comparison.page import document

        return document(self.record)

    def render(self, form: str = "text") -> str:
        """As :meth:`Result.render`; Markdown is short enough for a comment."""
        if form == "md":
            from measurand.comparison.page import markdown

            return markdown(self.record)
        return super().render(form)

    @property
    def differences(self) -> tuple[Pair, ...]:
        """B minus A of every metric and model that both have."""
        return tuple(
            Pair(
                f"{m['system']}, {m['metric']}, {m['model']}",
                self.record["b"],
                self.record["a"],
                figure(m["difference"]),
                m["p_holm"],
            )
            for m in self.record["metrics"]
        )

    def rows(self) -> list[dict[str, Any]]:
        """A row a metric and model."""
        return [
            {
                "score": one.score,
                "difference": one.difference.estimate,
                "low": one.difference.low,
                "high": one.difference.high,
                "items": one.difference.n,
                "p": one.p,
                "reason": one.difference.reason,
            }
            for one in self.differences
        ]


class Rerun(Comparison):
    """Two runs of the same parameters: which figures, verdicts and claims changed."""

    _columns = columns(
        system="text", model="text", metric="text", slice="text", a="number", b="number",
        lower="number", upper="number", kind="text", moved="text",
    )  # fmt: skip

    def __init__(self, record: Mapping[str, Any], a: str, b: str) -> None:
        super().__init__(record)
        self._sides = a, b

    def document(self) -> Document:
        """The page of ``measurand compare --as rerun``."""
        from measurand.comparison import rerun

        return rerun.document(self.record, *self._sides)

    def render(self, form: str = "text") -> str:
        """As :meth:`Result.render`."""
        return Result.render(self, form)

    @property
    def changed(self) -> bool:
        """Whether a verdict or a claim changed."""
        return bool(self.record["changed"])

    @property
    def differences(self) -> tuple[Pair, ...]:
        """None: items are not paired, see :meth:`rows`."""
        return ()

    def rows(self) -> list[dict[str, Any]]:
        """A row a figure of the reports: what it was, what it is, how far it moved."""
        return [
            {"system": name, "moved": one["class"]}
            | {column: value for column, value in one.items() if column in self._columns}
            for name, system in self.record["systems"].items()
            for one in system["figures"]
        ]


def compare(
    a: Source,
    b: Source = ".",
    *,
    system: str | Sequence[str] = (),
    mode: str = "change",
    progress: Where = None,
    **reading: Unpack[ReadingOptions],
) -> Comparison:
    """What changed from A to B, paired by item where both have items.

    Args:
        a: a git revision, folder or file, ``"."`` for the working tree, or a frame.
        b: the same.
        system: of a revision: only these systems.
        mode: ``change``, or ``rerun`` for the same parameters run twice.
        progress: a callback, ``"stderr"``, or None for silence.
        **reading: see :class:`measurand.api.wishes.ReadingOptions`.

    Returns:
        The comparison; of mode ``rerun`` a :class:`Rerun`, whose ``changed`` says whether a verdict
        or a claim did.

    Raises:
        InputError: a side is nothing that can be compared; the code says why.

    >>> import measurand
    >>> before = {"item_id": [*"abcd"], "value": [0.1, 0.4, 0.2, 0.9], "model": ["m"] * 4}
    >>> after = {**before, "value": [0.3, 0.5, 0.4, 0.9]}
    >>> measurand.compare(before, after).differences[0].difference
    0.12 [-0.03, 0.28]
    """
    systems = names_of(system)
    with reporting(progress):
        if mode == "rerun":
            from measurand.comparison import rerun

            if not (is_path(a) and is_path(b)):
                raise InputError(
                    "a frame is no report",
                    hint="give a report's folder, a folder of such folders, or a revision",
                    code="no_side",
                )
            record = rerun.compare(*(rerun.runs(str(word), systems) for word in (a, b)))
            return Rerun(record, str(a), str(b))
        if mode != "change":
            raise InputError(f"--as {mode}", hint="change or rerun", code="bad_argument")
        from measurand.comparison.record import compare as record_of
        from measurand.comparison.sides import Side, resolve

        wished = wish(**reading)

        def side(data: Source, name: str) -> Side:
            if is_path(data):
                return resolve(str(data), systems, wished)
            found = rows_of(data, wished)
            notes = tuple(f"{name}: {note}" for note in found.notes)
            return Side(name, found.table, None, notes, found.account)

        return Comparison(record_of(side(a, "a"), side(b, "b"), wished.changed))
