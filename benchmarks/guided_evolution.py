"""Guided evolution side by side with what people use for symbolic regression.

The default takes a minute: programs evaluated a second against gplearn and pyoperon on the same
formulas, and the parts of a step. ``--solved`` searches for the formulas of Nguyen and Feynman
with every peer at equal budgets and points; each counts evaluations in its own way, and its own
operators and constants make other spaces of it. Seconds are those of one thread.

    OMP_NUM_THREADS=1 python benchmarks/guided_evolution.py [--json]
    python benchmarks/guided_evolution.py --solved [--budget 2000] [--seeds 5] [--only nguyen1 ...]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from measurand.stats.means import proportion
from pipelines.guided_evolution.choosing import Rule
from pipelines.guided_evolution.discriminator import Discriminator, Learning
from pipelines.guided_evolution.evaluations import Evaluations
from pipelines.guided_evolution.expressions import grammar, values_of_many
from pipelines.guided_evolution.features import WAYS, arrays
from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.programs import Grammar, Program, tidy
from pipelines.guided_evolution.search import Search, Setting
from pipelines.guided_evolution.symbolic import SOLVED, TARGETS, Formulas

FUNCTIONS = ("add", "sub", "mul", "div", "sin", "cos", "log", "sqrt")
SOLVES = 1 / (1 + SOLVED)


def best(work: Callable[[], object], times: int = 5) -> float:
    """Least processor seconds of some runs."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def gplearn_programs(n: int) -> tuple[list[Any], np.ndarray]:
    """A population of gplearn after some generations, and points."""
    from gplearn.genetic import SymbolicRegressor

    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (20, 2))
    y = x[:, 0] ** 3 + np.sin(x[:, 1])
    made = SymbolicRegressor(
        population_size=n, generations=5, function_set=FUNCTIONS, random_state=0,
        const_range=(-1.0, 1.0), parsimony_coefficient=1e-4, stopping_criteria=0,
    )  # fmt: skip
    made.fit(x, y)
    return [p for p in made._programs[-1] if p is not None], x


def translated(space: Grammar, prefix: list[Any]) -> Program:
    """A program of gplearn, a list in prefix order, as one of ours."""
    ops: list[int] = []
    args: list[list[int]] = []
    numbers: list[float] = []

    def node(at: int) -> tuple[int, int]:
        item, mine, here = prefix[at], [], at + 1
        if isinstance(item, int):
            op, number = item, 0.0
        elif isinstance(item, float):
            op, number = space.place("number"), item
        else:
            op, number = space.place(item.name), 0.0
            for _ in range(item.arity):
                child, here = node(here)
                mine.append(child)
        ops.append(op)
        args.append(mine)
        numbers.append(number)
        return len(ops) - 1, here

    root, _ = node(0)
    return tidy(space, ops, args, numbers, root)


def infix(prefix: list[Any]) -> str:
    """A program of gplearn as pyoperon reads it; its division and root are not protected."""
    signs = {"add": "+", "sub": "-", "mul": "*", "div": "/"}

    def node(at: int) -> tuple[str, int]:
        item = prefix[at]
        if isinstance(item, int):
            return f"X{item + 1}", at + 1
        if isinstance(item, float):
            return f"({item:.9f})", at + 1
        here, said = at + 1, []
        for _ in range(item.arity):
            text, here = node(here)
            said.append(text)
        if item.name in signs:
            return f"({said[0]} {signs[item.name]} {said[1]})", here
        return f"{item.name}({said[0]})", here

    return node(0)[0]


