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
# # Gate a change in CI
#
# A classifier is to be made four times as small: it looks at pictures of handwritten digits in
# half the resolution. May the change go in? Not "is the new score at least the old one": that rule
# fails an unchanged model half of the time. The gate asks whether the loss, as far as the sample
# leaves it open, stays within what you tolerate.
#
# You need [Measurand](../how-to/use-from-python.md#install) and `pip install scikit-learn`.

# %%
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

import measurand

images, labels = load_digits(return_X_y=True)
half = len(labels) // 2
small = images.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(len(labels), -1)
(images.shape[1], small.shape[1], len(labels) - half)


# %%
def rows(pictures: np.ndarray, pixels: int) -> dict:
    """Item results of a classifier that sees the first pixels of each picture."""
    model = KNeighborsClassifier(3).fit(pictures[:half, :pixels], labels[:half])
    right = model.predict(pictures[half:, :pixels]) == labels[half:]
    ids = [f"digit {k}" for k in range(half, len(labels))]
    return {"item_id": ids, "value": right.astype(float), "model": ["classifier"] * len(ids)}


before = measurand.analyse(rows(images, 64), save="before")
before.means[0].mean

# %% [markdown]
# ## The gate file
# It lives in the repository, beside the code. A loss of two points counts as none; the candidate
# also has to be right in nine of ten cases whatever stood before.

# %%
_ = Path("gates.yaml").write_text("""\
version: 1
results: candidate
dataset: {require_same_hash: false}
defaults: {min_n: 200, min_clusters: 100}
gates:
  - {id: good-enough, metric: value, test: threshold, limit: 0.9}
  - {id: not-worse, metric: value, test: non_inferiority, margin: {abs: 0.02},
     baseline: {file: before}}
""")

# %% [markdown]
# ## Half the resolution

# %%
measurand.analyse(rows(small, 16), save="candidate")
outcome = measurand.gate("gates.yaml", results="candidate", out="verdict")
print(outcome.render())
outcome.exit_code

# %% [markdown]
# ## Half of the picture
# Another change looks at the upper half of each picture only.

# %%
measurand.analyse(rows(images, 32), save="upper-half")
worse = measurand.gate("gates.yaml", results="upper-half", out="verdict")
print(worse.render(explain=True))
worse.exit_code

# %% [markdown]
# The second candidate is a second look at the same baseline, so its level is stricter: ten tries
# at one level let a bad change through more often than one. The looks stand in the folder of the
# verdict, which CI keeps between runs.

# %%
sorted(path.name for path in Path("verdict").iterdir())

# %% [markdown]
# In CI the same is one line, `measurand gate gates.yaml --results candidate --out verdict`, whose
# exit code is that of `exit_code` above: 0 pass, 1 fail, 2 undecided, 3 error.
