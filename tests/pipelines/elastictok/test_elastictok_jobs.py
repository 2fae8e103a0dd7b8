from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from pipelines.elastictok import jobs, measuring
from pipelines.elastictok.jobs import Job, Place
from schemas.elastictok.params import Params

LIMITS = (("loose", 0.4),)


@pytest.fixture
def place(trained: Path, small: Params, tmp_path: Path) -> Place:
    return Place(
        small.model_dump_json(), trained / "dataset/blocks", trained / "checkpoint",
        tmp_path / "keep", {"blocks": "b", "elastic": "e", "fixed4": "f"},
    )  # fmt: skip


def some(model: str = "fixed4", kind: str = "measure") -> list[Job]:
    return [Job(kind, model, (("test_clip", i), ("test_clip", i + 1)), LIMITS) for i in (0, 2)]


def test_parts_are_put_together(place: Place) -> None:
    found = jobs.run(place, some(), 1)
    assert found["budgets"].num_rows == 4 * 2 * 5
    assert found["coded"].num_rows == 0
    assert set(found) == set(jobs.TABLES)


def test_what_was_finished_is_not_measured_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []
    measure = measuring.measure

    def dies(subject: measuring.Subject, *rest: object) -> measuring.Tables:
        measured.append(subject.name)
        if len(measured) == 2:
            raise KeyboardInterrupt
        return measure(subject, *rest)

    monkeypatch.setattr(measuring, "measure", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(place, some(), 1)
    found = jobs.run(place, some(), 1)
    assert len(measured) == 3
    monkeypatch.undo()
    assert jobs.run(Place(**{**vars(place), "keep": place.keep.parent / "new"}), some(), 1) == found
    assert not list(place.keep.glob(".*"))


def test_parts_know_what_they_depend_on(
    place: Place, other_code: Callable[[ModuleType], None]
) -> None:
    [job, other] = some()
    same = jobs.folder_of(place, job)
    assert jobs.folder_of(place, other) != same
    changed = Place(**{**vars(place), "identity": {**place.identity, "fixed4": "g"}})
    assert jobs.folder_of(changed, job) != same
    unrelated = Place(**{**vars(place), "identity": {**place.identity, "elastic": "g"}})
    assert jobs.folder_of(unrelated, job) == same
    other_code(jobs)
    assert jobs.folder_of(place, job) != same


@pytest.mark.integration
@pytest.mark.usefixtures("warm_processes")
def test_two_processes_measure_the_same(place: Place) -> None:
    together = jobs.run(place, some("elastic"), 2)
    alone = jobs.run(
        Place(**{**vars(place), "keep": place.keep.parent / "new"}), some("elastic"), 1
    )
    assert together == alone


def test_thresholds_are_measured_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    found = jobs.limits(place)
    assert list(found) == ["strict", "middle", "loose"]
    monkeypatch.setattr(measuring, "limits", None)
    assert jobs.limits(place) == found
