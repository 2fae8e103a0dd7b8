"""What a pipeline does, for its progress line and for the question what its workers see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from measurand.beam.sinks import sinks_of

if TYPE_CHECKING:
    from apache_beam import Pipeline


@dataclass(frozen=True)
class Work:
    """What a pipeline does.

    Attributes:
        label: what is being done.
        unit: what is counted, plural.
        total: how many of them there are.
        done: how many are done.
        place: the folder that workers write to; null where that is the sinks'.
    """

    label: str
    unit: str
    total: int
    done: Callable[[], int]
    place: Path | None = None


def give(pipeline: Pipeline, work: Work) -> None:
    """Say what a pipeline does that writes no dataset."""
    vars(pipeline)["measurand_work"] = work


def of(pipeline: Pipeline) -> Work:
    """What a pipeline does: what was said, or shards of its sinks."""
    sinks = sinks_of(pipeline)
    total = sum(sink.n_shards for sink in sinks)
    shards = Work("build", "shards", total, lambda: sum(sink.written() for sink in sinks))
    found: Work = vars(pipeline).get("measurand_work", shards)
    return found


def places_of(pipeline: Pipeline) -> list[Path]:
    """Folders that its workers write to."""
    place = of(pipeline).place
    return [*([] if place is None else [place]), *(s.attempt.folder for s in sinks_of(pipeline))]
