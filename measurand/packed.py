"""Files that may be packed: ``.gz`` and ``.zst`` are opened as what they hold."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import IO

import pyarrow as pa

ENDINGS = (".gz", ".zst")


def name_of(file: Path) -> str:
    """Name of what a file holds: ``t.csv`` of ``t.csv.gz``."""
    return file.name[: -len(file.suffix)] if file.suffix.lower() in ENDINGS else file.name


def opened(file: Path) -> IO[bytes]:
    """The content as a stream of bytes.

    Raises:
        OSError: it cannot be opened, or while reading: it is damaged.
    """
    suffix = file.suffix.lower()
    if suffix == ".gz":
        return io.BufferedReader(gzip.open(file))
    if suffix == ".zst":
        return io.BufferedReader(pa.CompressedInputStream(pa.OSFile(str(file)), "zstd"))
    return file.open("rb")
