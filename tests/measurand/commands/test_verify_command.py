from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from measurand import shards
from measurand.commands.verify import main
from measurand.errors import InputError
from measurand.tables import Column, Table

NUMBERS = Table("test.numbers", "1.0.0", ("n",), (Column("n", pa.int64(), "a number"),))


def test_one_flipped_byte_is_found_and_its_shard_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = NUMBERS.from_columns({"n": list(range(100))})
    shards.write_dataset(tmp_path / "d", NUMBERS, rows, n_shards=3)
    assert main([str(tmp_path)]) == 0
    path = tmp_path / "d" / "part-00001-of-00003.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    capsys.readouterr()
    assert main([str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "part-00001-of-00003.parquet" in shown
    assert "part-00000" not in shown
    assert shown.endswith(": 1 problem\n")


def test_a_wrong_path_is_an_error_and_no_finding(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        main([str(tmp_path / "none")])
