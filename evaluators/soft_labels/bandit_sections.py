"""Report section on the exact bandit: what each loss wants, with nothing sampled."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from evaluators.soft_labels.context import Material, View
from measurand.reporting.document import Block, Figure, Section, Table
from measurand.reporting.grid import Line, grid
from measurand.reporting.lookup import Figures
from pipelines.soft_labels.bandit import actions, data_density, reward

DATA, REWARD = "data", "reward, scaled"


def bandit_section(view: View) -> Section | None:
    """Expected reward against steps, and where the probability went."""
    material, figures = view.found, view.figures
    if material.bandit.is_empty():
        return None
    blocks: list[Block] = [
        _curve(material, figures, "bandit_mean_reward", "Expected reward", "expected reward"),
        _curve(material, figures, "bandit_high", "Probability of the high hill", "probability"),
        _policies(material),
        _table(material, figures),
    ]
    return Section(
        "An exact bandit",
        tuple(blocks),
        "One hundred actions, data on a low broad hill, a narrow high hill beside it; labels are "
        "true preference probabilities and every pair counts with its weight, so that nothing is "
        "sampled. Which loss finds the high hill depends on temperature, beta and steps: with a "
        "low temperature cDPO finds it first. The instance is our own; the paper's constants are "
        "not published.",
    )


def _settings(material: Material) -> list[tuple[str, str]]:
    found = material.bandit.select("temperature", "beta").unique(maintain_order=True)
    return sorted(found.iter_rows(), key=lambda s: (-float(s[0]), -float(s[1])))


def _panel(temperature: str, beta: str) -> str:
    return f"T = {temperature}, beta = {beta}"


def _curve(material: Material, figures: Figures, metric: str, title: str, axis: str) -> Figure:
    rows = []
    for parts in _points(material, "method", "step"):
        at = _panel(parts["temperature"], parts["beta"])
        dot = figures.point(
            at, parts["method"], int(parts["step"]), material.model, metric, **parts
        )
        rows.append({**dot, "lower": None, "upper": None})
    return Figure(
        "curves",
        f"{title} of the bandit",
        "Exact: the same at every run. DPO and GDPO have no resting point, cDPO has one.",
        {"rows": rows, "x_axis": "steps", "y_axis": axis, "minimum": 0.0, "maximum": 1.0},
    )


def _points(material: Material, *order: str) -> Iterator[dict[str, str]]:
    """Slices of every temperature, beta, loss and step."""
    for temperature, beta in _settings(material):
        own = material.bandit.filter(temperature=temperature, beta=beta).sort(*order)
        for method, step in own.select("method", "step").iter_rows():
            yield {"temperature": temperature, "beta": beta, "method": method, "step": str(step)}


def _policies(material: Material) -> Figure:
    """The policies after the last step, over the actions."""
    x, rows = actions(), []
    for temperature, beta in _settings(material):
        own = material.bandit.filter(temperature=temperature, beta=beta)
        last = own.filter(pl.col("step") == pl.col("step").max()).sort("method")
        lines = {str(m): list(policy) for m, policy in last.select("method", "policy").iter_rows()}
        tallest = max(max(line) for line in lines.values())
        lines[DATA] = data_density().tolist()
        lines[REWARD] = (reward() * tallest).tolist()
        rows += [
            {
                "panel": _panel(temperature, beta),
                "series": name,
                "x": float(place),
                "estimate": value,
                "lower": None,
                "upper": None,
            }
            for name, line in lines.items()
            for place, value in zip(x, line, strict=True)
        ]
    return Figure(
        "curves",
        "Policies after the last step",
        "Probability of every action. The reward is drawn to the height of the tallest policy.",
        {"rows": rows, "x_axis": "action", "y_axis": "probability", "own_scale": True},
    )


def _table(material: Material, figures: Figures) -> Table:
    return grid(
        figures,
        "The bandit, step by step",
        ("setting and loss", "steps"),
        [
            Line(
                f"{_panel(parts['temperature'], parts['beta'])}, {parts['method']}",
                material.model,
                parts,
                [int(parts["step"])],
            )
            for parts in _points(material, "step", "method")
        ],
        {
            "expected reward": "bandit_mean_reward",
            "likeliest action": "bandit_mode",
            "high hill": "bandit_high",
            "distance to the labels' policy": "bandit_total_variation",
        },
        [
            "Distance: total variation to the policy that reproduces the labels, data times "
            "exp(r / (T beta)), where cDPO comes to rest."
        ],
    )
