"""Speed and size of the driving simulator and its generator; ratios of one run.

Everything runs on one thread and is counted in seconds of the processor, so that other work on the
machine moves it little. Memory that is freed stays with the process (glibc's M_TRIM_THRESHOLD and
M_MMAP_THRESHOLD): giving a megabyte back and asking for it again at every step costs as much as the
step. The other side of the simulator is a loop over scenarios in numpy that does the same (playback
or reacting traffic, pure pursuit, every measurement of the driven car) and must see the same
crashes; and `highway-env`, where the bench lock is installed. The other side of the generator is
its own inner loop. Both sides of a ratio take turns, and of each the quickest call counts.

    python benchmarks/driving_sim.py [PART ...]

Parts: numpy, compiled, highway, curve, generator. Readers have a benchmark of their own.
"""

from __future__ import annotations

import itertools
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipelines.driving_sim import (
    compiling,
    generator,
    moments,
    planners,
    speed,
    traffic,
    worlds,
)
from pipelines.driving_sim.measures import OFF_ROUTE, measure
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.simulate import step
from pipelines.driving_sim.world import World, reset
from schemas.driving_sim.params import DT, STEPS, T0

KEPT = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_TRIM_THRESHOLD_": "1000000000",
    "MALLOC_MMAP_THRESHOLD_": "1000000000",
}
BATCH, DRIVES = 64, STEPS - 1 - T0
SIZES = (1, 4, 16, 64, 256)
WORLDS = ("playback", "idm")


def beside(*works: Callable[[], Any], least: float = 1.0) -> list[float]:
    """Seconds of the processor of one call of each, taking turns, after one that is not counted.

    Of each the quickest call: what else the machine does only adds.
    """
    for work in works:
        work()
    spent, quickest = [0.0] * len(works), [float("inf")] * len(works)
    while min(spent) < least:
        k = spent.index(min(spent))
        start = time.process_time()
        works[k]()
        took = time.process_time() - start
        spent[k] += took
        quickest[k] = min(quickest[k], took)
    return quickest


def drive(world: World, others: str, one: Callable[..., Any]) -> torch.Tensor:
    """(B,) whether the driven car ever hit something."""
    state, hit = reset(world), None
    with torch.no_grad():
        for _ in range(DRIVES):
            state, found = one(world, state, others)
            now = found.hit >= 0
            hit = now if hit is None else hit | now
    assert hit is not None
    return hit


def one_step(world: World, state: Any, others: str) -> Any:
    """Pursuit at constant speed, a step, every measurement."""
    action = planners.follow_route(world, state, torch.zeros_like(state.s[:, 0]))
    after = step(world, state, action, others)
    return after, measure(world, after)


