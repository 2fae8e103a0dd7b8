"""Counters of rows on their way through a pipeline."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from measurand.tables import Table

if TYPE_CHECKING:
    from apache_beam import Pipeline

log = logging.getLogger(__name__)


def count(spec: Table, name: str, n: int = 1) -> None:
    """Add ``n`` to a counter of ``spec``; for use inside a step (``rows_in`` at the source)."""
    from apache_beam.metrics import Metrics

    Metrics.counter(spec.name, name).inc(n)


def counters(built: Pipeline) -> dict[str, dict[str, int]] | None:
    """Counters of a pipeline that has run, table -> name -> value; null if the runner has none."""
    try:
        found = built.result.metrics().query()["counters"]
    except (AttributeError, KeyError, NotImplementedError) as error:
        log.info("the runner gives no counters (%r)", error)
        return None
    values: dict[str, dict[str, int]] = {}
    for counter in found:
        table = values.setdefault(counter.key.metric.namespace, {})
        # Each step that adds to a counter reports its own share. A runner may leave out what was
        # committed or what was attempted; Beam's own choice then is None for a committed zero.
        value = counter.attempted if counter.committed is None else counter.committed
        name = counter.key.metric.name
        table[name] = table.get(name, 0) + int(value or 0)
    return values
