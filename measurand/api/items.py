"""Item results of anybody: read and analysed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from measurand import outputs
from measurand.api.frames import NAME, Source, is_path
from measurand.api.result import Figure, Result, columns, figure
from measurand.api.rows import Rows
from measurand.api.wishes import Pairs, ReadingOptions, rows_of, wish
from measurand.errors import InputError
from measurand.outputs import Outputs, refuse_existing
from measurand.progress import Progress, Where, reporting

if TYPE_CHECKING:
    from measurand.analysis.record import People
    from measurand.gates.verdict import Verdict
    from measurand.interop.rows import ItemRows
    from measurand.reporting.document import Document

#: Options of the rows that their labels do not share.
ALONE: tuple[Literal["cluster", "by", "model", "values", "label", "by_content", "changed"], ...] = (
    "cluster",
    "by",
    "model",
    "values",
    "label",
    "by_content",
    "changed",
)


@dataclass(frozen=True)
class Mean:
    """A model's mean of a score: ``score``, ``model``, its ``mean`` as a figure."""

    score: str
    model: str
    mean: Figure


@dataclass(frozen=True)
class Pair:
    """Two models on the same items.

    Attributes:
        score: task and metric.
        a: one model.
        b: the other.
        difference: a minus b.
        p: p of no difference, adjusted over the pairs of the score (Holm); None where undefined.
    """

    score: str
    a: str
    b: str
    difference: Figure
    p: float | None

    def __repr__(self) -> str:
        """Who is better, by how much."""
        better, worse, found = self.a, self.b, self.difference
        if found.estimate is not None and found.estimate < 0:
            better, worse = self.b, self.a
            low = None if found.high is None else -found.high
            high = None if found.low is None else -found.low
            found = Figure(-found.estimate, low, high, found.n, reason=found.reason)
        word = "beats" if self.p is not None and self.p <= 0.05 else "is not shown to beat"
        return f"{better} {word} {worse} by {found!r} ({self.score}; p {_p(self.p)})"


def _p(p: float | None) -> str:
    return "undefined" if p is None else f"{p:.2g}"


class Analysis(Result):
    """What item rows say: means, pairs of models, items, what labels say of a judge.

    Attributes:
        verdict: of the gates that were put to the rows; None without.
    """

    _columns = columns(
        score="text", model="text", mean="number", low="number", high="number", items="count",
        clusters="count", reason="text",
    )  # fmt: skip

    def __init__(self, record: Mapping[str, Any], verdict: Verdict | None = None) -> None:
        super().__init__(record)
        self.verdict = verdict

    def document(self) -> Document:
        """The page of ``measurand analyse``."""
        from measurand.analysis.page import document

        return document(self.record)

    @property
    def means(self) -> tuple[Mean, ...]:
        """Every model's mean of every score."""
        return tuple(
            Mean(score["name"], model["model"], figure(model["mean"]))
            for score in self.record["scores"]
            for model in score["models"]
        )

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Paired differences of the models of every score."""
        return tuple(
            Pair(score["name"], p["a"], p["b"], figure(p["difference"]), p["p_holm"])
            for score in self.record["scores"]
            for p in score["pairs"]
        )

    @property
    def corrected(self) -> tuple[Mean, ...]:
        """Means of a judge as people would give them; empty without ``human``."""
        people = self.record.get("people") or {"scores": ()}
        return tuple(
            Mean(one["name"], one["model"], figure(one["corrected"])) for one in people["scores"]
        )

    @property
    def complete(self) -> bool:
        """Whether nothing was left out and every mean is the log's own."""
        return not (self.record["findings"] or self.record["account"]["left_out"])

    def rows(self) -> list[dict[str, Any]]:
        """A row a score and model."""
        return [
            {
                "score": one.score,
                "model": one.model,
                "mean": one.mean.estimate,
                "low": one.mean.low,
                "high": one.mean.high,
                "items": one.mean.n,
                "clusters": one.mean.clusters,
                "reason": one.mean.reason,
            }
            for one in self.means
        ]


def read(data: Source, *, progress: Where = None, **reading: Unpack[ReadingOptions]) -> Rows:
    """Item rows of logs, tables or a frame, and what was understood; nothing is computed.

    Args:
        data: a path, several paths, or a frame with a row an item (and model, repeat).
        progress: a callback, ``"stderr"``, or None for silence.
        **reading: see :class:`measurand.api.wishes.ReadingOptions`.

    Returns:
        The rows: ``to_arrow()`` gives them in the columns of ``measurand.results.RESULTS``.

    Raises:
        InputError: the data cannot be read; ``code`` and ``hint`` say why and what to do.

    >>> import measurand
    >>> rows = measurand.read({"item_id": ["a", "b"], "value": [1, 0]})
    >>> rows.to_arrow().num_rows
    2
    """
    wished = wish(describe=True, **reading)
    with reporting(progress):
        return Rows(rows_of(data, wished))


