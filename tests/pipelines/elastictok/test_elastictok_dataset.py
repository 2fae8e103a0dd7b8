from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_elastictok_video import write_video

from measurand import shards
from measurand.errors import InputError
from measurand.manifest import MANIFEST, REJECTED_FILE, read_manifest
from measurand.parquet import read_shard
from measurand.verification import verify
from pipelines.elastictok.dataset import build
from pipelines.elastictok.leaks import pixels
from schemas.elastictok.params import Params


def hashes(folder: Path) -> dict[str, str]:
    return {
        f"{name}/{s.file}": s.sha256
        for name in ("clips", "blocks", "leakage", "summary")
        for s in read_manifest(folder / name).shards
    }


def changed(small: Params, sources: list[dict[str, object]]) -> Params:
    raw = small.model_dump(mode="json")
    raw["build"]["sources"] = sources
    return Params.model_validate(raw)


def test_rows_hold_what_the_clips_hold(built: Path, small: Params) -> None:
    clips = {c["clip_id"]: c for c in shards.read_table(built / "dataset/clips").to_pylist()}
    rows = shards.read_table(built / "dataset/blocks").to_pylist()
    assert len(clips) == 32
    assert {r["split"] for r in rows} == {"train", "validation", "test_clip", "test_time"}
    for row in rows:
        frames, clip = pixels(row), clips[row["clip_id"]]
        assert frames.shape == (4, 16, 16, 3)
        at = clip["index"].index(row["start_frame"])
        if clip["still"]:
            assert row["segments"] == [0, 1]
            assert row["motion"] == [0, 0]
            assert np.array_equal(frames[0], frames[1])
            assert row["gt_objects"] is None
        else:
            assert row["segments"] == [0, 0]
            expected = np.array(clip["objects"][at : at + 4]).reshape(2, 2).mean(1)
            assert row["gt_objects"] == expected.tolist()
            cut = [any(at + t in clip["cuts"] for t in r) for r in ((1,), (2, 3))]
            assert row["is_cut"] == cut


def test_manifests_verify_and_name_their_sources(built: Path) -> None:
    for name in ("clips", "blocks", "leakage", "summary"):
        assert verify(built / "dataset" / name) == []
    manifest = read_manifest(built / "dataset/blocks")
    assert {s.name.split(" of ")[0] for s in manifest.sources} == {
        "handwritten digits", "china.jpg", "flower.jpg",
    }  # fmt: skip
    assert all(s.licence for s in manifest.sources)
    assert manifest.rows_in == manifest.rows + sum(manifest.rejected.values())


@pytest.mark.integration
def test_two_processes_write_the_same_bytes(
    built: Path, small: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a cold cache
    out = tmp_path / "dataset"
    build(small, out, "FnApiRunner:processes=2", journal=tmp_path / "journal")
    assert hashes(out) == hashes(built / "dataset")


@pytest.mark.integration
def test_a_killed_build_ends_in_the_same_bytes(
    built: Path, small: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "params.json").write_text(small.model_dump_json())
    code = (
        "import pathlib as p; from pipelines.elastictok.dataset import build; "
        "from schemas.elastictok.params import Params; "
        "a = Params.model_validate_json(p.Path('params.json').read_text()); "
        "build(a, p.Path('dataset'), 'FnApiRunner', journal=p.Path('journal'))"
    )
    root = str(Path(__file__).parents[3])
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": root},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    cache = tmp_path / "data/sources/elastictok"
    limit = time.monotonic() + 60
    while len(list(cache.glob("*.json"))) < 3:
        assert child.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < limit
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not (tmp_path / "dataset/blocks" / MANIFEST).exists()
    monkeypatch.chdir(tmp_path)
    build(small, tmp_path / "dataset", "FnApiRunner", journal=tmp_path / "journal")
    assert hashes(tmp_path / "dataset") == hashes(built / "dataset")


def test_broken_files_and_frames_are_rejected_and_the_rest_is_built(
    small: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import av

    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in "abcd":
        write_video(folder / f"{name}.avi", frames=30 + ord(name) % 7)
    (folder / "e.mp4").write_bytes(b"no video at all" * 9)
    write_video(folder / "f.avi", frames=2)
    with av.open(str(folder / "b.avi")) as container:
        at, size = [(p.pos, p.size) for p in container.demux(video=0) if p.size][10]
    data = bytearray((folder / "b.avi").read_bytes())
    data[at : at + size] = bytes([255]) * size
    (folder / "b.avi").write_bytes(data)
    moving = {"kind": "moving", "clips": 8, "frames": 40}
    params = changed(small, [{"folder": "mine"}, moving])
    build(params, tmp_path / "out", "FnApiRunner", journal=tmp_path)
    clips = read_shard(tmp_path / "out/clips" / REJECTED_FILE).to_pylist()
    assert {(r["key"], r["reason"]) for r in clips} == {
        ("folder/e.mp4", "broken_file"), ("folder/f.avi", "too_short"),
    }  # fmt: skip
    lost = read_shard(tmp_path / "out/blocks" / REJECTED_FILE).to_pylist()
    assert [r["key"] for r in lost if r["reason"] == "broken_frame"] == ["folder/b.avi#10"]
    names = set(shards.read_table(tmp_path / "out/blocks", ["source"])["source"].to_pylist())
    assert names == {"folder", "moving"}


def test_a_dataset_without_a_test_is_refused(
    small: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    params = changed(small, [{"kind": "moving", "clips": 2, "frames": 20}])
    with pytest.raises(InputError, match="no sequences for validation"):
        build(params, tmp_path / "out", "FnApiRunner", journal=tmp_path)
