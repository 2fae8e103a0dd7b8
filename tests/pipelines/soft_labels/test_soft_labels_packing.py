from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from pipelines.soft_labels.packing import Encoded, pack

TOKENS = st.lists(st.integers(1, 50), min_size=1, max_size=9).map(tuple)
TEXTS = st.lists(
    st.tuples(st.sampled_from([(7,), (7, 8), (9, 9, 9)]), TOKENS).map(
        lambda parts: Encoded((*parts[0], *parts[1]), len(parts[0]))
    ),
    min_size=1,
    max_size=12,
)


@given(TEXTS, st.integers(4, 40))
def test_every_text_is_found_again(texts: list[Encoded], width: int) -> None:
    packed = pack(texts, width)
    for text, place in zip(texts, packed.places, strict=True):
        at = place.indices(text)
        assert packed.tokens[place.row, at].tolist() == list(text.tokens)
        assert packed.positions[place.row, at].tolist() == list(range(len(text.tokens)))


@given(TEXTS, st.integers(4, 40))
def test_a_token_sees_its_own_text_up_to_itself_and_nothing_else(
    texts: list[Encoded], width: int
) -> None:
    packed = pack(texts, width)
    for text, place in zip(texts, packed.places, strict=True):
        at = place.indices(text)
        for rank, index in enumerate(at):
            seen = packed.mask[place.row, 0, index].nonzero().flatten().tolist()
            assert seen == at[: rank + 1]


@given(TEXTS, st.integers(4, 40))
def test_rows_are_as_wide_as_asked_where_texts_allow(texts: list[Encoded], width: int) -> None:
    packed = pack(texts, width)
    assert packed.tokens.shape[1] <= max(width, max(len(text.tokens) for text in texts))
    assert packed.mask.any(-1).all()


def test_a_shared_prompt_stands_once() -> None:
    texts = [Encoded((1, 2, 3, 4), 3), Encoded((1, 2, 3, 5, 6), 3), Encoded((1, 2, 7), 2)]
    packed = pack(texts, 100)
    assert packed.tokens.tolist() == [[1, 2, 3, 4, 5, 6, 1, 2, 7]]
    assert packed.positions.tolist() == [[0, 1, 2, 3, 3, 4, 0, 1, 2]]
    assert torch.equal(packed.mask[0, 0, 4], torch.tensor([1, 1, 1, 0, 1, 0, 0, 0, 0]).bool())


def test_a_text_goes_into_the_first_row_with_room() -> None:
    texts = [Encoded((1, *range(n)), 1) for n in (5, 8, 2)]
    packed = pack(texts, 9)
    assert [place.row for place in packed.places] == [0, 1, 0]
