from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import Gemma2Config, LlamaConfig
from transformers.cache_utils import DynamicCache

from measurand.models import kv
from measurand.models.tokens import Node

SMALL = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
LLAMA = LlamaConfig(hidden_size=32, **SMALL)
HEADS, WIDTH = 2, 8


def states(n: int, rows: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.rand(rows, HEADS, n, WIDTH), torch.rand(rows, HEADS, n, WIDTH)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(0, 3))
def test_it_holds_what_the_librarys_own_cache_holds(steps: list[int], spare: int) -> None:
    ours, theirs = kv.empty(LLAMA, sum(steps) + spare), DynamicCache(config=LLAMA)
    for n in steps:
        for layer in range(2):
            keys, values = states(n)
            mine, own = ours.update(keys, values, layer), theirs.update(keys, values, layer)
            assert all(torch.equal(a, b) for a, b in zip(mine, own, strict=True))
        assert ours.get_seq_length() == theirs.get_seq_length()
        assert ours.get_mask_sizes(1, 0) == theirs.get_mask_sizes(1, 0)
    for cache in (ours, theirs):
        cache.batch_select_indices(torch.tensor([2, 0]))
    keys, values = ours.layers[1].keys, ours.layers[1].values
    assert torch.equal(keys[:, :, : sum(steps)], theirs.layers[1].keys)
    assert torch.equal(values[:, :, : sum(steps)], theirs.layers[1].values)


def test_runs_are_joined_in_the_order_of_the_tree() -> None:
    root = Node(0, 3, 0)
    child = Node(3, 5, 0, root)
    kept = {
        node: (torch.rand(2, HEADS, node.stop - node.start, WIDTH),) * 2 for node in (root, child)
    }
    cache = kv.joined([child, None, root], kept, 5, 4)
    assert cache.get_seq_length() == 5
    for at, layer in enumerate(cache.layers):
        assert layer.keys.shape == (3, HEADS, 9, WIDTH)
        first = torch.cat([kept[root][0][at], kept[child][0][at]], 1)
        assert torch.equal(layer.keys[0, :, :5], first)
        assert not layer.keys[1, :, :5].any()
        assert torch.equal(layer.keys[2, :, :3], kept[root][0][at])
        assert not layer.keys[2, :, 3:5].any()
        keys, values = states(4)
        assert torch.equal(layer.update(keys, values)[0][:, :, 5:], keys)


def test_windows_are_not_plain() -> None:
    windows = Gemma2Config(hidden_size=32, head_dim=8, sliding_window=8, **SMALL)
    assert kv.is_plain(LLAMA)
    assert not kv.is_plain(windows)
    assert type(kv.empty(windows, 9)) is DynamicCache


def test_memory_of_a_token() -> None:
    with torch.device("meta"):
        from transformers import LlamaForCausalLM

        model = LlamaForCausalLM(LLAMA)
    # Keys and values, 2 layers, 2 heads of width 8, 4 bytes each.
    assert kv.bytes_per_token(model) == 2 * 2 * 2 * 8 * 4
