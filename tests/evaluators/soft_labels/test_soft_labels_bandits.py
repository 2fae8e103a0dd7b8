from __future__ import annotations

from evaluators.soft_labels.bandits import MEASURES, bandit_rows
from evaluators.soft_labels.context import Material
from pipelines.soft_labels.bandit import data_density, reward


def test_every_setting_loss_and_step_is_exact(everything: Material) -> None:
    rows = {(row["metric"], row["slice"]): row for row in bandit_rows(everything)}
    assert len(rows) == everything.bandit.height * len(MEASURES)
    start = rows["bandit_mean_reward", "beta=0.3,method=dpo,step=0,temperature=1"]
    assert start["estimate"] == float(data_density() @ reward())
    assert start["method"] == "exact count"
    rest = rows["bandit_total_variation", "beta=0.3,method=cdpo,step=10,temperature=1"]
    assert rest["estimate"] < 1e-12
