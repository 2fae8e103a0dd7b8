"""Options that only the functions have, and what they share with each other."""

from __future__ import annotations

import concurrent.futures
from pathlib import Path

import pytest
from api_inputs import items

import measurand
from measurand.errors import InputError

GATES = """\
version: 1
results: unused
defaults: {min_n: 5, min_clusters: 5}
gates:
  - {id: good, metric: value, test: threshold, limit: 0.01}
"""


def test_rows_are_read_once_and_analysed_often() -> None:
    rows = measurand.read(items(1), cluster="passage")
    assert rows.to_arrow().num_rows == 60
    assert "nothing was computed" in rows.render()
    direct = measurand.analyse(items(1), cluster="passage")
    assert measurand.analyse(rows).means == direct.means


def test_gates_are_put_to_a_frame(tmp_path: Path) -> None:
    file = tmp_path / "gates.yaml"
    file.write_text(GATES)
    found = measurand.analyse(items(1), gates=file, save=tmp_path / "kept")
    assert found.verdict.state == "pass"
    assert found.record["verdict"]["state"] == "pass"
    assert measurand.analyse(tmp_path / "kept").means == found.means
    with pytest.raises(InputError, match="exists"):
        measurand.analyse(items(1), save=tmp_path / "kept")


def test_labels_are_a_frame_too() -> None:
    one = {k: v[:30] for k, v in items(1).items()}
    labels = {"item_id": one["item_id"][:12], "value": one["value"][:12]}
    found = measurand.analyse(one, human=labels, next=3)
    assert found.record["people"]["scores"][0]["labelled"] == 12
    assert len(found.record["people"]["next"]) == 3
    [told] = found.corrected
    assert (told.score, told.model) == ("value", "A")
    assert told.mean.low < told.mean.estimate < told.mean.high
    assert measurand.analyse(one).corrected == ()


def test_progress_goes_to_the_callback_and_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[tuple] = []
    measurand.analyse(items(1), progress=lambda *what: told.append(what))
    assert told[-1][:2] == ("analyse", 1)
    assert capsys.readouterr() == ("", "")


def test_calls_from_many_threads_give_one_result() -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: measurand.analyse(items(1)).to_json(), range(8)))
    assert len(set(found)) == 1


def test_an_option_that_does_not_exist_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="no option 'clusters'"):
        measurand.analyse(items(1), clusters="passage")  # type: ignore[call-arg]
