"""Servers that count what they compute as vLLM does, and prompts that share beginnings.

vLLM keeps whole blocks of 16 tokens, found by a hash over the block and all before it; the last
token of a prompt is computed in any case. A token is a word with the blank before it, or a sign.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import toy_server
from toy_server import ToyServer

BLOCK = 16
QUICK = "template=none&retries=2&backoff=0.01&timeout=5"


@dataclass
class PrefixCache:
    """The blocks of one engine."""

    kept: set[int] = field(default_factory=set)
    computed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, prompt: str) -> None:
        tokens = re.findall(r" ?\w+|\W", prompt)
        chain, last = [], 0
        for at in range(0, len(tokens) - BLOCK + 1, BLOCK):
            last = hash((last, *tokens[at : at + BLOCK]))
            chain.append(last)
        with self.lock:
            most = (len(tokens) - 1) // BLOCK
            hits = next((n for n, b in enumerate(chain) if b not in self.kept), len(chain))
            self.computed += len(tokens) - BLOCK * min(hits, most)
            self.kept.update(chain)


def count(toy: ToyServer, caches: Sequence[PrefixCache]) -> None:
    """Have prompts computed by the engines behind one address, in turn."""
    turns = cycle(caches)

    def seen(path: str, body: dict[str, Any], n: int) -> None:
        with toy.lock:
            cache = next(turns)
        cache.take(body["prompt"])

    toy.fault = seen


@contextmanager
def servers(n: int) -> Iterator[list[ToyServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(toy_server.running()) for _ in range(n)]


def spec_of(toys: Sequence[ToyServer], options: str = "") -> str:
    urls = ",".join(toy.url for toy in toys)
    return f"openai:{urls}#{toy_server.MODEL}?{QUICK}{options}"


def many_shot(
    sets: int = 6, shots: Sequence[int] = (0, 2, 8, 64), questions: int = 32
) -> Iterator[list[str]]:
    """Batches of one shot set each; the shots of a set are nested, as those of the system are."""
    start = "Say what the capital of the country is. Answer with one word and nothing else.\n\n"
    for number in range(sets):
        lines = [f"Country: Land{number}x{i}\nCapital: City{i * 7}\n\n" for i in range(max(shots))]
        for k in shots:
            asked = (f"Country: Place{i}\nCapital:" for i in range(questions))
            yield [start + "".join(lines[:k]) + line for line in asked]


def profiles(people: int = 24, items: int = 40) -> Iterator[list[str]]:
    """Batches of one person each: a template, a biography, many short items."""
    start = "For the following task, respond in a way that matches this description: "
    for number in range(people):
        told = " ".join(f"I have thing {number * 31 + i} at home." for i in range(6))
        yield [
            f"{start}{told} Rate how well the statement describes you: I am kind of item {i}."
            for i in range(items)
        ]