def evaluation(n: int = 2000) -> Iterator[dict[str, Any]]:
    """Programs x points a second, on the same formulas."""
    import pyoperon

    theirs, x = gplearn_programs(n)
    space = grammar(["x", "y"], FUNCTIONS, constants=True, max_nodes=10_000)
    ours = [translated(space, p.program) for p in theirs]
    points = np.ascontiguousarray(x.T)
    apart = 0.0
    for row, p in zip(values_of_many(space, ours, points), theirs, strict=True):
        with np.errstate(all="ignore"):
            apart = max(apart, float(np.nanmax(np.abs(row - p.execute(x)) / (1 + np.abs(row)))))
    own = best(lambda: values_of_many(space, ours, points))
    gp = best(lambda: [p.execute(x) for p in theirs])
    size = f"{len(ours)} formulas, {np.mean([len(p.program) for p in theirs]):.0f} nodes, 20 points"
    yield row_of(f"evaluate {size}", own, "gplearn", gp, ">= 5x", gp >= 5 * own, f"{apart:.1g}")
    data = pyoperon.Dataset(np.hstack([x, x[:, :1]]))
    names = {v.Name: v.Hash for v in data.Variables}
    trees = [pyoperon.InfixParser.Parse(infix(p.program), names) for p in theirs]
    result = np.zeros(20 * len(trees), np.float32)
    span = pyoperon.Range(0, 20)
    op = best(lambda: pyoperon.EvaluateTrees(trees, data, span, result, 1))
    wanted = values_of_many(space, ours, points)
    near = np.isclose(result.reshape(wanted.shape), wanted, rtol=1e-3, atol=1e-3).all(1).mean()
    told = f"{near:.0%} of formulas have the same values; the others need protection"
    yield row_of(f"evaluate {size}", own, "pyoperon (float32, C++)", op, "as found", None, told)


def row_of(
    what: str, ours: float, against: str, theirs: float | None, target: str, met: bool | None,
    agreement: str = "",
) -> dict[str, Any]:  # fmt: skip
    """One comparison; seconds are those of one thread."""
    ratio = None if theirs is None else theirs / ours
    return {"what": what, "ours_s": ours, "against": against, "theirs_s": theirs, "ratio": ratio,
            "target": target, "met": met, "agreement": agreement}  # fmt: skip


def steps() -> Iterator[dict[str, Any]]:
    """The parts of a step: a proposal, a block of 16, a training."""
    task = Formulas("nguyen7", 0)
    space, rng = task.space, np.random.default_rng(0)
    some = [p for p in (random_program(space.grammar, rng, 6) for _ in range(4000))
            if 8 <= len(p.ops) <= 20][:200]  # fmt: skip

    def propose() -> None:
        for parent in some:
            found = space.mutate(parent, rng)
            if found is not None:
                task.function(found[0])

    each = best(propose) / len(some)
    size = np.mean([len(p.ops) for p in some])
    yield row_of(f"a proposal of {size:.0f} nodes: change, check, key, probe", each, "", None,
                 "< 100 us", each < 1e-4)  # fmt: skip

    yield from scoring(task, some[:16], Learning())
    long = [random_program(space.grammar, rng, 9) for _ in range(4000)]
    long = sorted(long, key=lambda p: -len(p.ops))[:16]
    yield from scoring(task, long, Learning(encoder="gin", hidden=64, layers=3))
    learning = Learning()
    network = Discriminator(learning, len(space.names), space.max_nodes, ("bench",))
    for i, p in enumerate(some):
        network.add(p, float(i), None)
    burst = best(network.train)
    yield row_of(f"a training: {learning.steps} steps of {learning.pairs} pairs", burst, "", None,
                 "< 100 ms", burst < 0.1)  # fmt: skip