class _Plain:
    """One scenario in numpy: the same rules written again, a step at a time."""

    def __init__(self, world: World, row: int) -> None:
        w = world.pick(slice(row, row + 1))
        self.log, self.valid = w.log[0].double().numpy(), w.valid[0].numpy()
        real = self.valid.any(1)
        self.log, self.valid = self.log[real], self.valid[real]
        self.size, self.path = w.size[0].numpy()[real], w.path[0].double().numpy()[real]
        self.conflict = w.conflict[0].numpy()[real][:, real]
        self.stop, self.light = w.stop[0].numpy()[real], w.light[0].numpy()[real]
        self.idm = [getattr(w.idm, k)[0].numpy()[real]
                    for k in ("headway", "acceleration", "braking", "gap")]  # fmt: skip
        kept = w.edge_valid[0].numpy()
        self.edges = [part[0].double().numpy()[kept] for part in w.edges]
        self.lanes = w.lanes[0].numpy()[w.lane_valid[0].numpy() & ~w.junction[0].numpy()]
        on = w.on_route[0].numpy() & w.route_valid[0, :, 0].numpy()
        self.routes = w.routes[0].double().numpy()[on]
        self.touching = w.touching[0].numpy()[real]

    def read(self, s: Any) -> Any:
        place = np.clip(s + 4, 0, self.path.shape[1] - 1)
        first = np.minimum(place.astype(int), self.path.shape[1] - 2)
        rows = np.arange(len(s)).reshape(-1, *[1] * (np.ndim(s) - 1))
        one, two = self.path[rows, first], self.path[rows, first + 1]
        turn = two - one
        turn[..., 2] -= 2 * np.pi * np.round(turn[..., 2] / (2 * np.pi))
        return one + (place - first)[..., None] * turn

    def drive(self, others: str) -> bool:
        pose, valid = self.log[:, T0].copy(), self.valid[:, T0].copy()
        s, hit = np.zeros(len(pose)), False
        for t in range(T0, STEPS - 1):
            reach = s[0] + 3 + 0.4 * pose[0, 3]
            aim = self.read(np.r_[reach, s[1:]])[0]
            dx, dy = aim[:2] - pose[0, :2]
            yaw, v = pose[0, 2], pose[0, 3]
            square = dx * dx + dy * dy
            kappa = 2 * (dy * np.cos(yaw) - dx * np.sin(yaw)) / square if square else 0.0
            turn = np.clip(kappa, -0.3, 0.3) * v * DT
            chord = v * DT * np.sinc(turn / 2 / np.pi)
            x, y = pose[0, :2] + chord * np.array([np.cos(yaw + turn / 2), np.sin(yaw + turn / 2)])
            sdc = np.array([x, y, yaw + turn, v])
            pose, valid, s = self.others(pose, valid, s, t, others)
            pose[0] = sdc
            s[0] = self.project(sdc[:2], s[0])
            hit |= self.measured(pose, valid, t + 1)
        return hit

    def others(self, pose: Any, valid: Any, s: Any, t: int, others: str) -> Any:
        there = self.valid[:, t + 1]
        logged = np.where(there[:, None], self.log[:, t + 1], pose)
        if others == "playback":
            return logged, np.r_[valid[0], there[1:]], s.copy()
        v = pose[:, 3]
        gap, closing = self.leader(pose, valid, s)
        for standing in (self.right_of_way(pose, valid, s), self.red(pose, s, t)):
            closing, gap = np.where(standing < gap, v, closing), np.minimum(gap, standing)
        free = np.maximum(self.read(s + 0.3 * v)[:, 3], 0.1)
        headway, a0, b, s0 = self.idm
        wish = s0 + np.maximum(0, v * headway + v * closing / (2 * np.sqrt(a0 * b)))
        a = a0 * (1 - (v / free) ** 4 - (wish / np.maximum(gap, 0.1)) ** 2)
        a = np.maximum(np.clip(a, traffic.SHARPEST, traffic.STRONGEST), -v / DT)
        ahead = s + v * DT + a * DT * DT / 2
        rail = self.read(ahead)
        rail[:, 3] = v + a * DT
        mine = self.valid[:, T0]
        return (np.where(mine[:, None], rail, logged), mine | there, np.where(mine, ahead, s))

    def leader(self, pose: Any, valid: Any, s: Any) -> Any:
        steps = np.arange(0.0, traffic.LOOK + 1, traffic.EVERY)
        points = self.read(s[:, None] + steps)
        dx = pose[None, None, :, 0] - points[..., 0, None]
        dy = pose[None, None, :, 1] - points[..., 1, None]
        on = (dx * dx + dy * dy < traffic.ASIDE**2) & valid
        n = np.arange(len(s))
        on[n, :, n] = False
        some, first = on.any(1), on.argmax(1)
        i, j = np.indices(first.shape)
        yaw = points[i, first, 2]
        along = dx[i, first, j] * np.cos(yaw) + dy[i, first, j] * np.sin(yaw)
        half = self.size[:, 0] / 2
        gaps = np.where(some, steps[first] + along - half[:, None] - half, np.inf)
        nearest = gaps.argmin(1)
        gap = gaps[n, nearest]
        seen = pose[nearest, 3] * np.maximum(0, np.cos(pose[nearest, 2] - pose[:, 2]))
        return gap, np.where(np.isfinite(gap), pose[:, 3] - seen, 0)

    def right_of_way(self, pose: Any, valid: Any, s: Any) -> Any:
        half, v = self.size[:, 0] / 2, pose[:, 3]
        enter, leave = self.conflict[..., 0], self.conflict[..., 1]
        with np.errstate(invalid="ignore"):
            room, theirs = enter - (s + half)[:, None], enter.T - (s + half)[None]
            pace = np.maximum(v, 1)
            arrival, their = room / pace[:, None], theirs / pace[None]
            n = np.arange(len(s))
            first = (their < arrival) | ((their == arrival) & (n[None] < n[:, None]))
            sooner = first & (their < traffic.SOON)
            there, mine = theirs < traffic.EARLY, room < traffic.EARLY
            yields = (room > 0) & (room < (v * v / 4 + 15)[:, None]) & valid[None]
            yields &= ((s - half)[None] < leave.T) & ((there & ~mine) | sooner)
            yields &= np.isfinite(enter)
            return np.where(yields, room - traffic.BEFORE, np.inf).min(1)

    def red(self, pose: Any, s: Any, t: int) -> Any:
        room = self.stop - s - self.size[:, 0] / 2
        light = self.light[:, t]
        closed = (light == 1) | ((light == 2) & (room > pose[:, 3] ** 2 / 6))
        return np.where(closed & (room > 0), room, np.inf)

    def project(self, point: Any, last: float) -> float:
        low = int(np.floor(last + 4)) - 5
        window = np.clip(np.arange(low, low + 16), 0, self.path.shape[1] - 1)
        near = self.path[0, window, :2]
        s, _ = nearest(point, near[:-1], near[1:])
        return float(window[int(s)] + s - int(s) - 4)

    def measured(self, pose: Any, valid: Any, t: int) -> bool:
        own = pose[0]
        hit = False
        for k in np.flatnonzero(valid[1:] & ~self.touching[1:]) + 1:
            away = np.hypot(*(pose[k, :2] - own[:2]))
            if away < (self.size[k].sum() + self.size[0].sum()) / 2:
                hit |= overlap(own, self.size[0], pose[k], self.size[k])
        for corner in corners(own, self.size[0]):
            signed(corner, self.edges)
        for route in self.routes:
            _ = nearest(own[:2], route[:-1], route[1:])[1] > OFF_ROUTE
        near = ((self.lanes[:, :2] - own[:2]) ** 2).sum(1) <= 2.5**2
        same = self.lanes[:, 2] * np.cos(own[2]) + self.lanes[:, 3] * np.sin(own[2]) > 0
        _ = near.any() and not (near & same).any()
        _ = np.hypot(*(own[:2] - self.log[0, t, :2]))
        return hit


