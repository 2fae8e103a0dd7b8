"""What building costs beside plain decoding: frames a second to shards, and to an array.

Both read the same video files with PyAV, keep every frame, and resize and crop it. The plain loop
keeps pixels in memory and stops there; the build also hashes frames, finds windows and cuts, looks
for duplicates and leaks, and writes checked, compressed shards with a manifest. Each runs in a
process of its own with a cold frame cache; the ratio is plain time over build time.

The video is made here: moving digits at 640 x 480, long enough for start-up not to count.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZE = 64


def make_videos(folder: Path, clips: int, frames: int) -> None:
    """Write H.264 files of moving noise patches over a gradient, 640 x 480."""
    import av
    import numpy as np

    rng = np.random.default_rng(0)
    y, x = np.mgrid[:480, :640]
    for i in range(clips):
        ground = np.stack([x * 255 / 640, y * 255 / 480, (x + y) * 255 / 1120], -1)
        patch = rng.integers(0, 256, (120, 120, 3))
        with av.open(str(folder / f"{i:02d}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
            stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
            for t in range(frames):
                picture = ground.copy()
                top, left = int(180 + 170 * np.sin(t / (20 + i))), int(260 + 250 * np.cos(t / 31))
                picture[top : top + 120, left : left + 120] = np.roll(patch, t, 0)
                frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


def plain(folder: str, _: str) -> dict[str, Any]:
    """Decode, resize and crop; nothing else."""
    import av
    import numpy as np

    from pipelines.elastictok.frames import resized

    start, count = time.perf_counter(), 0
    for path in sorted(Path(folder).iterdir()):
        frames = []
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                frames.append(resized(frame, SIZE))
        count += len(np.stack(frames))
    return {"frames": count, "seconds": time.perf_counter() - start}


def build(folder: str, out: str) -> dict[str, Any]:
    """The whole build."""
    import apache_beam  # noqa: F401  (its import is start-up, not throughput)

    from measurand import shards
    from measurand.manifest import read_manifest
    from pipelines.elastictok.dataset import build as run
    from schemas.elastictok.params import Params

    os.chdir(out)
    params = Params.model_validate(
        {
            "build": {
                "sources": [{"folder": folder}], "size": SIZE, "fps": 30, "hop": 8, "n_shards": 4,
            },
            "train": {
                "min_tokens": 4,
                "network": {
                    "width": 32, "mlp": 32, "encoder_layers": 1, "decoder_layers": 1, "heads": 1,
                },
                "bottleneck": {"kind": "fsq", "levels": [8, 8]},
                "models": [{"name": "elastic"}],
                "optimiser": {"steps": 1, "batch": 1, "lr": 0.001},
            },
        }
    )  # fmt: skip
    start = time.perf_counter()
    run(params, Path(out) / "dataset", "FnApiRunner", journal=Path(out))
    seconds = time.perf_counter() - start
    clips = shards.read_table(Path(out) / "dataset/clips", ["index"])
    blocks = read_manifest(Path(out) / "dataset/blocks")
    return {
        "frames": sum(len(row) for row in clips["index"].to_pylist()),
        "sequences": blocks.rows,
        "seconds": seconds,
    }


def child(part: str, *words: str) -> dict[str, Any]:
    """Run a part in a process of its own."""
    command = [sys.executable, __file__, "--child", part, *words]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=6)
    parser.add_argument("--frames", type=int, default=2400)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        part, *words = args.child
        found = {"build": build, "plain": plain}[part](*words)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        found |= {"peak_mib": usage.ru_maxrss / 1024, "cpu": usage.ru_utime + usage.ru_stime}
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "videos"
        folder.mkdir()
        make_videos(folder, args.clips, args.frames)
        rows = []
        for i in range(args.repeats):
            out = Path(name) / f"out{i}"
            out.mkdir()
            # In turn, so that what else the machine does meets both alike.
            both = {part: child(part, str(folder), str(out)) for part in ("plain", "build")}
            rows.append({**both, "ratio": both["plain"]["seconds"] / both["build"]["seconds"]})
    middle = sorted(row["ratio"] for row in rows)[len(rows) // 2]
    found = {"runs": rows, "median_ratio": middle, "load_average": os.getloadavg()[0]}
    if args.json:
        print(json.dumps(found, indent=1))
        return
    for row in rows:
        print(
            f"{row['build']['frames']:,} frames, {row['build']['sequences']:,} sequences: plain "
            f"{row['plain']['frames'] / row['plain']['seconds']:,.0f} frames/s, build "
            f"{row['build']['frames'] / row['build']['seconds']:,.0f} frames/s, ratio "
            f"{row['ratio']:.2f} (build holds {row['build']['peak_mib']:.0f} MiB at most)"
        )
    print(f"median ratio {middle:.2f}, load average {found['load_average']:.1f}")


if __name__ == "__main__":
    main()
