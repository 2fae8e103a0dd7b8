"""Small trainings of every system that trains, for one process and for ``torchrun``.

``torchrun ranks_small.py FOLDER OUT NAMES DEATHS`` trains what :func:`make` wrote. DEATHS is a JSON
list: the start at which a rank kills itself, its rank, the name and the step of AdamW.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from forked import begin

ROOT = Path(__file__).parents[1]
ROWS = ("soft_labels", "elastictok", "compwob", "webagent")
"""Systems whose ranks divide the rows of a batch, here."""
WHOLE = ("value_functions", "driving_sim", "elastictok-models")
"""Whose ranks take whole trainings."""
UNEVEN = "uneven"
"""A name that stands for :func:`_uneven`."""
Death = tuple[int, int, str, int]


def make(folder: Path, toy_model: Path) -> None:
    """Write ``NAME/params.yaml`` and ``NAME/dataset`` of every small training."""
    for name in (*ROWS, *WHOLE):
        (folder / name).mkdir(parents=True)
    given = {
        "soft_labels": _soft_labels(folder / "soft_labels", toy_model),
        "elastictok": _elastictok(folder / "elastictok"),
        "compwob": _compwob(folder / "compwob"),
        "webagent": _webagent(folder / "webagent"),
        "value_functions": _value_functions(folder / "value_functions"),
        "driving_sim": _driving_sim(folder / "driving_sim"),
    }
    several = json.loads(json.dumps(given["elastictok"]))
    several["train"] |= {"models": [{"name": "elastic"}, {"name": "fixed4", "tokens": 4}]}
    given["elastictok-models"] = several
    (folder / "elastictok-models/dataset").symlink_to(folder / "elastictok/dataset")
    for name, params in given.items():
        (folder / name / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


def _raw(params: Any) -> dict[str, Any]:
    found: dict[str, Any] = params.model_dump(mode="json")
    return found


def _soft_labels(folder: Path, toy_model: Path) -> dict[str, Any]:
    import soft_labels_small as small

    from pipelines.soft_labels.dataset import build

    params = small.params(small.write_pairs(folder / "pairs.csv"), toy_model)
    build(params, folder / "dataset", "FnApiRunner", journal=folder / "journal")
    return _raw(params)


def _elastictok(folder: Path) -> dict[str, Any]:
    import elastictok_small as small

    params = small.params_of(
        train={"models": [{"name": "elastic"}], "device": "cpu",
               "optimiser": {"steps": 40, "batch": 5, "lr": 2e-3, "warmup": 2}}
    )  # fmt: skip
    small.build_in(folder, params)
    return _raw(params)


def _compwob(folder: Path) -> dict[str, Any]:
    import compwob_small as small

    small.write(folder / "dataset", 12)
    params = small.params(mixtures=["uniform", "natural"], epochs=4, batch_size=5)
    return _raw(params)


def _webagent(folder: Path) -> dict[str, Any]:
    import webagent_planners as small
    from webagent_pages import corpus_of, write_pages

    from pipelines.webagent import corpus
    from schemas.webagent.params import Build, Params

    pages = corpus_of(folder / "pages")
    write_pages(folder / "pages", 24)
    corpus.write(pages, folder / "dataset", "FnApiRunner", kept=folder)
    small.with_experience(folder / "dataset", small.steps(6))
    params = _raw(Params(build=Build(corpus=pages), train=small.TRAIN))
    params["train"]["finetuning"] |= {"steps": 16, "save_every": 5, "lr": 2e-3}
    return params


def _value_functions(folder: Path) -> dict[str, Any]:
    import value_functions_small as small

    from pipelines.value_functions import dataset

    sources = [small.CHAIN, small.table(folder / "mine.csv")]
    some = [{"id": "mine", "source": "mine", "steps": 60, "batch": 16, "width": 16},
            {"id": "chain", "source": "chain", "steps": 40, "batch": 16, "width": 16,
             "losses": ["mse"]}]  # fmt: skip
    params = small.small(sources, some, save_every=20)
    dataset.build(params, folder / "dataset", "FnApiRunner", journal=folder)
    return _raw(params)


def _driving_sim(folder: Path) -> dict[str, Any]:
    from pipelines.driving_sim import dataset
    from schemas.driving_sim.params import (
        Build,
        Imitation,
        ImitatorSpec,
        Params,
        PolicySpec,
        Reinforcement,
        Train,
    )

    drivers = (ImitatorSpec(name="bc_route"), ImitatorSpec(name="bc_none", route=False))
    policy = PolicySpec(name="ppo_playback", others="playback")
    params = Params(
        build=Build(families=("fork",), scenarios=4, n_shards=1),
        train=Train(
            imitation=Imitation(models=drivers, steps=50, batch=64),
            reinforcement=Reinforcement(models=(policy,), iterations=2, scenarios=3),
            save_every=1,
            device="cpu",
        ),
    )
    dataset.build(params, folder / "dataset", "FnApiRunner", journal=folder)
    return _raw(params)


def train(
    folder: Path, out: Path, names: Sequence[str] = (*ROWS, *WHOLE), deaths: Sequence[Death] = ()
) -> None:
    """Train some of them into ``OUT/NAME``, together with the other ranks where there are any."""
    import measurand

    attempt = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
    rank = int(os.environ.get("RANK", "0"))
    for name in names:
        if name == UNEVEN:
            _uneven()
            continue
        steps = [d[3] for d in deaths if tuple(d[:3]) == (attempt, rank, name)]
        with _dies(steps):
            measurand.train(
                name.partition("-")[0],
                params=folder / name / "params.yaml",
                data=folder / name,
                out=out / name / "checkpoint",
                journal=out / name / "journal",
            )


def _uneven() -> None:
    """Ranks of unlike rows, a part that one rank alone uses, one that none does, and a count."""
    import torch

    from measurand.training import ranks
    from measurand.training.fit import Plan, fit

    def trained() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        weights = {name: torch.ones(2, requires_grad=True) for name in ("all", "some", "none")}

        def loss(x: Any) -> Any:
            late = x[x[:, 0] > 4]
            found = (x @ weights["all"]).square().sum() / len(x)
            if len(late):
                found = found + (late @ weights["some"]).square().sum() / len(x)
            return found, {"rows": len(x), "first": x[:, 0].mean()}

        rows = fit(
            weights,
            lambda step: torch.arange(14.0).view(7, 2)[ranks.mine(7)] / 2 + step / 100,
            loss,
            Plan(5, lambda _: {"lr": 0.1}, clip=1.0),
            over=len,
        ).rows
        return weights, rows

    with ranks.joined():
        assert ranks.world() == 2
        together = trained()
        with ranks.alone():
            alone = trained()
    for name, weight in alone[0].items():
        torch.testing.assert_close(together[0][name], weight)
    assert alone[0]["none"].equal(torch.ones(2))
    for mine, row in zip(together[1], alone[1], strict=True):
        assert mine["rows"] == row["rows"] == 7
        torch.testing.assert_close(mine, row, rtol=1e-5, atol=1e-5)


@contextmanager
def _dies(steps: Sequence[int]) -> Iterator[None]:
    """Kill this process before a step of AdamW, counted from the begin of the block."""
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    done = count()

    def before(*_: Any) -> None:
        if next(done) in steps:
            os.kill(os.getpid(), signal.SIGKILL)

    hook = register_optimizer_step_pre_hook(before)
    try:
        yield
    finally:
        hook.remove()


def torchrun(
    words: Sequence[object], ranks: int = 2, restarts: int = 0
) -> subprocess.CompletedProcess[str]:
    """Start processes that find each other on a free port of this machine."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone",
               f"--nproc-per-node={ranks}", f"--max-restarts={restarts}",
               *map(str, words)]  # fmt: skip
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )


