from __future__ import annotations

import toy_build

from measurand import beam


def test_ipc_carries_the_slice_alone() -> None:
    table = toy_build.answers(0, 50_000)
    part = table.slice(100, 10)
    blob = beam.to_ipc(part)
    assert len(blob) < 5_000
    assert beam.from_ipc(blob).to_pylist() == part.to_pylist()
