from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import ParamsError
from pipelines.many_shot.tasks import parity, wanted
from schemas.many_shot.params import Task


def task(bits: int, train: int, test: int) -> Task:
    source = {"kind": "parity", "bits": bits}
    curves = [{"shots": [0], "seeds": 1}]
    sizes = {"train": train, "dev": 0, "test": test}
    return Task.model_validate({"id": "parity", "source": source, **sizes, "curves": curves})


@given(st.lists(st.integers(0, 1), min_size=1, max_size=64))
def test_every_word_counts_the_ones_so_far(bits: list[int]) -> None:
    words = parity.answer(" ".join(map(str, bits))).split()
    assert words == [["Even", "Odd"][sum(bits[: i + 1]) % 2] for i in range(len(bits))]


@pytest.mark.parametrize("bits", [10, 20, 21, 63, 64])
def test_inputs_are_distinct_and_as_long_as_asked(bits: int) -> None:
    sized = task(bits, 300, 100)
    drawn = parity.draw(sized, 0, Path())
    texts = [e.input for e in drawn.examples]
    assert len(set(texts)) == len(texts) == wanted(sized)
    assert all(len(text.split()) == bits and set(text.split()) <= {"0", "1"} for text in texts)
    ones = sum(text.count("1") for text in texts) / (bits * len(texts))
    assert ones == pytest.approx(0.5, abs=0.05)
    assert parity.draw(sized, 0, Path()) == drawn
    assert parity.draw(sized, 1, Path()).examples != drawn.examples


def test_a_task_may_use_every_string() -> None:
    drawn = parity.draw(task(4, 10, 6), 0, Path())
    assert sorted(e.key for e in drawn.examples) == [f"{i:04b}" for i in range(16)]
    with pytest.raises(ParamsError, match="17 examples of 4 bits, there are 16"):
        parity.draw(task(4, 10, 7), 0, Path())


@pytest.mark.integration
def test_most_strings_of_17_bits_can_be_had() -> None:
    sized = task(17, 130_000, 1_000)
    assert len({e.input for e in parity.draw(sized, 0, Path()).examples}) >= 131_000
