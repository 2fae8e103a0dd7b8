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
# # Correct a judge with a few labels
#
# A cheap judge scores everything, a dear one only a part. The cheap judge is biased. From both
# comes the mean that the dear one would give, with an interval that holds however biased the cheap
# one is.
#
# Here the cheap judge is a rule on one number that a microscope gives of a lump in the breast, the
# dear one is the diagnosis (Wisconsin, 569 patients, in scikit-learn). All diagnoses are known, so
# the correction can be held against the truth.
#
# You need [Measurand](../how-to/use-from-python.md#install) and `pip install scikit-learn`.

# %%
import numpy as np
from sklearn.datasets import load_breast_cancer

import measurand

data = load_breast_cancer()
malignant = (data.target == 0).astype(float)
radius = data.data[:, list(data.feature_names).index("mean radius")]
judged = {
    "item_id": [f"patient {k}" for k in range(len(radius))],
    "value": (radius > 16).astype(float),
}
truth = float(malignant.mean())
says = float(judged["value"].mean())
{"patients": len(radius), "malignant": round(truth, 4), "the rule says": round(says, 4)}

# %% [markdown]
# ## Sixty labels
# They have to be drawn at random: whoever labels the doubtful items first gets another mean.
# `next` names items in one fixed random order that looks at no score; here they are drawn by hand.

# %%
drawn = np.random.default_rng(20260101).choice(len(radius), 60, replace=False)
labels = {
    "item_id": [judged["item_id"][k] for k in drawn],
    "value": malignant[drawn],
}
found = measurand.analyse(judged, human=labels)
found

# %% [markdown]
# The figures behind the page: the corrected mean, and what the labels alone say.

# %%
[told] = found.corrected
[told.mean, measurand.analyse(labels).means[0].mean]

# %% [markdown]
# ## Does it hold?
# A hundred other draws of sixty: how often does the corrected interval hold the truth, and how
# often the rule's own?

# %%
held = {"corrected": 0, "the rule alone": 0}
rule = measurand.analyse(judged).means[0].mean
for seed in range(100):
    some = np.random.default_rng(seed).choice(len(radius), 60, replace=False)
    dear = {"item_id": [judged["item_id"][k] for k in some], "value": malignant[some]}
    one = measurand.analyse(judged, human=dear).corrected[0].mean
    held["corrected"] += int(one.low <= truth <= one.high)
    held["the rule alone"] += int(rule.low <= truth <= rule.high)
held

# %% [markdown]
# ## How many labels would be enough?
# Ask for the width that you need, in the score's own unit.

# %%
asked = measurand.analyse(judged, human=labels, width=0.1, next=5).record["people"]
[asked["scores"][0]["needed"], asked["next"]]
