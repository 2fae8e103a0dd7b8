"""Apache Beam: a pipeline on a named runner, and sinks whose bytes do not depend on it.

``running.pipeline`` starts and ends a run; inside its block ``sinks.to_shards``, ``make_shards`` or
(several tables of the same keys) ``make_tables`` gives a :class:`Sink`, whose ``finish`` checks
``counts`` against the files and publishes them with their manifest. Workers in other
processes are asked first whether they have the same code (``sameness``). Rows travel as Arrow IPC
bytes (``ipc``); what workers raise comes back as text and leaves as a named error (``failures``).
"""

from measurand.beam.counts import count, counters
from measurand.beam.failures import quiet
from measurand.beam.ipc import from_ipc, to_ipc
from measurand.beam.runners import chosen
from measurand.beam.running import pipeline, pipeline_options
from measurand.beam.sameness import recorded
from measurand.beam.sinks import Make, MakeTables, Sink, make_shards, make_tables, to_shards

__all__ = [
    "Make",
    "MakeTables",
    "Sink",
    "chosen",
    "count",
    "counters",
    "from_ipc",
    "make_shards",
    "make_tables",
    "pipeline",
    "pipeline_options",
    "quiet",
    "recorded",
    "to_ipc",
    "to_shards",
]
