"""Apache Beam's Prism for tests, where this machine has it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from beam_services import POOL, free_port, server


def binary() -> str:
    """The program named by ``MEASURAND_PRISM``, or `prism` on the PATH; skips the test without."""
    found = os.environ.get("MEASURAND_PRISM") or shutil.which("prism")
    if not found:
        pytest.skip("no Prism: name its binary in MEASURAND_PRISM or put it on the PATH")
    return found


@contextmanager
def workers(*words: str, path: Path | None = None) -> Iterator[str]:
    """A runner with a worker pool whose processes import from another folder."""
    prism, port, pool = binary(), free_port(), free_port()
    with pytest.MonkeyPatch.context() as patch:
        if path is not None:
            patch.setenv("PYTHONPATH", f"{path}{os.pathsep}{os.environ['PYTHONPATH']}")
        with (
            server(prism, f"--job_port={port}", "--serve_http=false", port=port),
            # Workers look into the folder that their pool was started in first.
            server(*words, *POOL, f"--service_port={pool}", port=pool, cwd=path),
        ):
            yield (
                f"PortableRunner:job_endpoint=localhost:{port},environment_type=EXTERNAL,"
                f"environment_config=localhost:{pool},timeout_s=200"
            )
