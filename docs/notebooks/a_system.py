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
# # A system end to end
#
# Measurand's systems build a dataset, ask models about it and say how far their scores can be
# trusted. Here the personality system runs on a small sample: five of its biographies, two short
# questionnaires, and a respondent whose true traits are known, so that no weights are needed and
# the instrument itself can be checked.
#
# You need a checkout with `make setup`. Stages run in the project's folder.

# %%
import os
from pathlib import Path
from tempfile import mkdtemp

import yaml

import measurand

out = Path(os.environ.get("MEASURAND_TRIAL", mkdtemp())).resolve()
project = Path(os.environ.get("MEASURAND_PROJECT", ".")).resolve()
os.chdir(project)
(project / "params/personality.yaml").is_file()

# %% [markdown]
# ## Parameters
# A file of one's own, made from the one in force: two short questionnaires, one model.

# %%
params = yaml.safe_load((project / "params/personality.yaml").read_text())
params["build"]["validity"] |= {
    "instruments": ["ipip_50", "mini_ipip"],
    "first_form": "ipip_50",
    "n_bios": 5,
}
params["build"]["reversed_options"] = None
params["evaluate"]["models"] = [{"model": "synthetic:factor", "experiments": ["validity"]}]
params["report"]["resamples"] = 200
mine = out / "mine.yaml"
_ = mine.write_text(yaml.safe_dump(params))

# %% [markdown]
# ## From parameters to a report
# One call builds, trains (this system trains nothing), evaluates and reports into one folder;
# nothing of the project itself is touched.

# %%
stages = []
report = measurand.run("personality", params=mine, out=out / "trial", on_stage=stages.append)
[(stage.record["stage"], stage.rows()) for stage in stages]

# %% [markdown]
# ## What was found

# %%
for finding in report.findings:
    print("-", finding)

# %%
report.plot("forest")

# %% [markdown]
# All statistics, with what they were checked against in `docs/statistics.md`:

# %%
table = report.to_arrow()
(table.num_rows, table.column_names[:6])

# %% [markdown]
# ## Is the dataset what it says?
# Every file is checked against its manifest: hashes, counts, keys, rules.

# %%
found = measurand.verify(out / "trial/data/dataset")
bool(found), found.problems
