"""Levels: where does a score stand among people, how sure is that, and which level does it support?

**What is measured.** A model's score on a task is placed in a named group of people: its
percentile, with an interval that holds the sampling error of the items *and* of the people. A level
of performance is claimed only where the probability of reaching the level's percentile is .95 and
the group is large enough to show it; otherwise the report says what is missing.

**What is not.** A percentile describes who took a test, not jobs. A level of one task is no general
level, and no level says how freely a system may act.

**Source.** Morris, Sohl-Dickstein, Fiedel et al., "Levels of AGI for Operationalizing Progress on
the Path to AGI" (arXiv 2311.02462): a taxonomy, without tasks, norms or code. Its two tables and
six principles are data in ``taxonomy``; every number beyond the cuts is our operationalisation.

=============  ================================================================================
norm kind      what it may give
=============  ================================================================================
raw            people's scores: percentile, level
items          people's answers to the same items: percentile, level, items out of line
moments        mean, sd and n of a group taken as normal: percentile, level
table          published percentiles: the row's ends, level by the lower one
ratings        raters of the same texts, not told apart: share ahead, level 2 at most
mean_only      one mean: above or below it, no level
time           minutes of people: a time horizon, no level
relative       rank among models: no level
=============  ================================================================================

**Files.** `pipelines/agi_levels/dataset.py` gathers norms and rated texts,
`evaluators/agi_levels/evaluate` asks models to rate them, `evaluators/agi_levels/report.py`
places everything; `measurand agi_levels card` does so for anybody's results.
"""