def launched(words: Sequence[object], ranks: int = 2) -> subprocess.CompletedProcess[str]:
    """The same agent as :func:`torchrun` starts, and ranks that begin as its copies.

    Each of them has imported what is heavy. WORDS are those of this module or of the command.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        given = [str(word) for word in words]
        process = begin(_agent, given, ranks, said)
        process.join(240)
        process.kill()  # where it has not ended
        process.join()
        text = said.read_text(encoding="utf-8")
    return subprocess.CompletedProcess(given, process.exitcode, "", text)


def _agent(words: list[str], ranks: int, said: Path) -> None:
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    for stream in (1, 2):
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    os.chdir(ROOT)
    os.environ["OMP_NUM_THREADS"] = "1"
    plan = LaunchConfig(1, 1, ranks, run_id=said.parent.name, rdzv_backend="c10d",
                        rdzv_endpoint="localhost:0", max_restarts=0, monitor_interval=0.1,
                        start_method="fork")  # fmt: skip
    elastic_launch(plan, _rank)(words)


def _rank(words: list[str]) -> None:
    if words[:2] == ["-m", "measurand"]:
        from measurand.cli import main

        sys.exit(main(words[2:]))
    train(Path(words[1]), Path(words[2]), words[3].split(","), json.loads(words[4]))


if __name__ == "__main__":
    train(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].split(","), json.loads(sys.argv[4]))
