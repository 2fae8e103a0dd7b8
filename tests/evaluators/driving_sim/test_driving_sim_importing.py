from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import driving_sim_files as made
import pytest

from evaluators.driving_sim import importing
from evaluators.driving_sim.commands import main
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.publishing.licences import LicenceError, origins
from measurand.publishing.parts import read_parts
from measurand.verification import verify
from pipelines.driving_sim import generator
from schemas.driving_sim.params import Recorded
from schemas.driving_sim.tables import DATASET


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of TFRecord and two of CommonRoad, one of each damaged."""
    out = tmp_path_factory.mktemp("files")
    one, two = generator.scenario("curve", 1), generator.scenario("fork", 1)
    data = made.record(made.womd(one)) + made.record(made.womd(replace(two, edges=())))
    (out / "a.tfrecord").write_bytes(data + made.record(made.womd(two))[:-9])
    made.commonroad(one, out)
    (out / "bomb.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><commonRoad/>')
    return out


def test_everything_given_is_accounted_for(folder: Path) -> None:
    given = Recorded(format="womd", files=(str(folder / "*.tfrecord"),), most=8)
    found = importing.account(given)
    assert (found.scenarios, found.edges) == (2, 1)
    assert [(key, reason) for key, reason, _ in found.refused] == [("a.tfrecord#2", "truncated")]
    assert found.objects == 16
    assert found.dropped > 0
    told = importing.told(found)
    assert told[0] == ("3 recordings in 1 files: 2 become scenarios, 1 are left out")
    assert any(line.startswith("assumed in 2: road edges have") for line in told)
    assert any("cannot be published" in line for line in told)


def test_nothing_is_written_until_a_folder_is_given(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    files = [str(p) for p in sorted(folder.glob("*.xml"))]
    assert main(["import", *files, "--format", "commonroad"]) == 0
    assert list(tmp_path.iterdir()) == []
    said = capsys.readouterr().out
    assert "bomb: DTDForbidden" in said
    assert "recorded:" in said


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (["--most", "0"], "most"),
        (["--test-share", "2"], "test_share"),
        (["--licence", "MIT", "--format", "womd"], "settled"),
    ],
)
def test_bad_arguments_are_named(folder: Path, given: list[str], what: str) -> None:
    kind = [] if "--format" in given else ["--format", "commonroad"]
    with pytest.raises(InputError, match=what):
        main(["import", str(folder / "bomb.xml"), *kind, *given])


def test_where_nothing_can_be_driven_the_verb_says_so(folder: Path) -> None:
    with pytest.raises(InputError, match="none of these"):
        main(["import", str(folder / "bomb.xml"), "--format", "commonroad"])


@pytest.mark.integration
def test_what_was_read_is_built_and_never_published(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    assert main(["import", str(folder / "a.tfrecord"), "--format", "womd", "--out", str(out)]) == 0
    for spec in DATASET:
        assert verify(out / spec.name.split(".")[1]) == []
    manifest = read_manifest(out / "scenarios")
    assert (manifest.rows_in, manifest.rows, manifest.rejected) == (3, 2, {"truncated": 1})
    assert manifest.sources[0].sha256
    assert (
        main(
            [
                "play",
                "curve-1",
                "--planner",
                "expert",
                "--dataset",
                str(out),
                "--out",
                str(tmp_path / "film"),
            ]
        )
        == 0
    )
    with pytest.raises(LicenceError, match="Waymo"):
        origins(read_parts(out), "Apache-2.0")
