"""``measurand replicate S --trainings 5``: train and measure again under other seeds.

Outside the graph: minutes or hours, and rarely. What it finds, a few figures a training, is written
to ``studies/S`` and kept in git; the report of one training takes its training variance from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measurand import params as parameters
from measurand import project, provenance, runs, trainings
from measurand.arguments import Parser
from measurand.errors import InputError
from measurand.parquet import write_shard
from measurand.results import STATISTICS
from measurand.training.repeats import repeat_of


def main(argv: Sequence[str]) -> int:
    """Train, evaluate and write the study; what was finished is not done again."""
    parser = Parser(
        "measurand replicate",
        description="Train and measure a system again under other seeds. Run it again to go on.",
    )
    parser.add_argument("system", help="a system's name, see `measurand list`")
    parser.add_argument("--trainings", type=int, default=5, help="how many in all (default 5)")
    parser.add_argument(
        "--params", type=Path, help="parameter file instead of params/<system>.yaml"
    )
    args = parser.parse_args(argv)
    if args.trainings < 2:
        raise InputError(f"--trainings {args.trainings}", hint="give 2 or more; 5 is usual")
    system = project.system(project.find_root(), args.system)
    params = parameters.read(args.params or system.params, system.module("params").Params)
    if not system.has_training() or getattr(params.train, "seed", None) is None:
        raise InputError(
            f"{system.name} has no parameter train.seed",
            hint="what has `seeds` is repeated by them; what trains nothing needs no repeat",
        )
    if not system.dataset.is_dir():
        raise InputError(
            f"{system.name} is not built", hint=f"run `measurand build {system.name}` first"
        )
    found = []
    for at in range(args.trainings):
        one = repeat_of(params, at)
        seed = one.train.seed
        print(f"training {at + 1} of {args.trainings}, seed {seed}", flush=True)
        found.append((seed, _statistics(system, one, at)))
    rows = trainings.write(system, params, found, provenance.collect(system.root))
    print(f"replicate {system.name}: {rows} rows of {args.trainings} trainings in {system.studies}")
    print(f"next: commit them, then `measurand report {system.name}`")
    return 0


def _statistics(system: project.System, params: Any, at: int) -> Any:
    """Statistics of one training, as they were if it was finished with this code and data.

    Answers of models to the same questions are shared by all trainings.
    """
    from measurand.parquet import read_shard

    place = system.journal / "replicates" / str(at)
    known = (trainings.codes(system), trainings.data_of(system.dataset))
    identity = runs.run_id(params.model_dump(mode="json"), *known)
    done = place / f"statistics-{identity}.parquet"
    if done.is_file():
        return STATISTICS.conform(read_shard(done))
    data = place / "data"
    data.mkdir(parents=True, exist_ok=True)
    link = data / "dataset"
    link.unlink(missing_ok=True)
    link.symlink_to(system.dataset.resolve(), target_is_directory=True)
    results, answers = place / "results", place.parent / "journal"
    checkpoint, states = data / "checkpoint", place / "journal"
    system.module("train").train(params, data / "dataset", checkpoint, journal=states)
    system.module("evaluate").evaluate(params, data, None, results, journal=answers, limit=None)
    table = STATISTICS.validate(system.module("report").statistics(data, results, params))
    write_shard(STATISTICS, table, done)
    return table
