from __future__ import annotations

from pathlib import Path

import pytest

from measurand.errors import InputError
from measurand.gates.logs import verdict_of

GATES = """\
version: 1
results: unused
defaults: {min_n: 20, min_clusters: 5}
gates:
  - {id: good, metric: value, test: threshold, limit: 0.5}
"""


def test_logs_and_kept_results_give_the_same_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from measurand.analysis.command import main

    (tmp_path / "gates.yaml").write_text(GATES)
    rows = "\n".join(f"q{i},{int(i % 5 > 0)}" for i in range(200))
    (tmp_path / "scores.csv").write_text(f"item_id,value\n{rows}\n")
    assert main([str(tmp_path / "scores.csv"), "--save", str(tmp_path / "kept")]) == 0
    capsys.readouterr()
    found = [
        verdict_of(tmp_path / "gates.yaml", tmp_path, tmp_path / name)
        for name in ("scores.csv", "kept")
    ]
    assert [v.state for v in found] == ["pass", "pass"]
    assert found[0].gates[0].sentence == found[1].gates[0].sentence
    with pytest.raises(InputError, match="no such file"):
        verdict_of(tmp_path / "gates.yaml", tmp_path, tmp_path / "none.csv")


@pytest.mark.parametrize("inside", [".", "items"])
def test_results_of_ours_are_known_by_either_manifest(tmp_path: Path, inside: str) -> None:
    from gate_evidence import bits, rows, write_items

    (tmp_path / "gates.yaml").write_text(GATES.replace("value", "accuracy"))
    write_items(tmp_path / "results" / inside, rows(bits(200, 0.9)))
    found = verdict_of(tmp_path / "gates.yaml", tmp_path, tmp_path / "results")
    assert (found.problem, found.state) == (None, "pass")
