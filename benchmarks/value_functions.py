"""Losses, training steps, chess annotation and games beside what does the same, in one run.

Ratios: HL-Gauss forward and backward against ``hl-gauss-pytorch``; a training step under HL-Gauss
against one under squared error; moves annotated against as many calls of ``chess.engine``, and in
two processes against one, which takes two cores that nothing else uses; steps of recorded MinAtar
episodes against the bare loop of the environment.

    python benchmarks/value_functions.py [REPEATS [PART ...]]

Parts: losses, steps, annotation, processes, episodes; all where none is named.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import torch

from pipelines.value_functions import boards, networks, players, worlds
from pipelines.value_functions.engine import Engine, locate
from pipelines.value_functions.losses import Head
from pipelines.value_functions.net import Net
from pipelines.value_functions.supports import Support
from schemas.value_functions.params import Loss, MinAtar

ROWS, BINS, NODES = 65_536, 51, 50
LOSSES: tuple[Loss, ...] = ("hl_gauss", "mse")
SUPPORT = Support(-10, 10, BINS)


def best(work: Callable[[], Any], repeats: int) -> float:
    """Seconds of processor time of the fastest of several runs."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def turn_about(one: Callable[[], Any], other: Callable[[], Any], repeats: int) -> list[float]:
    """:func:`best` of two works that take turns: what else runs then slows both."""
    pairs = [(best(one, 1), best(other, 1)) for _ in range(repeats)]
    return [min(pair[side] for pair in pairs) for side in (0, 1)]


def losses(repeats: int) -> None:
    from hl_gauss_pytorch import HLGaussLoss

    theirs = HLGaussLoss(-10.0, 10.0, BINS, sigma_to_bin_ratio=0.75, clamp_to_range=True)
    own = Head("hl_gauss", SUPPORT, 0.0, 1.0)
    gen = torch.Generator().manual_seed(1)
    y = torch.rand(ROWS, generator=gen) * 16 - 8
    logits = torch.randn(ROWS, BINS, generator=gen, requires_grad=True)

    def ours() -> None:
        own.losses(logits, y).mean().backward()

    def other() -> None:
        theirs(logits, y).backward()

    a, b = turn_about(ours, other, 10 * repeats)
    print(f"HL-Gauss loss, {ROWS} x {BINS}: {a:.3f} s, hl-gauss-pytorch {b:.3f} s: {b / a:.2f}x")


def steps(repeats: int) -> None:
    x = (torch.rand(3, 256, 768, generator=torch.Generator().manual_seed(1)) > 0.95).float()
    y = torch.randn(3, 256, generator=torch.Generator().manual_seed(2))

    def stepping(head: Head) -> Callable[[], None]:
        net = Net(768, 256, head.outputs)
        weights = networks.beginning(net, 3, "benchmark")
        adam = torch.optim.AdamW(weights.values(), lr=1e-4, fused=True)

        def some() -> None:
            for _ in range(10):
                head.losses(networks.outputs(net, weights, x), y).mean(-1).sum().backward()
                adam.step()
                adam.zero_grad()

        return some

    ours, plain = (stepping(Head(loss, SUPPORT, 0.0, 1.0)) for loss in LOSSES)
    a, b = turn_about(ours, plain, 5 * repeats)
    print(f"training step, 768-256-256, 3 seeds: HL-Gauss {a / b:.2f}x the time of squared error")


def annotated(fens: list[str]) -> int:
    """Annotate positions, in a process of its own."""
    own = Engine(locate())
    found = sum(len(boards.annotate(fen, NODES, own)) for fen in fens)
    own.close()
    return found


def wall(work: Callable[[], Any]) -> float:
    """Seconds that a work takes; an engine works in a process of its own."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def positions() -> list[str]:
    """A few positions of games, as FEN."""
    import chess

    def first(fen: str) -> str:
        return min(move.uci() for move in chess.Board(fen).legal_moves)

    return [fen for at in range(4) for _, fen in boards.game(("b", at), 2, 0.0, first)]


def annotation(repeats: int) -> None:
    import chess
    import chess.engine

    fens = positions()
    moves = sum(chess.Board(fen).legal_moves.count() for fen in fens)
    own = Engine(locate())
    other = chess.engine.SimpleEngine.popen_uci(str(locate()))
    other.configure({"Threads": 1, "Hash": 1})

    def plain() -> None:
        for fen in fens:
            board = chess.Board(fen)
            for move in board.legal_moves:
                board.push(move)
                other.analyse(board, chess.engine.Limit(nodes=NODES), game=fen)
                board.pop()

    # Both ways turn about.
    pairs = [(wall(lambda: [list(boards.annotate(f, NODES, own)) for f in fens]), wall(plain))
             for _ in range(repeats)]  # fmt: skip
    a, b = (min(pair[side] for pair in pairs) for side in (0, 1))
    own.close()
    other.quit()
    print(f"annotation, {moves} moves at {NODES} nodes: {moves / a:.0f}/s, chess.engine "
          f"{moves / b:.0f}/s: {b / a:.2f}x")  # fmt: skip


def processes(repeats: int) -> None:
    fens = positions() * 4
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(annotated, [fens[:1]] * 2))  # both have started
        one, two = (
            min(wall(lambda n=n: list(pool.map(annotated, [fens] * n))) for _ in range(repeats))
            for n in (1, 2)
        )
    cores = len(os.sched_getaffinity(0))
    print(f"annotation in two processes: {2 * one / two:.2f}x the rate of one ({cores} cores)")


def episodes(repeats: int) -> None:
    source = MinAtar(kind="minatar", id="g", game="breakout", episodes=3)
    actions = worlds.actions_of(source, 1)
    count = [0, 0]

    def at_random(rng: np.random.Generator) -> Callable[[Any], int]:
        return lambda _: int(rng.integers(len(actions)))

    def recorded() -> None:
        count[0] = 0
        for at in range(60):
            rng = np.random.default_rng(at)
            world = worlds.Arcade(source, "b", at)
            count[0] += len(players.episode(world, at_random(rng), 500, 0.9))

    def bare() -> None:
        count[1] = 0
        for at in range(60):
            rng, ended, n = np.random.default_rng(at), False, 0
            world = worlds.Arcade(source, "b", at)
            while not ended and n < 500:
                world.state()
                _, ended = world.act(int(rng.integers(len(actions))))
                world.state()
                n += 1
            count[1] += n

    a, b = best(recorded, repeats), best(bare, repeats)
    print(f"MinAtar, {count[0]} recorded steps: {count[0] / a:.0f}/s, bare {count[1] / b:.0f}/s: "
          f"{b / a:.2f}x")  # fmt: skip


PARTS = {part.__name__: part for part in (losses, steps, annotation, processes, episodes)}


def main() -> None:
    torch.set_num_threads(1)
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for name in sys.argv[2:] or PARTS:
        PARTS[name](repeats)


if __name__ == "__main__":
    main()
