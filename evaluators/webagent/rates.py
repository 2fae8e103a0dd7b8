"""How often an agent does what it was told, and how much of it: by site, over templates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from evaluators.webagent.evaluate.context import ALL, ORACLE, RANDOM, SYSTEM, Found, Subject
from measurand.results import Rows
from measurand.statistics import exact, statistic_row
from measurand.stats.bounded import call_share, share
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import bootstrap_means, proportion

PLAYED_BY_NOBODY = "no episode has a result"


def rate_rows(subject: Subject) -> Rows:
    """Rates of an agent, on all sites and on each.

    ``success``: all attributes hold; ``success_over_templates``: the same share with an error that
    allows for other templates; ``score``: share of the attributes that hold, with a bootstrap over
    instructions; ``success_infra_failed``: episodes whose browser failed count as failures.
    ``missing_share``: episodes without a result.
    """
    for site in ("", *subject.sites):
        parts = {"site": site} if site else {}
        mine = subject.at(site)
        yield subject.row("success", parts, success(mine))
        yield subject.row("success_over_templates", parts, over_templates(mine))
        yield subject.row("score", parts, score(subject, mine))
        every = subject.every.filter(site=site) if site else subject.every
        counted = every.with_columns(pl.col("success").fill_null(0.0))
        yield subject.row("success_infra_failed", parts, success(counted))
        lost = every["success"].is_null().to_numpy()
        clusters = every["instruction_id"].to_numpy()
        yield subject.row("missing_share", parts, call_share(lost, clusters))


def success(episodes: pl.DataFrame) -> Estimate:
    """Share of successes: Wilson's interval where every instruction was tried once.

    Tries of one instruction are alike, so with several seeds the interval is over instructions.
    """
    if episodes.is_empty():
        return undefined(PLAYED_BY_NOBODY, n=0)
    flags, clusters = (episodes[name].to_numpy() for name in ("success", "instruction_id"))
    if episodes["instruction_id"].n_unique() == len(episodes):
        return proportion(int(flags.sum()), len(flags))
    return share(flags, clusters)


def over_templates(episodes: pl.DataFrame) -> Estimate:
    """The same share with clusters of templates: what other templates would give."""
    if episodes.is_empty():
        return undefined(PLAYED_BY_NOBODY, n=0)
    return share(episodes["success"].to_numpy(), episodes["template_id"].to_numpy())


def score(subject: Subject, episodes: pl.DataFrame) -> Estimate:
    """Mean share of attributes with a bootstrap over instructions."""
    if episodes.is_empty():
        return undefined(PLAYED_BY_NOBODY, n=0)
    (found,) = bootstrap_means(
        episodes["score"].to_numpy()[:, None],
        clusters=episodes["instruction_id"].to_numpy(),
        resamples=subject.resamples,
        seed_words=subject.words("score"),
    )
    return replace(found, least=0.0, most=1.0)


def control_rows(found: Found) -> Rows:
    """``control``: what rules did in this very run, an exact share, site by site.

    An agent that did not act has none, with that as the reason.
    """
    for planner in (ORACLE, RANDOM):
        who = found.planned_by(planner)
        for site in found.params.evaluate.sites:
            share = undefined("did not act", n=0)
            if who is not None:
                flags = who.at(site)["success"].to_numpy()
                why = None if len(flags) else PLAYED_BY_NOBODY
                value = float(np.mean(flags)) if len(flags) else None
                share = exact(value, n=len(flags), reason=why)
            parts = {"agent": planner, "site": site}
            yield statistic_row(SYSTEM, ALL, "control", parts, share)
