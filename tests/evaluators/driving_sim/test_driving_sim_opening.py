from __future__ import annotations

from pathlib import Path

import driving_sim_small as small
import pytest

from evaluators.driving_sim.opening import opening
from evaluators.driving_sim.report import statistics, view
from measurand.reporting.view import View


def test_every_question_has_its_sentence_and_says_that_it_was_trained_once(seen: View) -> None:
    found = opening(seen)
    assert found is not None
    route, transfer, space, control, floor = found.findings
    assert "curve (one way only) +0.00" in route
    assert "fork -0.50 [" in route
    assert "one training; not a finding about the method" in route
    assert "changes the share of crashes by +0.3" in transfer
    assert "one training" in transfer
    assert "displacements: crashes +0.2" in space
    assert "stays on that in 1.00 [" in control
    assert "3.00 [" in control
    assert "0.05 [" in floor
    assert "(80 scenarios)" in floor
    assert found.picture is not None
    assert {row["label"] for row in found.picture.data["rows"]} == {"curve", "fork", "tee", "cross"}
    assert found.figure is not None
    assert seen.figures.get(
        found.figure["model"], found.figure["metric"],
        family="choice", others="playback", over="bc_none",
    )  # fmt: skip


@pytest.mark.integration
def test_three_trainings_are_a_finding(tmp_path: Path) -> None:
    given = small.params(repeats=3)
    folder = small.write(tmp_path, given)
    found = opening(view(folder, folder, statistics(folder, folder, given), given))
    assert found is not None
    assert "one training" not in " ".join(found.findings)
    assert "costs 0.3" in found.findings[1]


def test_who_has_no_pair_has_no_sentence(tmp_path: Path) -> None:
    given = small.params()
    only = given.train.imitation.models[:1]
    train = given.train.model_copy(
        update={
            "imitation": given.train.imitation.model_copy(update={"models": only}),
            "reinforcement": None,
        }
    )
    alone = given.model_copy(update={"train": train})
    folder = small.write(tmp_path, alone)
    found = opening(view(folder, folder, statistics(folder, folder, alone), alone))
    assert found is not None
    assert [line.split()[0] for line in found.findings] == ["Controls:", "The"]
    assert found.picture is not None
    assert found.picture.data == {"reason": "no driver is trained both with and without a route"}
