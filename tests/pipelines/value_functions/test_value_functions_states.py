from __future__ import annotations

import numpy as np
import pytest

from pipelines.value_functions.states import arrays, packer, unpacked
from schemas.value_functions.params import Chain, Control, Source

CHAIN = Chain(kind="chain", id="c")
ARM = Control(kind="control", id="a", task="arm", episodes=3)


@pytest.mark.parametrize(("source", "dtype"), [(CHAIN, np.uint8), (ARM, np.float32)])
def test_states_come_back(source: Source, dtype: type) -> None:
    rng = np.random.default_rng(1)
    states = (rng.random((6, 11)) if dtype is np.float32 else rng.random((6, 11)) > 0.5).astype(
        dtype
    )
    packed = [packer(source)(one) for one in states]
    found, after = arrays(source, packed, packed[::-1], np.array(["e"] * 6), np.arange(6), 11)
    np.testing.assert_array_equal(found, states)
    np.testing.assert_array_equal(after, states[::-1])
    assert found.dtype == dtype


def test_bits() -> None:
    assert unpacked([b"\xa0", b"\x40"], 3).tolist() == [[1, 0, 1], [0, 1, 0]]
