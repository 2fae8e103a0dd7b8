from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa

from measurand.packed import name_of, opened


def zstd(content: bytes) -> bytes:
    packed = pa.Codec("zstd").compress(content)
    return packed.to_pybytes()


def test_packed_files_are_what_they_hold(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n"))
    (tmp_path / "t.csv.zst").write_bytes(zstd(b"a,b\n"))
    (tmp_path / "t.csv").write_bytes(b"a,b\n")
    for file in tmp_path.iterdir():
        assert name_of(file) == "t.csv"
        with opened(file) as stream:
            assert stream.read() == b"a,b\n"
