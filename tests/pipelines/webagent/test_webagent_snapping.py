from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pipelines.webagent import corruption, snapping, tokenizer
from pipelines.webagent.corruption import Runs
from pipelines.webagent.html import parse

PAGE = parse(
    "<ul>" + "".join(f"<li><b>Name {i}</b> costs <i>{i * 7} euro</i><br></li>" for i in range(30))
)
HTML = PAGE.html()
JSON = tokenizer.train([HTML], 800, 100)
CODED = tokenizer.encode(tokenizer.load(JSON), HTML)
N = len(CODED.ids)


def text(first: int, last: int) -> str:
    return tokenizer.decode(tokenizer.load(JSON), CODED.ids[first:last])


def spans(runs: Runs) -> list[tuple[int, int]]:
    stops = np.cumsum(runs.masked + runs.kept[:-1])
    return list(zip((stops - runs.masked).tolist(), stops.tolist(), strict=True))


def test_edges_are_where_tags_and_texts_begin() -> None:
    at = snapping.edges(HTML, CODED.starts)
    assert at[0] == 0
    assert at[-1] == N
    pieces = [text(a, b) for a, b in pairwise(at.tolist())]
    assert pieces == list(PAGE.pieces)


def test_elements_are_those_of_the_page() -> None:
    found = snapping.elements(HTML, CODED.starts)
    assert sorted(text(*one) for one in found) == sorted(
        PAGE.html(one.first, one.last) for one in PAGE.elements
    )


@pytest.mark.parametrize("mu", [3, 8, 64])
def test_spans_end_at_edges_or_stay(mu: int) -> None:
    at = snapping.edges(HTML, CODED.starts)
    moved_to = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        drawn = corruption.draw(N, 0.15, mu, 99, rng)
        moved = snapping.to_tags(drawn, at)
        assert moved.masked.sum() + moved.kept.sum() == N
        assert moved.masked.min() > 0
        assert len(moved.kept) < 3 or moved.kept[1:-1].min() > 0
        ends = {place for span in spans(drawn) for place in span} | set(at.tolist())
        assert {place for span in spans(moved) for place in span} <= ends
        made = corruption.apply(CODED.ids, moved)
        again = corruption.restore(made.input_ids, made.target_ids, 100)
        assert np.array_equal(again, CODED.ids)
        moved_to += [place in at for span in spans(moved) for place in span]
    assert np.mean(moved_to) > (0.95 if mu > 3 else 0.6)


def test_moving_by_hand() -> None:
    at = np.array([0, 4, 10, 20])
    #       5..9 -> 4..10, 11..12 stays and meets nothing, 18..19 -> would vanish, stays
    drawn = Runs(np.array([4, 1, 1]), np.array([5, 2, 6, 1]), False)
    assert spans(drawn) == [(5, 9), (11, 12), (18, 19)]
    assert spans(snapping.to_tags(drawn, at)) == [(4, 10), (11, 12), (18, 19)]
    together = Runs(np.array([4, 1]), np.array([5, 1, 9]), False)
    assert spans(snapping.to_tags(together, at)) == [(4, 11)]
    everything = Runs(np.array([19]), np.array([1, 0]), False)
    assert snapping.to_tags(everything, at) is everything


@pytest.mark.parametrize("mu", [8, 64])
def test_whole_elements_are_masked_within_the_room(mu: int) -> None:
    found = snapping.elements(HTML, CODED.starts)
    masked = []
    for seed in range(40):
        made = snapping.whole(found, N, 0.15, mu, 99, np.random.default_rng(seed))
        assert made is not None
        assert set(spans(made)) <= set(found)
        assert made.masked.sum() <= round(0.15 * N)
        assert made.masked.max() <= 2 * mu
        assert len(made.kept) < 3 or made.kept[1:-1].min() > 0
        assert made.masked.sum() + made.kept.sum() == N
        masked.append(made.masked.sum() / N)
    assert np.mean(masked) > 0.12
    assert len({spans(snapping.whole(found, N, 0.15, mu, 99, np.random.default_rng(s)))[0]  # type: ignore[arg-type]
                for s in range(9)}) > 3  # fmt: skip


def test_no_element_that_fits_gives_no_mask() -> None:
    rng = np.random.default_rng(0)
    assert snapping.whole([], 50, 0.15, 8, 99, rng) is None
    assert snapping.whole([(0, 50)], 50, 0.15, 8, 99, rng) is None
