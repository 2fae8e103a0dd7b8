"""Every system's dataset has the same bytes on Prism as in one process.

The light ones by default; ``MEASURAND_SYSTEMS=all`` builds every one, with browsers and searches.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import prism_runner
import pytest

from measurand.manifest import file_sha256
from measurand.verification import verify

sys.path.append(str(Path(__file__).parents[1] / "publishing"))
from system_datasets import BUILDS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200)]

LIGHT = ("agi_levels", "personality", "many_shot", "driving_sim")
NAMES = tuple(BUILDS) if os.environ.get("MEASURAND_SYSTEMS") == "all" else LIGHT


def digests(out: Path) -> dict[str, str]:
    files = (p for p in sorted(out.rglob("*")) if p.is_file())
    return {p.relative_to(out).as_posix(): file_sha256(p) for p in files}


@pytest.mark.parametrize("name", NAMES)
def test_a_system_is_the_same_bytes_on_prism(
    name: str, tmp_path: Path, toy_model_folder: Path
) -> None:
    prism = f"PrismRunner:prism_location={prism_runner.binary()},timeout_s=900"
    seconds = {}
    for runner in ("FnApiRunner", prism):
        # A user's files stand in the parameters by their paths.
        folder, kept = tmp_path / "work", tmp_path / runner.partition(":")[0]
        folder.mkdir()
        start = time.monotonic()
        BUILDS[name](folder, toy_model_folder, runner)
        seconds[kept.name] = round(time.monotonic() - start, 1)
        folder.rename(kept)
    here, there = (digests(tmp_path / kind / "dataset") for kind in seconds)
    print(f"{name}: {len(here)} files, seconds {seconds}")
    assert here == there != {}
    assert verify(tmp_path / "PrismRunner") == []
