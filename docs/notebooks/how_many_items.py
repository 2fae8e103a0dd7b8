# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How many items do I need?
#
# A first look at a few items rarely decides. It tells how much items differ, though, and with that
# how many would decide, were the truth as measured. Here a pilot of 200 handwritten digits asks
# whether one classifier is better than another; then the rest of the digits shows whether the
# number was right.
#
# You need [Measurand](../how-to/use-from-python.md#install) and `pip install scikit-learn`.

# %%
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import measurand

images, labels = load_digits(return_X_y=True)
half = len(labels) // 2
order = np.random.default_rng(20260101).permutation(np.arange(half, len(labels)))
models = {
    "logistic": LogisticRegression(max_iter=2000),
    "neighbours": KNeighborsClassifier(3),
}
told = {name: m.fit(images[:half], labels[:half]).predict(images) for name, m in models.items()}


def rows(model: str, items: np.ndarray) -> dict:
    """What a model got right, a row an item; both sides go by one name."""
    right = (told[model] == labels)[items].astype(float)
    ids = [f"digit {k}" for k in items]
    return {"item_id": ids, "value": right, "model": ["classifier"] * len(items)}


# %% [markdown]
# ## The pilot
# A gate asks the question: is the candidate better than what there is? `analyse(save=...)` keeps
# the item rows as a folder that gates read.

# %%
_ = Path("better.yaml").write_text("""\
version: 1
results: candidate
dataset: {require_same_hash: false}
defaults: {min_n: 30, min_clusters: 10}
gates:
  - id: better
    metric: value
    test: superiority
    baseline: {file: before}
""")


def ask(n: int) -> measurand.GateOutcome:
    """Put the gate to the first n items."""
    for side, model in (("before", "logistic"), ("candidate", "neighbours")):
        folder = Path(f"{n}") / side
        measurand.analyse(rows(model, order[:n]), save=folder)
    Path(f"{n}/better.yaml").write_text(Path("better.yaml").read_text())
    return measurand.gate(f"{n}/better.yaml", root=f"{n}", results=f"{n}/candidate")


pilot = ask(200)
print(pilot.render())

# %% [markdown]
# Undecided is no failure of the method: 200 items cannot tell. The gate names what would, at a
# power of 80%:

# %%
decision = pilot.verdict.gates[0].decision
needed = decision.n_needed
{"state": pilot.state, "items": needed, "difference that 200 show": round(decision.mde, 3)}

# %% [markdown]
# ## Was it right?
# As many items as there are, up to that number:

# %%
whole = ask(min(needed, len(order)))
whole.state, whole.rows()[0]

# %% [markdown]
# The number is an estimate from the pilot's own difference, and a pilot's difference is uncertain.
# Ask for somewhat more, and where items come in groups (passages, documents, people) ask for
# groups: more items of the same group add little. `measurand.plan` counts groups, items and
# repeats, for the difference and the power that you name, with what each costs:
# [plan a sample](../how-to/plan-a-sample.md).
#
# ## Labels of people
# Where a judge scores everything and people label a part, `measurand.analyse(judged, human=labels,
# width=0.05)` says how many labels an interval of that width needs; see
# [Correct a judge with a few labels](correct_a_judge.py).
