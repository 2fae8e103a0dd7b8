from __future__ import annotations

import pytest
from webagent_planners import NETWORK

from measurand import runs
from pipelines.webagent import weighing
from schemas.webagent.pretraining import Network
from schemas.webagent.pretraining_tables import LENGTHS


@pytest.mark.integration
def test_memory_of_the_band_grows_with_the_length_and_dense_with_its_square() -> None:
    """Some seconds, most of them the start of a process."""
    found = weighing.rows(Network.model_validate(NETWORK), (1024, 4096))
    LENGTHS.validate(runs.table(LENGTHS, found))
    mib = {(row["attention"], row["tokens"]): row["mib"] for row in found}
    assert mib["dense", 4096] > 10 * mib["dense", 1024]
    # A mask of tokens by tokens would be 256 MiB alone, for four heads in float32.
    assert mib["dense", 4096] > 256
    for kind in ("local", "local_global"):
        assert mib[kind, 4096] < 6 * max(mib[kind, 1024], 4.0)
        assert mib[kind, 4096] < mib["dense", 4096] / 8
    assert all(row["seconds"] > 0 for row in found)


def test_dense_attention_is_left_out_where_it_would_fill_the_machine() -> None:
    assert weighing.asked("dense", weighing.LENGTHS) == [1024, 4096]
    assert weighing.asked("local_global", weighing.LENGTHS) == [1024, 4096, 16_384]
