"""Stored answers, scored by another parser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand import outputs
from measurand.api.frames import NAME, Source, is_path, responses_of
from measurand.api.result import Result, columns, figure
from measurand.api.wishes import Pairs, pairs_of
from measurand.errors import InputError
from measurand.outputs import refuse_existing
from measurand.progress import Where, reporting

if TYPE_CHECKING:
    import pyarrow as pa

    from measurand.reporting.document import Document
    from measurand.rescoring.parsers import Parser
    from measurand.rescoring.record import Answers

ROLES = ("answer", "target", "item_id", "value", "model", "cluster_id")
Reader = Callable[[str], str | None]
"""From a text to what is read out of it; None where nothing is."""


class Rescored(Result):
    """Old scores and new ones of the same answers, paired."""

    _columns = columns(
        model="text", answers="count", unread="count", new="number", old="number",
        difference="number", low="number", high="number",
    )  # fmt: skip

    def __init__(self, record: Mapping[str, Any], answers: Answers) -> None:
        super().__init__(record)
        self._answers = answers

    def document(self) -> Document:
        """The page of ``measurand rescore``."""
        from measurand.rescoring.page import document

        return document(self.record)

    def rows(self) -> list[dict[str, Any]]:
        """A row a model: means with unread answers as wrong, and new minus old."""
        found = []
        for one in self.record["models"]:
            new, old, pair = one["new"], one["old"], one["difference"]
            moved = figure(pair["difference"]) if pair else None
            found.append(
                {
                    "model": one["model"],
                    "answers": one["answers"],
                    "unread": new["n_unread"],
                    "new": new["mean"]["value"],
                    "old": old and old["mean"]["value"],
                    "difference": moved and moved.estimate,
                    "low": moved and moved.low,
                    "high": moved and moved.high,
                }
            )
        return found

    @property
    def scores(self) -> pa.Table:
        """The new item rows, for :func:`measurand.analyse`: what ``--save`` writes."""
        import pyarrow as pa

        from measurand.rescoring.record import item_rows

        return pa.Table.from_pylist(item_rows(self._answers))


def rescore(
    answers: Source,
    *,
    pattern: str | None = None,
    parser: str | Reader | None = None,
    ignore_case: bool = False,
    map: Pairs | None = None,
    save: str | Path | None = None,
    progress: Where = None,
) -> Rescored:
    """Stored answers read anew: scores by another parser beside the old ones; no model is asked.

    Source: see docs/statistics.md; the figures are those of ``measurand rescore``.

    Args:
        answers: a path, or a frame with a row an answer.
        pattern: RE2; its first match, or its group ``(?P<answer>...)``, is the answer.
        parser: in its place ``"module:function"``, or the function, from a text to the answer or
            None.
        ignore_case: capitals do not count.
        map: columns by role: answer, target, item_id; value, model, cluster_id where there are.
        save: new CSV file for the new item rows.
        progress: a callback, ``"stderr"``, or None for silence.

    Raises:
        InputError: table, parser or argument cannot be used; ``code`` and ``hint`` say why.

    >>> import measurand
    >>> said = {"item_id": [*"abc"], "answer": ["It is 1", "2!", "?"], "target": ["1", "2", "3"]}
    >>> found = measurand.rescore(said, pattern="[0-9]")
    >>> found.rows()[0]["new"], found.rows()[0]["unread"]
    (0.6666666666666666, 1)
    """
    refuse_existing(None if save is None else Path(save))
    columns = {role: role for role in ROLES} | pairs_of(map, "map")
    if unknown := sorted(set(columns) - set(ROLES)):
        raise InputError(
            f"--map {unknown[0]}=...", hint=f"a role of {', '.join(ROLES)}", code="bad_argument"
        )
    with reporting(progress):
        from measurand.dialects import Dialect
        from measurand.rescoring import record

        name, reads = _parser(pattern, parser, ignore_case)
        table = responses_of(answers, Dialect())
        scored = record.score(table, reads, columns, ignore_case=ignore_case)
        called = Path(answers).name if is_path(answers) else NAME
        found = Rescored(record.describe(scored, called, name), scored)
        if save is not None:
            with outputs.new() as made:
                made.text(record.as_csv(scored), Path(save))
    return found


def _parser(
    pattern: str | None, parser: str | Reader | None, ignore_case: bool
) -> tuple[str, Parser]:
    """The parser and what it is called."""
    from measurand.rescoring import parsers

    if (pattern is None) == (parser is None):
        raise InputError(
            "give one of --pattern and --parser", hint="it reads the answers", code="bad_argument"
        )
    if pattern is not None:
        return pattern, parsers.of_pattern(pattern, ignore_case=ignore_case)
    if isinstance(parser, str):
        return parser, parsers.of_name(parser)
    assert parser is not None
    name = getattr(parser, "__qualname__", type(parser).__name__)
    return name, parsers.of_function(parser, name)
