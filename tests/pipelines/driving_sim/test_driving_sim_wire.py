from __future__ import annotations

import driving_sim_files as made
import numpy as np
import pytest

from pipelines.driving_sim import wire


def test_messages_written_by_hand_are_read() -> None:
    found = wire.classes(
        "test.wire",
        {
            "Part": {"x": (1, "double"), "f": (5, "float"), "flag": (11, "bool")},
            "Whole": {"n": (2, "int64"), "parts": (3, "*Part"), "ids": (9, "*int64")},
        },
    )["Whole"]
    part = made.message((1, 2.5), (5, np.float32(0.5)), (11, True), (77, "passed over"))
    packed = made.varint(3) + made.varint(300) + made.varint(-1)
    read = found.FromString(made.message((2, -7), (3, part), (3, part), (9, packed), (9, 5)))
    assert read.n == -7
    assert [(p.x, p.f, p.flag) for p in read.parts] == [(2.5, 0.5, True)] * 2
    assert list(read.ids) == [3, 300, -1, 5]  # packed and not packed


def test_numbers_of_fields() -> None:
    data = made.message((1, "a"), (300, 5), (2, 1.0), (3, np.float32(1)))
    assert list(wire.numbers(data)) == [1, 300, 2, 3]
    assert list(wire.numbers(b"")) == []


@pytest.mark.parametrize("data", [b"\x0a\x05abc", b"\x08", b"\x0f", b"\x00\x00", b"\xff" * 12])
def test_what_is_no_message_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(wire.numbers(data))
