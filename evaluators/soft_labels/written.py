"""What policies write: how good, how long, how varied, and how far from where they started."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf

import polars as pl

from evaluators.soft_labels.context import Material, alpha_over, mean_of, numbers_of
from measurand.results import Rows
from measurand.statistics import described
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import proportion
from measurand.stats.ratios import signed_ratio_of_sums

MEANS = ("reward", "reward_known", "n_tokens", "n_words")


def written_rows(material: Material) -> Rows:
    """Statistics of every policy and pair set, seeds together, prompts as clusters.

    Means of ``reward`` (learned from ratings), ``reward_known`` (exact), ``n_tokens`` and
    ``n_words``; ``kl_per_token``: log-ratio to the reference over what was written, by its tokens,
    in nats; ``distinct_2``: distinct two-word sequences among all; ``sample_missing``: texts that
    were not written. The reliability beside the means is that of a beginning's mean over training
    seeds, a text each.
    """
    for (run, name), own in material.samples.group_by("run_id", "set", maintain_order=True):
        parts = {"run": str(run), "set": str(name)}
        written = own.drop_nulls("text")
        failed = own.height - written.height
        missing = proportion(failed, own.height, "clopper_pearson")
        yield material.row("sample_missing", parts, missing)
        for column in MEANS:
            known = written.drop_nulls(column)
            if not known.is_empty():
                values = numbers_of(known, column)
                low = 0.0 if column.startswith("n_") else -inf
                found = mean_of(values, known["prompt_id"].to_numpy(), low)
                alpha = alpha_over(["seed"], known, values, "prompt_id")
                yield material.row(f"text_{column}", parts, found, alpha.value)
        yield material.row("kl_per_token", parts, _kl(written))
        yield material.row("distinct_2", parts, _distinct(written))


def _kl(written: pl.DataFrame) -> Estimate:
    """Sum of log-ratios over sum of tokens: a Monte Carlo estimate of KL(policy || reference)."""
    method = "sum of log-ratios by sum of tokens"
    known = written.drop_nulls(["logp_policy", "logp_reference", "n_tokens"])
    tokens = numbers_of(known, "n_tokens")
    if tokens.sum() == 0:
        return undefined("no tokens with both log-probabilities", method=method, n=known.height)
    gain = numbers_of(known, "logp_policy") - numbers_of(known, "logp_reference")
    found = signed_ratio_of_sums(gain, tokens, known["prompt_id"].to_numpy())
    return replace(found, method=found.method.replace("ratio of sums", method))


def _distinct(written: pl.DataFrame) -> Estimate:
    """Mean over seeds, since more texts share more.

    Source: Li et al. 2016, arXiv 1510.03055, section 5.2 (distinct-2).
    """
    shares = []
    for (_,), own in written.group_by("seed", maintain_order=True):
        grams = [gram for text in own["text"].to_list() for gram in pairwise(text.split())]
        if grams:
            shares.append(len(set(grams)) / len(grams))
    if not shares:
        return undefined("no two words", n=written.height)
    why = "of these weights on these beginnings"
    return described(sum(shares) / len(shares), why, n=written.height)