def nearest(point: Any, a: Any, b: Any) -> tuple[float, float]:
    step_ = b - a
    square = (step_ * step_).sum(1)
    share = np.clip(((point - a) * step_).sum(1) / np.where(square > 0, square, 1), 0, 1)
    off = point - a - share[:, None] * step_
    away = np.where(square > 0, (off * off).sum(1), np.inf)
    k = int(away.argmin())
    return k + min(share[k], 1 - 1e-9), float(np.sqrt(away[k]))


def signed(point: Any, edges: list[Any]) -> float:
    a, b, n, na, nb = edges
    step_ = b - a
    share = np.clip(((point - a) * step_).sum(1) / (step_ * step_).sum(1), 0, 1)
    off = point - a - share[:, None] * step_
    k = int((off * off).sum(1).argmin())
    normal = na[k] if share[k] <= 0 else nb[k] if share[k] >= 1 else n[k]
    away = float(np.hypot(*off[k]))
    return away if off[k] @ normal < 0 else -away


def corners(pose: Any, size: Any) -> Any:
    ahead = size[0] / 2 * np.array([1, -1, -1, 1])
    left = size[1] / 2 * np.array([1, 1, -1, -1])
    cos, sin = np.cos(pose[2]), np.sin(pose[2])
    return np.stack([pose[0] + ahead * cos - left * sin, pose[1] + ahead * sin + left * cos], 1)


def overlap(one: Any, size: Any, two: Any, other: Any) -> bool:
    p, q = corners(one, size), corners(two, other)
    for yaw in (one[2], one[2] + np.pi / 2, two[2], two[2] + np.pi / 2):
        axis = np.array([np.cos(yaw), np.sin(yaw)])
        if not ((p @ axis).min() < (q @ axis).max() and (q @ axis).min() < (p @ axis).max()):
            return False
    return True


