from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.driving_sim.commands import main
from measurand.errors import InputError


def test_a_film_is_written_in_three_forms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "film"
    assert main(["play", "curve-0", "--planner", "idm", "--others", "idm", "--out", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["film.html", "film.md", "film.svg"]
    said = capsys.readouterr().out
    assert said.startswith("curve-0, driven by idm among idm: no collision, on the road")
    assert said.splitlines()[0].split(": ", 1)[1] in (out / "film.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (["--seed", "-1"], "--seed -1"),
        (["--dataset", "nowhere"], "holds no scenarios"),
        # A project that has trained names its drivers.
        (["--planner", "nobody"], "no (planner|driver) 'nobody'"),
    ],
)
def test_what_cannot_be_played_is_named(tmp_path: Path, given: list[str], what: str) -> None:
    out = tmp_path / "film"
    planner = [] if "--planner" in given else ["--planner", "idm"]
    with pytest.raises(InputError, match=what):
        main(["play", "curve-0", *planner, *given, "--out", str(out)])
    assert not out.exists()