def scoring(task: Formulas, block: list[Program], learning: Learning) -> Iterator[dict[str, Any]]:
    """A block of programs scored, features included, against its matrix products alone."""
    import torch

    space = task.space
    network = Discriminator(learning, len(space.names), space.max_nodes, ("bench",))
    scored = best(lambda: [network.scores(block) for _ in range(50)]) / 50
    nodes = arrays(block, len(space.names), space.max_nodes).nodes
    count, n, f = nodes.shape
    h = learning.hidden
    a, b, c = torch.rand(count, n, f), torch.rand(count, n, h), torch.rand(count, n, WAYS * n)
    w1, w4, w2 = torch.rand(f, h), torch.rand(h, WAYS * h), torch.rand(h, h)
    sent = torch.rand(count, WAYS * n, h)

    def products() -> None:
        with torch.inference_mode():
            _ = a @ w1
            for _ in range(learning.layers):
                _ = b @ w4
                _ = c @ sent
                _ = b @ w2

    alone = best(lambda: [products() for _ in range(50)]) / 50
    size = f"{n} nodes, width {h}, {learning.layers} layers"
    told = f"{scored / alone:.1f} times its matrix products alone"
    yield row_of(f"a block of {count} scored ({size}), features included", scored, "", None,
                 "<= 3 times", scored <= 3 * alone, told)  # fmt: skip


def ours(rule: str) -> Callable[[Formulas, int, int], float]:
    """The best fitness of one of our searches."""

    def run(task: Formulas, budget: int, seed: int) -> float:
        learning = Learning(every=20, steps=8) if rule == "pam_rt" else None
        setting = Setting(Rule(rule), budget, 100, 10, learning)  # type: ignore[arg-type]
        with tempfile.TemporaryDirectory() as folder, Evaluations(task, Path(folder)) as paid:
            found = Search(task, setting, (task.name, seed), (task.name, rule, seed), paid).run()
        return found.steps[-1]["best"] or 0.0

    return run


def fitness_of(found: np.ndarray, truth: np.ndarray) -> float:
    """What our tasks call fitness."""
    error = float(np.sqrt(np.mean((found - truth) ** 2)) / truth.std())
    return 1 / (1 + error) if np.isfinite(error) else 0.0


