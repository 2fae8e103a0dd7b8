from __future__ import annotations

from pathlib import Path

import numpy as np
from plan_inputs import gate_file, pilot

import measurand
from measurand.gates.gatefile import read_gate_file
from measurand.gates.reading.sources import open_sources
from measurand.planning.pilot import pilots


def test_single_scores_with_their_places(tmp_path: Path) -> None:
    measurand.analyse(pilot(3, 2, 2), save=tmp_path / "rows")
    spec = read_gate_file(gate_file(tmp_path))
    [found] = pilots(spec, open_sources(spec, tmp_path, tmp_path / "rows", None))
    assert found.scores is not None
    assert len(found.scores.values) == 12
    assert [len(np.unique(x)) for x in (found.scores.clusters, found.scores.items)] == [3, 6]
    assert not found.scores.rate


def test_sides_with_other_repeats_are_paired_by_item(tmp_path: Path) -> None:
    measurand.analyse(pilot(3, 2, 3), save=tmp_path / "base")
    measurand.analyse(pilot(3, 2, 2), save=tmp_path / "rows")
    gate = "{id: a, metric: score, test: superiority, baseline: {file: base}}"
    spec = read_gate_file(gate_file(tmp_path, gate))
    [found] = pilots(spec, open_sources(spec, tmp_path, tmp_path / "rows", None))
    assert found.scores is not None
    assert len(found.scores.values) == 6
    assert found.scores.paired
