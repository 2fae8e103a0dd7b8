from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.guided_evolution.encoders import KINDS, Convolution, encoder
from pipelines.guided_evolution.features import arrays
from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.programs import Grammar


def _scores(network: torch.nn.Module, nodes: np.ndarray, edges: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return network(torch.from_numpy(nodes), torch.from_numpy(edges)).numpy()


def _made(kind: str, formulas: Grammar, seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return encoder(kind, len(formulas.ops), 30, 16, 2)


def _inputs(formulas: Grammar, n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    some = [random_program(formulas, rng) for _ in range(n)]
    return arrays(some, len(formulas.ops), 30, 30)


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "mlp"])
def test_names_of_nodes_do_not_matter(kind: str, formulas: Grammar) -> None:
    network = _made(kind, formulas)
    nodes, edges = _inputs(formulas)
    order = np.random.default_rng(1).permutation(30)
    one = _scores(network, nodes, edges)
    turned = np.ascontiguousarray(edges[:, order][:, :, order])
    other = _scores(network, nodes[:, order], turned)
    assert np.abs(one - other).max() < 1e-5
    assert one.std() > 1e-3


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "mlp"])
def test_padding_does_not_matter(kind: str, formulas: Grammar) -> None:
    network = _made(kind, formulas)
    nodes, edges = _inputs(formulas)
    n = int((nodes[:, :, : len(formulas.ops)].sum(2) > 0).sum(1).max())
    one = _scores(network, nodes, edges)
    cut = _scores(network, nodes[:, :n], edges[:, :n, :n])
    assert n < 30
    assert np.abs(one - cut).max() < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_node_reads_matters(kind: str, formulas: Grammar) -> None:
    network = _made(kind, formulas)
    nodes, edges = _inputs(formulas)
    turned = np.ascontiguousarray(edges.transpose(0, 2, 1, 3))
    one = _scores(network, nodes, edges)
    other = _scores(network, nodes, turned)
    moved = np.abs(one - other).max()
    # A convolution of Kipf & Welling has no directions; the others have.
    assert moved < 1e-6 if kind == "gcn" else moved > 1e-4


def test_the_convolution_is_that_of_the_paper() -> None:
    torch.manual_seed(0)
    layer, h = Convolution(8), torch.randn(1, 4, 8)
    reads = torch.tensor([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]]).float()
    both = reads + reads.T + torch.eye(4)
    root = torch.diag(both.sum(1) ** -0.5)
    wanted = torch.relu(root @ both @ root @ layer.weights(h[0]))
    kinds = [torch.eye(4), reads, reads.T, torch.zeros(4, 4)]
    found = layer(h, torch.stack(kinds, 2)[None])
    assert torch.allclose(found[0], wanted, atol=1e-6)
