"""The toy build as a command of its own, slow enough to be stopped in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

SLOW = {"rows": 2_000, "shards": 8, "blob_rows": 50, "pause_s": 0.3}
# The command as it stands, with another build in it.
COMMAND = """
import json, sys
from pathlib import Path

import toy_build

from measurand import cli


def call(args):
    toy_build.build(json.loads(sys.argv[2]), Path(sys.argv[1]), sys.argv[3])
    return 0


cli._call = call
raise SystemExit(cli.main())
"""


def started(out: Path, runner: str) -> subprocess.Popen[str]:
    """A slow build whose job has begun and has written nothing yet."""
    begun = out.parent.parent / f"begun-{out.parent.name}"
    params = SLOW | {"begun": str(begun)}
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(out), json.dumps(params), runner],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while not begun.exists() and process.poll() is None:
        time.sleep(0.1)
    return process
