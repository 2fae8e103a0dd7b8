"""Records of TFRecord files, without TensorFlow.

A record is its length (64 bits, little-endian), the masked checksum of these eight bytes, as many
bytes, and their masked checksum. The checksum is CRC-32C (RFC 3720, appendix B.4), turned right by
15 bits and raised by a constant, so that checksums of data that hold checksums stay good.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from measurand.errors import InputError

_MASK = 0xA282EAD8
_HEAD, _FOOT = 12, 4
LARGEST = 1 << 30
"""Bytes of a record beyond which its length is taken for damage."""


class Record(NamedTuple):
    """One record.

    Attributes:
        number: of the record in its file, from 0.
        offset: byte at which it begins.
        data: what it holds; None where it cannot be read.
        reason: a stable word for what is wrong with it, or "".
        detail: the same in a sentence.
    """

    number: int
    offset: int
    data: bytes | None
    reason: str = ""
    detail: str = ""


def masked(data: bytes) -> int:
    """The masked checksum of some bytes."""
    import google_crc32c

    crc = int(google_crc32c.value(data))
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


def records(path: Path) -> Iterator[Record]:
    """All records of a file in their order, damaged ones with a reason.

    A record with a wrong checksum is told and passed over. Where a length cannot be believed, or
    the file ends too early, nothing behind it can be found: this is the last one then.

    Raises:
        InputError: the file cannot be read, or is compressed.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            number = offset = 0
            while offset < size:
                found = _next(file.read(_HEAD), number, offset, size, path)
                if isinstance(found, Record):
                    yield found
                    return
                data, foot = file.read(found), file.read(_FOOT)
                if masked(data) == struct.unpack("<I", foot)[0]:
                    yield Record(number, offset, data)
                else:
                    yield Record(number, offset, None, "crc", "the checksum of its bytes is wrong")
                offset += _HEAD + found + _FOOT
                number += 1
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}", hint="give a file that can be read"
        ) from error


def _next(head: bytes, number: int, offset: int, size: int, path: Path) -> int | Record:
    """The length of the next record, or the record that says why there is none."""
    if offset == 0 and head[:2] == b"\x1f\x8b":
        raise InputError(f"{path} is compressed", hint="unpack it with gunzip first")
    if len(head) < _HEAD:
        return Record(number, offset, None, "truncated", "the file ends within its length")
    length, crc = struct.unpack("<QI", head)
    if masked(head[:8]) != crc:
        return Record(number, offset, None, "crc", "the checksum of its length is wrong")
    if length > LARGEST:
        return Record(number, offset, None, "too_large", f"{length} bytes")
    if offset + _HEAD + length + _FOOT > size:
        return Record(number, offset, None, "truncated", "the file ends within the record")
    return int(length)


def record_at(path: Path, offset: int) -> bytes:
    """The bytes of the record that begins at an offset that :func:`records` gave."""
    with path.open("rb") as file:
        file.seek(offset)
        length, _ = struct.unpack("<QI", file.read(_HEAD))
        return file.read(length)