def analyse(
    paths: Source,
    *,
    gates: str | Path | None = None,
    human: Source | None = None,
    human_map: Pairs | None = None,
    width: float | None = None,
    next: int = 0,
    stratified: bool = False,
    save: str | Path | None = None,
    every_eval_ever: str | Path | None = None,
    progress: Where = None,
    **reading: Unpack[ReadingOptions],
) -> Analysis:
    """Means with intervals, reliability over repeats, items, pairs of models, gates.

    Source: see docs/statistics.md; the figures are those of ``measurand analyse``.

    Args:
        paths: a path, several paths, a frame with a row an item, or :class:`Rows`.
        gates: gate file to put the rows to.
        human: people's scores of some of the items, by which a judge's means are corrected.
        human_map: columns of the labels, by role.
        width: how many labels an interval of this width needs (in the score's unit).
        next: how many items to name for labelling.
        stratified: labels were drawn within each slice of ``by``.
        save: new folder in which the item rows are kept.
        every_eval_ever: new folder for every_eval_ever's JSON.
        progress: a callback, ``"stderr"``, or None for silence.
        **reading: see :class:`measurand.api.wishes.ReadingOptions`.

    Raises:
        InputError: the data cannot be used; ``code`` and ``hint`` say why and what to do.

    >>> import measurand
    >>> scores = {"item_id": [*"abcdef"] * 2, "model": ["A"] * 6 + ["B"] * 6}
    >>> scores["value"] = [1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 0, 0]
    >>> measurand.analyse(scores).pairs[0].difference
    0.50 [-0.07, 1.00]
    """
    for path in (save, every_eval_ever):
        refuse_existing(None if path is None else Path(path), folder_too=False)
    if gates is not None and not Path(gates).is_file():
        raise InputError(f"{gates}: no such gate file", hint="name one", code="no_file")
    wished = wish(**reading)
    ask = (width, next, stratified)
    with reporting(progress):
        from measurand.analysis.record import analyse as record_of

        people = _people(human, human_map, ask, reading)
        rows = rows_of(paths, wished)
        with Progress("analyse", None, "scores") as shown:
            record = record_of(
                rows,
                sources=_sources(paths),
                cluster=wished.cluster,
                on_score=lambda name: shown.advance(),
                people=people,
            )
        with outputs.new() as made:
            verdict = _judged(rows, gates, None if save is None else _folder(save, made))
            if verdict is not None:
                record["verdict"] = json.loads(verdict.to_json())
            if every_eval_ever is not None:
                from measurand.interop import every_eval_ever as writer

                writer.write(record, _folder(every_eval_ever, made), rows.table)
    return Analysis(record, verdict)


def _sources(data: Source) -> list[str]:
    if isinstance(data, list | tuple) and data and all(map(is_path, data)):
        return [Path(p).name for p in data]
    return [Path(data).name if is_path(data) else NAME]


def _people(
    human: Source | None,
    columns: Pairs | None,
    ask: tuple[float | None, int, bool],
    reading: ReadingOptions,
) -> People | None:
    """The labels, read before the rows: what is wrong with them is said at once."""
    import math

    width, count, stratified = ask
    asked = {"human-map": columns, "width": width, "next": count, "stratified": stratified}
    if human is None:
        if given := [name for name, value in asked.items() if value]:
            raise InputError(
                f"--{given[0]} without --human", hint="name the labels", code="bad_argument"
            )
        return None
    if count < 0 or (width is not None and not 0 < width < math.inf):
        raise InputError(
            f"--next {count}, --width {width}", hint="give a number above 0", code="bad_argument"
        )
    if stratified and not reading.get("by"):
        raise InputError("--stratified without --by", hint="name the strata", code="bad_argument")
    from measurand.analysis.people import Ask
    from measurand.analysis.record import People

    own = reading.copy()
    for name in ALONE:
        own.pop(name, None)
    own["map"], own["reruns"] = columns, "repeats"
    wished = wish(**own)
    return People(rows_of(human, wished), Ask(width, count, stratified))


def _folder(path: str | Path, made: Outputs) -> Path:
    """Where to make a folder whose own folder may not be there yet."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return made.at(Path(path))


def _judged(rows: ItemRows, gates: str | Path | None, save: Path | None) -> Verdict | None:
    """Keep the rows where asked for, and put the gates to them."""
    if save is None and gates is None:
        return None
    from measurand.gates.logs import keep, verdict_on

    if gates is not None:
        return verdict_on(rows, Path(gates), keep_in=save)
    assert save is not None
    keep(rows, save)
    return None