def scenarios(count: int) -> list[Scenario]:
    """As many, of which sixteen are different."""
    families = ("curve", "fork", "tee", "cross")
    made = [generator.scenario(families[k % 4], k // 4) for k in range(min(count, 16))]
    return [made[k % len(made)] for k in range(count)]


def say(what: str, value: float, goal: str = "") -> None:
    print(f"{what:64s} {value:10.4g}  {goal}", flush=True)


def numpy(batch: World) -> dict[str, float]:
    found = {}
    for others in WORLDS:
        rows = range(8)
        plain = [_Plain(batch, k) for k in rows]
        hits = [p.drive(others) for p in plain]
        ours = drive(batch, others, one_step)[list(rows)].tolist()
        assert hits == ours, f"{others}: {hits} {ours}"
        alone = batch.pick(slice(0, 1))
        loop, eager, single = beside(
            lambda some=plain, o=others: [p.drive(o) for p in some],
            lambda o=others: drive(batch, o, one_step),
            lambda o=others, w=alone: drive(w, o, one_step),
            least=4.0,
        )
        loop, eager = loop / len(plain), eager / BATCH
        found[others] = loop
        say(f"{others}: numpy loop, scenario-steps/s", DRIVES / loop)
        say(f"{others}: eager, batch 1", DRIVES / single)
        say(f"{others}: eager, batch 64", DRIVES / eager)
        say(f"{others}: eager 64 over numpy", loop / eager, ">= 4")
        say(f"{others}: eager 64 over eager 1", single / eager, ">= 12")
    return found


def compiled(batch: World, loops: dict[str, float]) -> None:
    for others, size in itertools.product(WORLDS, (1, BATCH, 256)):
        torch._dynamo.reset()
        some = batch.pick(torch.arange(size) % BATCH)
        made = compiling.compiled(one_step)

        def fast(world: World, state: Any, others: str, made: Any = made) -> Any:
            now = replace(state, t=moments.NOW)
            after, found = made(moments.at(world, state.t), now, others)
            return replace(after, t=state.t + 1), found

        what, start = f"{others}: compiled, batch {size}", _spent()
        hits = drive(some, others, fast)
        say(f"{what}: first drive, s of the processor", _spent() - start)
        same = (hits == drive(some, others, one_step)).double().mean()
        say(f"{what}: same crashes as eager, share", float(same), "1")
        works = [lambda o=others, w=some, f=f: drive(w, o, f) for f in (fast, one_step)]
        each, eager = (seconds / size for seconds in beside(*works))
        say(what, DRIVES / each)
        say(f"{what}: over eager", eager / each)
        if others in loops and size == BATCH:
            goal = ">= 8" if others == "playback" else ">= 10"
            say(f"{what}: over numpy", loops[others] / each, goal)


def _spent() -> float:
    """Seconds of the processor of this process and of the compilers that it ran."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def highway(batch: World) -> None:
    try:
        import gymnasium
        import highway_env
    except ImportError:
        print("highway-env is not installed (locks/bench.lock)")
        return
    gymnasium.register_envs(highway_env)
    for name, cars in (("highway-v0", 32), ("intersection-v0", None)):
        config: dict[str, Any] = {"simulation_frequency": 10, "policy_frequency": 10, "duration": 8}
        if cars:
            config["vehicles_count"] = cars
        env = gymnasium.make(name, config=config)
        env.reset(seed=0)

        def run(env: Any = env) -> None:
            for _ in range(20):
                if any(env.step(1)[2:4]):
                    env.reset()

        each, eager = beside(run, lambda: drive(batch, "idm", one_step), least=2.0)
        each, eager = each / 20, eager / BATCH
        say(f"{name}: steps/s", 1 / each)
        say(f"{name}: ours (idm, eager, batch 64) over it", each * DRIVES / eager, ">= 80")


def curve(some: list[Scenario]) -> None:
    for row in speed.throughput(some, WORLDS, SIZES):
        say(f"{row['others']}: idm planner, batch {row['batch']}", row["steps_per_s"])
        if row["others"] == "idm":
            say("bytes of a scenario in the batch", row["bytes"])


def generation() -> None:
    from pipelines.driving_sim import dataset
    from schemas.driving_sim.params import Build

    build = Build(scenarios=12, n_shards=2)
    keys = [(f, k) for f in build.families for k in range(build.scenarios)]

    def inner() -> None:
        for family, number in keys:
            generator.scenario(family, number)

    generator.scenario("curve", 0)
    start, clock = time.process_time(), time.perf_counter()
    inner()
    plain, alone = time.process_time() - start, time.perf_counter() - clock
    say("generator alone, scenarios/s", len(keys) / plain)
    with tempfile.TemporaryDirectory() as folder:
        # Not counted: a process imports Beam once, however much it builds.
        start = time.process_time()
        dataset.write(build.model_copy(update={"scenarios": 1}), Path(folder) / "0", "FnApiRunner")
        say("first build of a process, 4 scenarios, s", time.process_time() - start)
        start, clock = time.process_time(), time.perf_counter()
        dataset.write(build, Path(folder) / "a", "FnApiRunner")
        whole, one = time.process_time() - start, time.perf_counter() - clock
        clock = time.perf_counter()
        dataset.write(build, Path(folder) / "b", "FnApiRunner:processes=2")
        two = time.perf_counter() - clock
    say("build over its inner loop, processor", plain / whole, ">= .8")
    say("build over its inner loop, clock", alone / one)
    say("two processes over one, clock (starting included)", one / two, "near 2")


def main(parts: list[str]) -> None:
    torch.set_num_threads(1)
    wanted = parts or ["numpy", "compiled", "highway", "curve", "generator"]
    some = scenarios(BATCH if set(wanted) != {"generator"} else 1)
    batch = worlds.world(some)
    loops: dict[str, float] = {}
    if "numpy" in wanted:
        loops = numpy(batch)
    if "compiled" in wanted:
        compiled(batch, loops)
    if "highway" in wanted:
        highway(batch)
    if "curve" in wanted:
        curve(some)
    if "generator" in wanted:
        generation()


def kept() -> None:
    """Begin again with the settings that memory needs, unless they are there."""
    if any(os.environ.get(name) != value for name, value in KEPT.items()):
        # glibc reads these when a process begins.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **KEPT})


if __name__ == "__main__":
    kept()
    main(sys.argv[1:])
