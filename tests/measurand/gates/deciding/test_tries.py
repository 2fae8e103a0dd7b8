from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from gate_evidence import Project, bits, gate

from measurand.errors import InputError
from measurand.gates.deciding import tries
from measurand.gates.figures.anytime import Line


def line(**means: float) -> Line:
    return Line(tuple(means), np.array(list(means.values())), len(means), 0.0, 1.0, False)


def test_what_continues_a_sequence_keeps_its_number_and_order() -> None:
    first = line(b=0.1, d=0.2)
    number, placed = tries.place(first, [])
    assert (number, placed.names) == (1, ("b", "d"))
    seen = tries.noted([], number, placed)
    number, grown = tries.place(line(a=0.5, b=0.1, c=0.5, d=0.2), seen)
    assert (number, grown.names) == (1, ("b", "d", "a", "c"))
    assert grown.means.tolist() == [0.1, 0.2, 0.5, 0.5]
    seen = tries.noted(seen, number, grown)
    assert len(seen) == 1
    for other in (line(b=0.1, d=0.3), line(b=0.1), line(b=0.1, d=0.2)):
        assert tries.place(other, seen)[0] == 2
    assert tries.place(line(a=0.5, b=0.1, c=0.5, d=0.2, e=0.9), seen)[0] == 1


def test_another_try_stands_beside_the_first() -> None:
    seen = tries.noted([], 1, line(a=0.1))
    number, placed = tries.place(line(a=0.2), seen)
    seen = tries.noted(seen, number, placed)
    assert [tries.place(line(a=x), seen)[0] for x in (0.1, 0.2, 0.3)] == [1, 2, 3]


def test_the_record_is_kept(tmp_path: Path) -> None:
    assert tries.read(tmp_path) == {}
    seen = {"k": tries.noted([], 1, line(a=0.1))}
    tries.write(tmp_path, seen)
    assert tries.read(tmp_path) == seen
    content = json.loads((tmp_path / tries.FILE).read_text())
    assert (content["schema"], content["version"]) == ("measurand.tries", "1.0.0")


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"schema": "measurand.tries", "tries": {"k": [{"sha256": 1}]}}',
     '{"schema": "measurand.tries", "tries": {"k": [{"sha256": "x", "clusters": [1]}]}}'],
    ids=range(4),
)  # fmt: skip
def test_a_damaged_record_is_never_an_empty_one(project: Project, text: str) -> None:
    (project.root / tries.FILE).write_text(text)
    with pytest.raises(InputError):
        tries.read(project.root)
    project.items(bits(300, 0.9))
    project.out = project.root
    verdict = project.verdict(gate(sequential={}))
    assert verdict.problem is not None
    assert verdict.problem.code == "looks_unreadable"


def test_a_repeated_cluster_in_a_damaged_record_is_another_try() -> None:
    seen = [{"clusters": ["a", "a"], "sha256": "x"}]
    assert tries.place(line(a=0.1), seen)[0] == 2


def test_one_bad_name_spoils_a_record(tmp_path: Path) -> None:
    entry = {"sha256": "x", "clusters": ["a", 1]}
    content = {"schema": "measurand.tries", "tries": {"k": [entry]}}
    (tmp_path / tries.FILE).write_text(json.dumps(content))
    with pytest.raises(InputError, match="not a record of tries"):
        tries.read(tmp_path)


def test_a_try_that_grows_leaves_the_later_ones() -> None:
    seen = tries.noted(tries.noted([], 1, line(a=0.1)), 2, line(a=0.2))
    grown = tries.noted(seen, 1, line(a=0.1, b=0.5))
    assert [one["clusters"] for one in grown] == [["a", "b"], ["a"]]
    assert grown[1] == seen[1]
