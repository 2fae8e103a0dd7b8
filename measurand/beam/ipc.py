"""Tables between steps: Arrow IPC bytes. A pickled slice would carry its whole table."""

from __future__ import annotations

import pyarrow as pa


def to_ipc(table: pa.Table) -> bytes:
    """A table as Arrow IPC stream bytes, without metadata: what travels between steps."""
    plain = pa.table(table.columns, names=table.column_names)
    sink = pa.BufferOutputStream()
    # Text repeats: compressed, the steps of a large build hold an eighth of the memory.
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, plain.schema, options=options) as writer:
        # One dictionary for all batches: a stream cannot replace one.
        writer.write_table(plain.unify_dictionaries())
    return bytes(sink.getvalue())


def from_ipc(data: bytes) -> pa.Table:
    """Inverse of :func:`to_ipc`."""
    return pa.ipc.open_stream(data).read_all()
