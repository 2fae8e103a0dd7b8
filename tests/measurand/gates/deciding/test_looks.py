from __future__ import annotations

import json
from pathlib import Path

import pytest
from gate_evidence import Project, bits, gate, gate_file, non_inferiority

from measurand.errors import InputError
from measurand.gates import run_gates
from measurand.gates.deciding import looks


def test_each_candidate_is_one_look_and_keeps_its_number(tmp_path: Path) -> None:
    seen = looks.read(tmp_path / "out")
    assert seen == {}
    for evidence, expected in (("a", 1), ("b", 2), ("a", 1), ("c", 3), ("b", 2)):
        seen = looks.read(tmp_path / "out")
        assert looks.number(seen, "q", evidence) == expected
        looks.record(tmp_path / "out", seen, "q", evidence)
    assert looks.read(tmp_path / "out") == {"q": ["a", "b", "c"]}
    assert looks.number(seen, "another question", "a") == 1


def test_a_record_is_made_where_there_is_no_folder_and_reads_line_by_line(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    looks.record(out, {}, "q", "a")
    assert looks.read(out) == {"q": ["a"]}
    lines = (out / looks.FILE).read_text().splitlines()
    assert lines[:4] == ["{", ' "looks": {', '  "q": [', '   "a"']


def test_the_key_is_everything_but_the_candidate() -> None:
    key = looks.question("file", ["b1", "b2"], ["d"])
    assert key == looks.question("file", ["b2", "b1", "b1"], ["d"])
    for other in (("g", ["b1", "b2"], ["d"]), ("file", ["b1"], ["d"]), ("file", ["b1", "b2"], [])):
        assert looks.question(*other) != key


WRONG_TYPE = '{"schema": "measurand.looks", "looks": {"q": [1]}}'


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"looks": {}}', "[" * 100_000, WRONG_TYPE], ids=range(7)
)
def test_a_damaged_record_is_never_an_empty_one(project: Project, text: str) -> None:
    (project.root / looks.FILE).write_text(text)
    with pytest.raises(InputError):
        looks.read(project.root)
    project.items(bits(300, 0.9))
    project.out = project.root
    verdict = project.verdict(gate())
    assert verdict.exit_code == 3
    assert verdict.problem is not None
    assert verdict.problem.code == "looks_unreadable"


def test_trying_until_green_gets_harder(project: Project) -> None:
    """Lower bound .878 at 5%, .873 at 2.5%: a limit between is met at a first look alone."""
    project.out = project.root / "out"
    question = gate(limit=0.876)
    project.items(bits(600, 0.5))
    first = project.one(question)
    assert (first.looks, first.level.alpha, first.state) == (1, 0.05, "fail")
    project.items(bits(600, 0.9))
    second = project.one(question)
    assert (second.looks, second.level.alpha, second.state) == (2, 0.025, "inconclusive")
    assert "look 2" in second.sentence
    again = project.one(question)
    assert again == second
    project.items(bits(600, 0.5))
    assert project.one(question) == first
    project.out = None
    project.items(bits(600, 0.9))
    assert project.one(question).state == "pass"


def test_another_question_starts_anew(project: Project) -> None:
    project.out = project.root / "out"
    project.items(bits(600, 0.5))
    base = project.baseline(bits(600, 0.9))
    assert project.one(non_inferiority(base)).looks == 1
    project.items(bits(600, 0.6))
    assert project.one(non_inferiority(base)).looks == 2
    assert project.one(non_inferiority(base, margin=0.06)).looks == 1
    project.baseline(bits(600, 0.91))
    assert project.one(non_inferiority(base)).looks == 1


def test_what_could_not_be_put_is_no_look(project: Project) -> None:
    project.out = project.root / "out"
    assert project.one(gate()).reason_code == "missing_metric"
    assert not (project.out / looks.FILE).exists()


def test_a_record_that_cannot_be_written_is_an_error(project: Project) -> None:
    project.items(bits(300, 0.9))
    blocked = project.root / "file"
    blocked.write_text("")
    verdict = run_gates(project.write(gate_file(gate())), root=project.root, out=blocked)
    assert verdict.exit_code == 3
    assert verdict.problem is not None
    assert verdict.problem.code in ("looks_unreadable", "looks_unwritable")


def test_the_record_is_versioned(project: Project) -> None:
    project.out = project.root / "out"
    project.items(bits(300, 0.9))
    project.one(gate())
    content = json.loads((project.out / looks.FILE).read_text())
    assert (content["schema"], content["version"]) == ("measurand.looks", "1.0.0")


def test_one_bad_entry_spoils_a_record(tmp_path: Path) -> None:
    (tmp_path / looks.FILE).write_text('{"schema": "measurand.looks", "looks": {"q": ["a", 1]}}')
    with pytest.raises(InputError, match="not a record of looks"):
        looks.read(tmp_path)
