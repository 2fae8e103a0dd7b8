"""What there is to learn from: how much, how it is split, what was left out, what it looks like."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from evaluators.value_functions.context import View
from measurand import shards
from measurand.manifest import read_manifest
from measurand.reporting.document import Cell, Section, Table
from measurand.subject import frame
from schemas.value_functions.params import SPLITS

CLUSTERS = {"examples": "cluster", "moves": "game", "transitions": "episode"}
_COLUMNS = {
    "examples": ["source", "split", "cluster", "target"],
    "moves": ["source", "split", "game", "position_id", "win_prob", "mate", "puzzle"],
    "transitions": ["source", "split", "episode", "player", "reward"],
}


def data_section(view: View) -> Section | None:
    """A row a source; then what was left out, by reason."""
    dataset = view.data / "dataset"
    if not (dataset / "sources").is_dir():
        return None
    rows: list[list[Cell]] = []
    left: list[str] = []
    for name, cluster in CLUSTERS.items():
        found = frame(shards.read_table(dataset / name, _COLUMNS[name]))
        for source in view.found.params.build.sources:
            own = found.filter(source=source.id)
            if own.height:
                counts = own.group_by("split").agg(pl.col(cluster).n_unique())
                of = dict(counts.iter_rows())
                clusters = " / ".join(str(of.get(split, 0)) for split in SPLITS)
                about = {"text": source.id, "detail": source.kind}
                rows.append([about, f"{own.height:,}", clusters, _looks(name, own)])
        left += _left_out(dataset / name)
    engines = frame(shards.read_table(dataset / "sources"))["engine"].drop_nulls().to_list()
    notes = [*left, *(f"Teacher: {engine}." for engine in engines)]
    columns = ["source", "rows", f"clusters: {' / '.join(SPLITS)}", "what they look like"]
    table = Table("What there is to learn from", columns, rows, notes)
    text = "Clusters are games, groups, rows or episodes: what is kept together in a split."
    return Section("Data", (table,), text, True)


def _looks(name: str, own: pl.DataFrame) -> str:
    if name == "examples":
        known = own["target"].drop_nulls().drop_nans()
        if known.is_empty():
            return "targets are made in training"
        low, middle, high = (known.quantile(q) or 0.0 for q in (0.0, 0.5, 1.0))
        return f"targets from {low:.4g} to {high:.4g}, median {middle:.4g}"
    if name == "moves":
        positions = own.group_by("position_id").agg(pl.len(), pl.col("puzzle").first())
        sure = own.filter((pl.col("win_prob") - 0.5).abs() > 0.45).height / own.height
        mates = own.filter(pl.col("mate").is_not_null()).height / own.height
        return (
            f"{positions.height:,} positions of {own.height / positions.height:.1f} moves, "
            f"{positions.filter('puzzle').height} puzzles; {mates:.1%} of moves lead to a mate "
            f"that was seen, {sure:.1%} are as good as won or lost"
        )
    returns = own.group_by("player", "episode").agg(pl.col("reward").sum(), pl.len())
    means = returns.group_by("player").agg(pl.col("reward").mean(), pl.col("len").mean())
    if means.height == 1:
        return f"{returns.height:,} episodes"
    told = (f"{player} {reward:.2f}" for player, reward, _ in means.sort("player").iter_rows())
    return f"mean return by player: {', '.join(told)}"


def _left_out(folder: Path) -> list[str]:
    rejected = read_manifest(folder).rejected
    return [f"{folder.name}: {n} left out as {why}." for why, n in sorted(rejected.items())]
