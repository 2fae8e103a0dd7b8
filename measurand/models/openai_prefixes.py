"""How prompts begin, in blocks, as engines keep the beginnings that they have computed.

vLLM keeps whole blocks of 16 tokens and finds them by a hash over the block and all before it
(https://docs.vllm.ai, "Automatic Prefix Caching"). Here a block is 64 characters of the prompt, so
that no tokenizer is needed; a template around the prompt shifts blocks and unites or parts nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

BLOCK = 64
"""Characters of a block; English has some four a token."""


@dataclass(frozen=True)
class Beginning:
    """How a prompt begins.

    Attributes:
        chain: a hash for each of its whole blocks, over the block and all before it.
        size: its length in blocks; the last one need not be whole.
        key: the beginning by which its server is chosen.
    """

    chain: tuple[bytes, ...]
    size: float
    key: bytes


def alone(prompt: str) -> Beginning:
    """How a prompt begins that shares nothing: it is its own key."""
    return _beginning(prompt, _chain(prompt), Counter())


def together(prompts: Sequence[str]) -> list[Beginning]:
    """How the prompts of a batch begin.

    The key of each is that of its beginnings by which most is saved where all that have it go to
    one server: its blocks, times the prompts that need not compute them. It is all of the prompt
    where no other begins like it.
    """
    chains = [_chain(prompt) for prompt in prompts]
    holders = Counter(link for chain in chains for link in chain)
    return [_beginning(p, chain, holders) for p, chain in zip(prompts, chains, strict=True)]


def _beginning(prompt: str, chain: tuple[bytes, ...], holders: Counter[bytes]) -> Beginning:
    saved = [n * (holders[link] - 1) for n, link in enumerate(chain, 1)]
    most = max(saved, default=0)
    # The longest of those that save the same.
    key = chain[len(saved) - 1 - saved[::-1].index(most)] if most > 0 else _hash(prompt)
    return Beginning(chain, len(prompt) / BLOCK, key)


def _chain(prompt: str) -> tuple[bytes, ...]:
    links, last = [], b""
    for at in range(0, len(prompt) - BLOCK + 1, BLOCK):
        last = _hash(prompt[at : at + BLOCK], last)
        links.append(last)
    return tuple(links)


def _hash(text: str, before: bytes = b"") -> bytes:
    return hashlib.blake2b(before + text.encode(errors="surrogatepass"), digest_size=8).digest()
