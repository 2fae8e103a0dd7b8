from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import maximum_filter
from scipy.signal import correlate2d

from pipelines.guided_evolution.cell_nets import CHANNELS, Cell, accuracies, splits
from pipelines.guided_evolution.cells import space
from pipelines.guided_evolution.programs import Program

CELLS = space(5)


def _named(text: str) -> Program:
    return next(p for p in CELLS.programs if CELLS.text(p) == text)


def _numbers(step: torch.nn.Module, maps: np.ndarray) -> np.ndarray:
    """A convolution, its normalisation as first made (mean 0, variance 1), and the rectifier."""
    weights = step[0].weight.detach().numpy().astype(float)  # type: ignore[index]
    made = [
        sum(correlate2d(m, w, "same") for m, w in zip(maps, many, strict=True)) for many in weights
    ]
    return np.maximum(np.array(made) / np.sqrt(1 + 1e-5), 0)


def test_a_network_computes_what_its_graph_says() -> None:
    """Three branches worked out with scipy: every operation, and a map that two nodes read."""
    torch.manual_seed(0)
    program = _named("add(conv3(stem), pool3(conv3(stem)))")
    network = Cell(program, CELLS.names).eval()
    names = [CELLS.names[op] for op in program.ops]
    picture = np.random.default_rng(0).random((1, 8, 8))
    stem, conv3 = (network.steps[str(names.index(name))] for name in ("stem", "conv3"))
    inner = _numbers(conv3, _numbers(stem, picture))
    pooled = np.array([maximum_filter(m, 3, mode="constant", cval=-np.inf) for m in inner])
    mean = (pooled + inner).mean((1, 2))
    head = network.head
    wanted = head.weight.detach().numpy() @ mean + head.bias.detach().numpy()
    found = network(torch.from_numpy(picture[None]).float()).detach().numpy()[0]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "sides"),
    [("stem", [9]), ("conv1(stem)", [9, 8]), ("conv3(pool3(stem))", [9, 72])],
)
def test_weights_belong_to_nodes(text: str, sides: list[int]) -> None:
    """Of each convolution a channel's numbers, its scale and its shift; ten sums at the end."""
    network = Cell(_named(text), CELLS.names)
    wanted = sum((side + 2) * CHANNELS for side in sides) + CHANNELS * 10 + 10
    assert sum(w.numel() for w in network.parameters()) == wanted


def test_pictures_are_split_once_and_whole() -> None:
    parts = splits()
    assert [len(part.y) for part in parts] == [900, 450, 447]
    assert parts is splits()
    rows = torch.cat([part.x.flatten(1) for part in parts])
    assert rows.shape == (1797, 64)
    assert (rows.min(), rows.max()) == (0, 1)
    counts = torch.bincount(torch.cat([part.y for part in parts]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_training_teaches_and_repeats_itself() -> None:
    program = _named("conv3(conv3(stem))")
    before = torch.random.get_rng_state()
    found = accuracies(program, CELLS.names, 4, 1, 0)
    assert all(0.5 < x <= 1 for x in found)
    assert accuracies(program, CELLS.names, 4, 1, 0) == found
    assert accuracies(program, CELLS.names, 4, 1, 1) != found
    assert torch.equal(torch.random.get_rng_state(), before)


def test_accuracies_are_means_of_trainings() -> None:
    program = _named("conv1(stem)")
    one, two = (accuracies(program, CELLS.names, 1, n, 0) for n in (1, 2))
    # Shares of 450 and 447 pictures: the second training has whole pictures too.
    for a, both, n in zip(one, two, (450, 447), strict=True):
        second = (2 * both - a) * n
        assert second == pytest.approx(round(second), abs=1e-6)
        assert 0 <= second <= n
