from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from harness_logs import lm_eval_file

from measurand.interop.read import read
from measurand.interop.rows import Wish


def zstd(content: bytes) -> bytes:
    packed = pa.Codec("zstd").compress(content)
    return bytes(packed)


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".zst", zstd)])
def test_packed_logs_give_the_same_rows(tmp_path: Path, ending: str, pack: object) -> None:
    log = lm_eval_file(tmp_path / "m", [{"acc": 1.0}, {"acc": 0.0}])
    rows = read([log], Wish()).table
    assert callable(pack)
    packed = log.with_name(log.name + ending)
    packed.write_bytes(pack(log.read_bytes()))
    log.unlink()
    assert read([packed], Wish()).table.equals(rows)
    assert read([packed.parent], Wish()).table.equals(rows)
