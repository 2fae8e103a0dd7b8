"""Keys and values of earlier tokens, in memory that has room for the tokens to come.

transformers' own cache copies everything it holds at every step; here a step writes its own tokens
and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from measurand.models.tokens import Node


def is_plain(config: Any) -> bool:
    """Whether every layer keeps all keys and values; windows and recurrent states cannot be cut."""
    from transformers.cache_utils import DynamicCache, DynamicLayer

    layers = DynamicCache(config=config).layers
    return bool(layers) and all(type(layer) is DynamicLayer for layer in layers)


def bytes_per_token(model: Any) -> int:
    """Memory that one token takes in all layers."""
    config = model.config.get_text_config(decoder=True)
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(2 * config.num_hidden_layers * heads * width * model.dtype.itemsize)


def empty(config: Any, room: int) -> Any:
    """A cache that holds nothing yet; one with windows is transformers' own and grows by itself."""
    from transformers.cache_utils import Cache, DynamicCache

    plain = DynamicCache(config=config)
    if not is_plain(config):
        return plain
    return Cache(layers=[_layer_class()(room) for _ in plain.layers])


def joined(parents: Sequence[Node | None], kept: Mapping[Node, Any], length: int, room: int) -> Any:
    """A cache of the shared runs before each row, padded on the right to ``length``.

    Args:
        parents: per row, the last shared run before it; at least one is not None.
        kept: per run its (keys, values), each (layers, heads, tokens, width).
        length: tokens of the longest past.
        room: tokens that can be added.
    """
    from transformers.cache_utils import Cache

    sides = []
    for side in (0, 1):
        some = next(kept[node][side] for node in parents if node is not None)
        layers, heads, _, width = some.shape
        whole = some.new_empty(layers, len(parents), heads, length + room, width)
        for at, leaf in enumerate(parents):
            # What the mask hides must still be a number: zero times NaN is NaN.
            whole[:, at, :, 0 if leaf is None else leaf.stop : length] = 0
            node = leaf
            while node is not None:
                whole[:, at, :, node.start : node.stop] = kept[node][side]
                node = node.parent
        sides.append(whole)
    made = []
    for keys, values in zip(*sides, strict=True):
        layer = _layer_class()(length + room)
        layer.hold(keys, values, length)
        made.append(layer)
    return Cache(layers=made)


@cache
def _layer_class() -> Any:
    """The cache's layer; its base comes with transformers, which is loaded only when needed."""
    from transformers.cache_utils import DynamicLayer

    class RoomyLayer(DynamicLayer):  # type: ignore[misc]
        """Keys and values of one layer in buffers of fixed length, filled from the left."""

        def __init__(self, room: int) -> None:
            super().__init__()
            self.room, self.length = room, 0

        def hold(self, keys: Any, values: Any, length: int) -> None:
            self.keys, self.values, self.length = keys, values, length
            self.dtype, self.device, self.is_initialized = keys.dtype, keys.device, True

        def lazy_initialization(self, key_states: Any, value_states: Any) -> None:
            buffers = [
                x.new_empty(*x.shape[:-2], self.room, x.shape[-1])
                for x in (key_states, value_states)
            ]
            self.hold(buffers[0], buffers[1], 0)

        def update(
            self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any
        ) -> tuple[Any, Any]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            start, self.length = self.length, self.length + key_states.shape[-2]
            self.keys[:, :, start : self.length] = key_states
            self.values[:, :, start : self.length] = value_states
            return self.keys[:, :, : self.length], self.values[:, :, : self.length]

        def get_seq_length(self) -> int:
            return self.length

    return RoomyLayer
