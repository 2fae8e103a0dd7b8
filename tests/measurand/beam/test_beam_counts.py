from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apache_beam
import pytest
import toy_build
from toy_build import SPEC

from measurand import beam


def test_counters_are_by_table_and_name(tmp_path: Path) -> None:
    blobs = [beam.to_ipc(toy_build.answers(1, 60))]
    with beam.pipeline() as p:
        beam.to_shards(p | apache_beam.Create(blobs), SPEC, tmp_path / "d", 2)
    assert beam.counters(p) == {"toy.answers": {"rows_at_sink": 59, "rows_out": 59}}


def test_a_runner_without_counters_is_said_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def metrics() -> None:
        raise NotImplementedError

    with beam.pipeline() as p:
        blobs = [beam.to_ipc(toy_build.answers(1, 60))]
        sink = beam.to_shards(p | apache_beam.Create(blobs), SPEC, tmp_path / "d")
    p.result = SimpleNamespace(metrics=metrics)
    assert beam.counters(p) is None
    manifest = sink.finish(rows_in=59)
    assert (manifest.rows, manifest.rows_in) == (59, 59)
    assert "rows are counted in the files alone" in caplog.text


@pytest.mark.parametrize(
    ("committed", "attempted", "value"),
    [(7, 9, 7), (0, None, 0), (None, 9, 9), (0, 9, 0), (None, None, 0)],
)
def test_what_a_runner_leaves_out_is_no_crash(
    committed: int | None, attempted: int | None, value: int
) -> None:
    """Prism tells of a committed zero and of nothing attempted; Beam's ``result`` is None then."""
    from apache_beam.metrics.execution import MetricKey, MetricResult
    from apache_beam.metrics.metricbase import MetricName

    key = MetricKey("step", MetricName("toy.answers", "rejected"))
    found = {"counters": [MetricResult(key, committed, attempted)]}
    metrics = SimpleNamespace(query=lambda: found)
    built: Any = SimpleNamespace(result=SimpleNamespace(metrics=lambda: metrics))
    assert beam.counters(built) == {"toy.answers": {"rejected": value}}
