from __future__ import annotations

import struct
from pathlib import Path

import driving_sim_files as made
import pytest

from measurand.errors import InputError
from pipelines.driving_sim import tfrecord


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "a.tfrecord"
    path.write_bytes(data)
    return path


def test_the_checksum_is_that_of_rfc_3720() -> None:
    # Appendix B.4: 32 bytes of zeros, of ones, rising, falling.
    for data, crc in (
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ):
        assert made.crc32c(data) == crc
        assert tfrecord.masked(data) == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def test_records_come_in_their_order_and_are_found_again(tmp_path: Path) -> None:
    parts = [b"one", b"", b"three" * 100]
    path = written(tmp_path, b"".join(map(made.record, parts)))
    found = list(tfrecord.records(path))
    assert [r.data for r in found] == parts
    assert [tfrecord.record_at(path, r.offset) for r in found] == parts
    assert list(tfrecord.records(written(tmp_path, b""))) == []


def test_every_flipped_bit_is_seen_and_harms_no_other_record(tmp_path: Path) -> None:
    whole = made.record(b"first") + made.record(b"second") + made.record(b"third")
    begin, end = len(made.record(b"first")), len(made.record(b"first") + made.record(b"second"))
    for bit in range(8 * begin, 8 * end):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        found = list(tfrecord.records(written(tmp_path, bytes(data))))
        assert found[0].data == b"first"
        assert found[1].data is None
        assert found[1].reason == "crc"
        in_length = bit // 8 - begin < 12
        assert [r.data for r in found[2:]] == ([] if in_length else [b"third"])


def test_a_file_that_ends_early_keeps_what_lies_before(tmp_path: Path) -> None:
    first, second = made.record(b"first"), made.record(b"second")
    for cut in range(1, len(second)):
        found = list(tfrecord.records(written(tmp_path, first + second[:-cut])))
        assert [r.data for r in found] == [b"first", None]
        assert found[1].reason == "truncated"


def test_a_length_beyond_belief_is_not_read(tmp_path: Path) -> None:
    head = struct.pack("<Q", 1 << 62)
    data = head + struct.pack("<I", tfrecord.masked(head)) + b"x"
    assert [r.reason for r in tfrecord.records(written(tmp_path, data))] == ["too_large"]


def test_a_compressed_or_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="compressed"):
        list(tfrecord.records(written(tmp_path, b"\x1f\x8b" + bytes(30))))
    with pytest.raises(InputError, match="No such file"):
        list(tfrecord.records(tmp_path / "none"))
