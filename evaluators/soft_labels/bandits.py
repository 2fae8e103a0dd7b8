"""The exact bandit: what a loss does to a policy when nothing is sampled."""

from __future__ import annotations

from evaluators.soft_labels.context import Material
from measurand.results import Rows
from measurand.statistics import exact

MEASURES = ("mean_reward", "mode", "high", "total_variation")


def bandit_rows(material: Material) -> Rows:
    """Exact statistics of every temperature, beta, loss and step.

    ``bandit_mean_reward``, ``bandit_mode`` (place of the likeliest action), ``bandit_high``
    (probability of the high hill), ``bandit_total_variation`` (distance to the policy that
    reproduces the labels).
    """
    for row in material.bandit.iter_rows(named=True):
        parts = {name: str(row[name]) for name in ("temperature", "beta", "method", "step")}
        for measure in MEASURES:
            yield material.row(f"bandit_{measure}", parts, exact(row[measure]))