def by_gplearn(task: Formulas, budget: int, seed: int) -> float:
    """By gplearn with a population of 100."""
    from gplearn.functions import make_function
    from gplearn.genetic import SymbolicRegressor

    def exponential(a: np.ndarray) -> np.ndarray:
        return np.exp(np.minimum(a, 50.0))

    names: list[Any] = [n for n in task.target.functions if n in FUNCTIONS]
    names.append(make_function(function=exponential, name="exp", arity=1))
    points, truth, _ = task._seen
    made = SymbolicRegressor(
        population_size=100, generations=max(1, budget // 100), tournament_size=10,
        function_set=names, metric="rmse", stopping_criteria=1e-9, random_state=seed,
        const_range=(-2.0, 2.0) if task.target.constants else (1.0, 1.0),
    )  # fmt: skip
    made.fit(points.T, truth)
    return fitness_of(made.predict(points.T), truth)


def by_deap(task: Formulas, budget: int, seed: int) -> float:
    """DEAP's usual symbolic regression (its documentation's example) with a population of 100."""
    import operator
    import random

    from deap import algorithms, base, creator, gp, tools

    from pipelines.guided_evolution import expressions

    random.seed(seed)
    points, truth, _ = task._seen
    primitives = gp.PrimitiveSet("main", len(points))
    for name in task.target.functions:
        arity = 2 if name in ("add", "sub", "mul", "div") else 1
        primitives.addPrimitive(expressions.FUNCTIONS[name], arity, name=name)
    primitives.addTerminal(1.0, name="one")
    if not hasattr(creator, "Least"):
        creator.create("Least", base.Fitness, weights=(-1.0,))
        creator.create("One", gp.PrimitiveTree, fitness=creator.Least)
    box = base.Toolbox()
    box.register("expr", gp.genHalfAndHalf, pset=primitives, min_=1, max_=3)
    box.register("individual", tools.initIterate, creator.One, box.expr)
    box.register("population", tools.initRepeat, list, box.individual)

    def error(one: Any) -> tuple[float]:
        with np.errstate(all="ignore"):
            found = np.broadcast_to(gp.compile(one, primitives)(*points), truth.shape)
            return (1 / max(fitness_of(found, truth), 1e-12) - 1,)

    box.register("evaluate", error)
    box.register("select", tools.selTournament, tournsize=3)
    box.register("mate", gp.cxOnePoint)
    box.register("grow", gp.genFull, min_=0, max_=2)
    box.register("mutate", gp.mutUniform, expr=box.grow, pset=primitives)
    for name in ("mate", "mutate"):
        box.decorate(name, gp.staticLimit(key=operator.attrgetter("height"), max_value=10))
    population, hall, spent = box.population(n=100), tools.HallOfFame(1), 100
    algorithms.eaSimple(population, box, 0.5, 0.1, 0, halloffame=hall, verbose=False)
    while spent < budget and hall[0].fitness.values[0] > SOLVED:
        population, log = algorithms.eaSimple(
            population, box, 0.5, 0.1, 1, halloffame=hall, verbose=False
        )
        spent += log[-1]["nevals"]
    return 1 / (1 + hall[0].fitness.values[0])


def by_pyoperon(task: Formulas, budget: int, seed: int) -> float:
    """By pyoperon with a population of 100, without local search of constants."""
    from pyoperon.sklearn import SymbolicRegressor

    known = {"square": "square", **{n: n for n in (*FUNCTIONS, "exp")}}
    names = [known[n] for n in task.target.functions]
    points, truth, _ = task._seen
    made = SymbolicRegressor(
        allowed_symbols=",".join([*names, "constant", "variable"]), population_size=100,
        generations=10_000, max_evaluations=budget, optimizer_iterations=0, max_length=30,
        random_state=seed, n_threads=1,
    )  # fmt: skip
    made.fit(points.T, truth)
    return fitness_of(np.asarray(made.predict(points.T), float), truth)


PEERS: dict[str, Callable[[Formulas, int, int], float]] = {
    "evolution": ours("evolution"),
    "pam_rt": ours("pam_rt"),
    "gplearn": by_gplearn,
    "deap": by_deap,
    "pyoperon": by_pyoperon,
}


def solved(budget: int, seeds: int, only: list[str], ways: list[str]) -> Iterator[dict[str, Any]]:
    """How many of the seeds each way solves, with Wilson's interval."""
    for name in only or list(TARGETS):
        for peer in ways or list(PEERS):
            run = PEERS[peer]
            start, hits = time.process_time(), 0
            for seed in range(seeds):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    hits += run(Formulas(name, 10_000 + seed), budget, seed) >= SOLVES
            found = proportion(hits, seeds)
            yield {"formula": name, "way": peer, "budget": budget, "solved": hits, "of": seeds,
                   "low": found.ci_lo, "high": found.ci_hi,
                   "seconds": time.process_time() - start}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--solved", action="store_true", help="search with every peer")
    parser.add_argument("--budget", type=int, default=2000, help="evaluations of a search")
    parser.add_argument("--seeds", type=int, default=5, help="searches of each way")
    parser.add_argument("--only", nargs="*", default=[], help="names of formulas")
    parser.add_argument("--ways", nargs="*", default=[], choices=PEERS, help="who searches")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    args = parser.parse_args()
    if args.solved:
        for row in solved(args.budget, args.seeds, args.only, args.ways):
            text = (
                f"{row['formula']:16} {row['way']:10} {row['solved']:3} of {row['of']}  "
                f"[{row['low']:.2f}, {row['high']:.2f}]  {row['seconds']:.1f} s"
            )
            print(json.dumps(row) if args.json else text, flush=True)
        return
    for part in (evaluation, steps):
        for row in part():
            ratio = "" if row["ratio"] is None else f"  {row['ratio']:.2f}x {row['against']}"
            told = "" if row["met"] is None else "  met" if row["met"] else "  MISSED"
            text = f"{row['what']}: {row['ours_s'] * 1e3:.3f} ms{ratio}  ({row['target']}){told}"
            text += f"  {row['agreement']}" if row["agreement"] else ""
            print(json.dumps(row) if args.json else text, flush=True)


if __name__ == "__main__":
    main()
