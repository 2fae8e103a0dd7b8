from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import yaml

from evaluators.elastictok.commands import main
from measurand import shards
from measurand.errors import InputError
from measurand.verification import verify
from schemas.elastictok.params import Params


@pytest.fixture
def arguments(small: Params, data: Path, tmp_path: Path) -> list[str]:
    """What follows ``encode VIDEO`` for the small checkpoint."""
    params = tmp_path / "params.yaml"
    params.write_text(yaml.safe_dump(small.model_dump(mode="json")))
    return ["--params", str(params), "--checkpoint", str(data / "checkpoint")]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "mine.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for i in range(23):
            frame = np.zeros((32, 48, 3), np.uint8)
            frame[8:20, 2 * i : 2 * i + 8] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_a_video_becomes_codes_reconstruction_and_picture(
    arguments: list[str], video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["encode", str(video), "--threshold", "0.08", "--out", str(out), *arguments]) == 0
    assert "11 blocks" in capsys.readouterr().out
    assert verify(out) == []
    rows = shards.read_table(out / "codes").to_pylist()
    assert [row["block"] for row in rows] == list(range(11))
    assert [row["first_frame"] for row in rows] == list(range(0, 22, 2))
    for row in rows:
        assert len(row["codes"]) == row["n_tokens"]
        assert row["feasible"] == (row["mse"] <= 0.08)
        assert all(0 <= code < 200 for code in row["codes"])
    with av.open(str(out / "reconstruction.mp4")) as container:
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    assert len(frames) == 22
    assert frames[0].shape == (256, 256, 3)
    page = (out / "frame_trace.html").read_text()
    assert page.count('class="bar ') >= 11
    assert "mine.mp4 in tokens" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["--threshold", "0"], "--threshold"),
        (["--threshold", "0.1", "--model", "fixed4"], "gives no codes"),
        (["--threshold", "0.1", "--model", "nobody"], "no model nobody"),
        (["--threshold", "0.1", "--checkpoint", "nowhere"], "is not there"),
    ],
)
def test_what_cannot_be_used_is_named(
    arguments: list[str], video: Path, tmp_path: Path, changes: list[str], words: str
) -> None:
    at = arguments.index("--checkpoint") if "--checkpoint" in changes else None
    kept = arguments if at is None else [*arguments[:at], *arguments[at + 2 :]]
    with pytest.raises(InputError, match=words):
        main(["encode", str(video), "--out", str(tmp_path / "out"), *kept, *changes])
    assert not (tmp_path / "out").exists()


def test_files_that_are_missing_broken_or_short_are_named(
    arguments: list[str], tmp_path: Path
) -> None:
    rest = ["--threshold", "0.1", "--out", str(tmp_path / "out"), *arguments]
    with pytest.raises(InputError, match="no such file"):
        main(["encode", str(tmp_path / "none.mp4"), *rest])
    (tmp_path / "text.mp4").write_text("no video" * 40)
    with pytest.raises(InputError, match=r"text\.mp4: FFmpeg does not open it.*give a video"):
        main(["encode", str(tmp_path / "text.mp4"), *rest])


def test_nothing_is_overwritten(arguments: list[str], video: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("kept")
    with pytest.raises(InputError, match="is not empty"):
        main(["encode", str(video), "--threshold", "0.1", "--out", str(out), *arguments])
    assert (out / "mine").read_text() == "kept"
