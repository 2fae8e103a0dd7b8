"""A source as arrays: rows with given targets, or transitions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from measurand import shards
from measurand.errors import InputError
from measurand.subject import frame
from pipelines.value_functions import worlds
from pipelines.value_functions.players import discount_at
from pipelines.value_functions.states import arrays, unpacked
from schemas.value_functions.params import BOOTSTRAPPED, Arcades, Chain, Params, Source, Wordle

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Given:
    """Rows whose targets are given.

    Attributes:
        x: (n, D) inputs, standardised by the training rows where they are measurements.
        y: (n,) targets; NaN where training makes them.
        split: (n,) ``train``, ``val`` or ``test``.
        item: (n,) what is scored: the row, or the position that a move belongs to.
        cluster: (n,) what is sampled: the group, or the game.
        choice: whether the rows of an item are alternatives, of which one is chosen.
        material: (n,) a count of pieces; empty where there is none.
        puzzle: (n,) whether the row's position is a puzzle; empty where there is none.
    """

    x: npt.NDArray[Any]
    y: FloatArray
    split: npt.NDArray[Any]
    item: npt.NDArray[Any]
    cluster: npt.NDArray[Any]
    choice: bool
    material: FloatArray
    puzzle: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Replay:
    """Transitions.

    Attributes:
        state: (n, D) of 0 and 1, of points of pictures, or of measurements.
        action: (n,) what was done.
        reward: (n,) what it brought.
        after: (n, D) the state that followed.
        ended: (n,) whether nothing follows.
        returns: (n,) discounted rewards that followed.
        actions: names of the actions.
        discount: (n,) of what follows.
    """

    state: npt.NDArray[Any]
    action: IntArray
    reward: FloatArray
    after: npt.NDArray[Any]
    ended: npt.NDArray[np.bool_]
    returns: FloatArray
    actions: tuple[str, ...]
    discount: FloatArray


def load(params: Params, name: str, dataset: Path) -> Given | Replay:
    """The arrays of a source; of transitions those that are trained on.

    Args:
        params: parameters.
        name: the source.
        dataset: folder that ``build`` wrote.

    Raises:
        InputError: it was not built with these parameters.
    """
    source = params.build.source(name)
    kind = source.kind
    about = _rows(dataset / "sources", name)
    if about.is_empty():
        raise InputError(f"{name} was not built", hint="run `measurand build value_functions`")
    inputs = int(about["inputs"][0])
    if kind in BOOTSTRAPPED:
        rows = _rows(dataset / "transitions", name).filter(split="train")
        return _replay(source, rows, about, inputs)
    if kind == "chess":
        return _moves(_rows(dataset / "moves", name), inputs)
    return _examples(_rows(dataset / "examples", name), kind)


def _rows(folder: Path, source: str) -> pl.DataFrame:
    """Rows of a source, in the order of the key whatever the shards."""
    found = frame(shards.read_table(folder)).filter(source=source)
    keys = [n for n in ("example_id", "position_id", "move", "episode", "t") if n in found.columns]
    return found.sort(keys)


def _replay(source: Source, rows: pl.DataFrame, about: pl.DataFrame, inputs: int) -> Replay:
    assert isinstance(source, Chain | Arcades | Wordle)
    t = rows["t"].to_numpy()
    state, after = arrays(
        source, rows["state"].to_list(), rows["next_state"].to_list(),
        rows["episode"].to_numpy(), t, inputs,
    )  # fmt: skip
    return Replay(
        state=state,
        action=rows["action"].to_numpy().astype(np.int64),
        reward=rows["reward"].to_numpy(),
        after=after,
        ended=rows["terminated"].to_numpy(),
        returns=rows["mc_return"].to_numpy(),
        actions=tuple(about["actions"][0].to_list()),
        discount=discount_at(t, float(about["discount"][0]), worlds.turns_of(source)),
    )


def _moves(rows: pl.DataFrame, inputs: int) -> Given:
    return Given(
        x=unpacked(rows["planes"].to_list(), inputs),
        y=rows["win_prob"].to_numpy(),
        split=rows["split"].to_numpy(),
        item=rows["position_id"].to_numpy(),
        cluster=rows["game"].to_numpy(),
        choice=True,
        material=rows["material"].to_numpy().astype(np.float64),
        puzzle=rows["puzzle"].to_numpy(),
    )


def _examples(rows: pl.DataFrame, kind: str) -> Given:
    x = np.array(rows["features"].to_list(), np.float64)
    split = rows["split"].to_numpy()
    if kind == "file":
        seen = x[split == "train"]
        spread = seen.std(0)
        # A column that does not vary in training says nothing, and its scale is not known.
        x = np.where(spread > 0, (x - seen.mean(0)) / np.where(spread > 0, spread, 1), 0.0)
    return Given(
        x=x.astype(np.float32),
        y=rows["target"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        split=split,
        item=rows["example_id"].to_numpy(),
        cluster=rows["cluster"].to_numpy(),
        choice=False,
        material=np.array([]),
        puzzle=np.array([], np.bool_),
    )
