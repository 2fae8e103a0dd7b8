from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import driving_sim_files as made
import numpy as np
import pytest

from measurand.errors import InputError
from measurand.manifest import file_sha256
from pipelines.driving_sim import sources
from pipelines.driving_sim.recording import RecordError
from pipelines.driving_sim.scenario import Scenario
from schemas.driving_sim.params import Recorded


def bare(scenario: Scenario) -> Scenario:
    """Without a map, so that it is written fast."""
    return replace(scenario, lanes=(), edges=())


def outcome(entry: sources.Entry) -> str:
    try:
        return sources.scenario_of(entry).scenario_id
    except RecordError as error:
        return error.code


def test_bad_records_are_told_and_the_rest_is_unharmed(
    scenarios: list[Scenario], tmp_path: Path
) -> None:
    one, two, three = (bare(s) for s in scenarios[:3])
    nan = two.track.copy()
    nan[0, 50, 0] = np.nan
    late = two.valid.copy()
    late[0, 10] = False
    backwards = made.womd(replace(two, scenario_id="back"), seconds=-0.1 * np.arange(91))
    records = [
        made.record(made.womd(one)),
        made.record(made.tf_example(two)),
        made.record(made.womd(one)),  # doubled
        made.record(made.womd(replace(two, scenario_id="nan", track=nan))),
        made.record(made.womd(replace(two, scenario_id="late", valid=late))),
        made.record(backwards),
        bytearray(made.record(made.womd(three))),
        made.record(b"not a message"),
        made.record(made.womd(three)),
        made.record(made.womd(three))[:-100],
    ]
    records[6][5000] ^= 4  # type: ignore[index]
    path = tmp_path / "a.tfrecord-00000-of-00001"
    path.write_bytes(b"".join(records))
    plan = sources.plan([Recorded(format="womd", files=(str(path),))])
    assert [outcome(entry) for entry in plan.entries] == [
        one.scenario_id, two.scenario_id, "twice", "not_finite", "no_sdc", "time", "crc",
        "not_a_scenario", three.scenario_id, "truncated",
    ]  # fmt: skip
    assert len({entry.key for entry in plan.entries}) == len(plan.entries)
    (source,) = plan.sources
    assert source.sha256 == file_sha256(path)
    assert source.licence.startswith("non-commercial")


def test_files_of_other_formats_and_missing_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    for form in ("av2", "commonroad"):
        with pytest.raises(InputError, match="no file of") as error:
            sources.plan([Recorded(format=form, files=(str(tmp_path / "*.txt"),))])
        assert error.value.code == "bad_format"
    with pytest.raises(InputError, match="no such file"):
        sources.plan([Recorded(format="womd", files=(str(tmp_path / "b"),))])


def test_files_come_once_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).write_text("")
    found = sources.files((str(tmp_path / "[bc]"), str(tmp_path / "a"), str(tmp_path / "b")))
    assert [p.name for p in found] == ["a", "b", "c"]


def test_a_licence_is_given_only_where_the_format_settles_none() -> None:
    assert Recorded(format="commonroad", files=("a",), licence="BSD-3-Clause").licence
    with pytest.raises(ValueError, match="settled"):
        Recorded(format="womd", files=("a",), licence="MIT")
