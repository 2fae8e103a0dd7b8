from __future__ import annotations

import pytest
import torch

from pipelines.webagent import net, writing
from pipelines.webagent.net import Size
from pipelines.webagent.tokenizer import END, PAD
from schemas.webagent.pretraining import Network

NET = Network(
    width=24, head=8, heads=3, mlp=40, encoder_layers=1, decoder_layers=2, radius=5, block=4,
    buckets=8, distance=16,
)  # fmt: skip
SIZE = Size(NET, 60)
WEIGHTS = net.init(SIZE, 1)
IDS = torch.randint(2, 60, (2, 40), generator=torch.Generator().manual_seed(1))
LENGTHS = torch.tensor([40, 23])


def test_a_token_at_a_time_gives_the_logits_of_all_at_once() -> None:
    target = torch.randint(2, 60, (2, 20), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        states = net.encode(WEIGHTS, SIZE, IDS, LENGTHS)
        whole = net.decode(WEIGHTS, SIZE, states, LENGTHS, target)
        reading = writing.begin(WEIGHTS, SIZE, states)
        for at in range(20):
            one = writing.step(WEIGHTS, SIZE, reading, LENGTHS, target[:, at])
            assert float((one - whole[:, at]).abs().max()) < 1e-5


def by_hand(row: int, most: int) -> tuple[list[int], float]:
    """The likeliest tokens, each from all before it."""
    ids, total = [PAD], 0.0
    one = slice(row, row + 1)
    states = net.encode(WEIGHTS, SIZE, IDS[one], LENGTHS[one])
    while len(ids) <= most:
        logits = net.decode(WEIGHTS, SIZE, states, LENGTHS[one], torch.tensor([ids]))[0, -1]
        ids.append(int(logits.argmax()))
        total += float(logits.log_softmax(-1).max())
    return ids[1:], total


def test_answers_are_the_likeliest_tokens() -> None:
    found = writing.write(WEIGHTS, SIZE, IDS, LENGTHS, 6, end=-1)
    for row, one in enumerate(found):
        ids, total = by_hand(row, 6)
        assert one.ids == ids
        assert one.logprob == pytest.approx(total, abs=1e-4)
        assert not one.ended


def test_what_may_follow_is_kept_to() -> None:
    seen: list[tuple[int, list[int]]] = []

    def allowed(row: int, so_far: list[int]) -> list[int]:
        seen.append((row, list(so_far)))
        if len(so_far) == 3:
            return [END]
        return [10 + row, 20 + row, 30 + row]

    found = writing.write(WEIGHTS, SIZE, IDS, LENGTHS, 9, allowed=allowed)
    for row, one in enumerate(found):
        assert len(one.ids) == 3
        assert set(one.ids) <= {10 + row, 20 + row, 30 + row}
        assert one.ended
        assert one.logprob < 0
    assert (1, found[1].ids) in seen


def test_a_row_that_may_write_nothing_ends_and_others_go_on() -> None:
    found = writing.write(WEIGHTS, SIZE, IDS, LENGTHS, 4, allowed=lambda row, _: [] if row else [7])
    assert [(one.ids, one.ended) for one in found] == [([7] * 4, False), ([], True)]
    assert found[0].logprob == 0


def test_a_batch_changes_no_answer() -> None:
    together = writing.write(WEIGHTS, SIZE, IDS, LENGTHS, 8)
    for row, n in enumerate(LENGTHS):
        one = slice(row, row + 1)
        alone = writing.write(WEIGHTS, SIZE, IDS[one, : int(n)], LENGTHS[one], 8)
        assert alone[0].ids == together[row].ids
