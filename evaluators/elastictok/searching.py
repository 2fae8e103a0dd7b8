"""The searches against the full one: what they cost and what they miss; and the codes they use."""

from __future__ import annotations

import numpy as np
import polars as pl

from evaluators.elastictok.context import Findings, mean, paired, ratio, row, share, with_alpha
from measurand.results import Rows
from measurand.statistics import described, exact
from measurand.stats.estimate import undefined

THESE = "of these weights on these clips"


def search_rows(found: Findings) -> Rows:
    """``evaluations``, ``search_tokens``, ``excess_tokens`` and ``missed`` of every search.

    Excess is over the full search, on blocks where both are within the threshold; ``missed`` is
    the share of blocks above the threshold among those where the full search is within it;
    ``dishonest`` counts blocks called feasible whose error is above the threshold.
    """
    model = found.model
    if model not in found.models:
        return
    for threshold in found.limits:
        whole = found.coded(model, threshold, "full")
        for search in found.params.evaluate.searches:
            own = found.coded(model, threshold, search)
            if own.is_empty():
                continue
            parts = {"search": search, "threshold": threshold}
            yield row(model, "evaluations", parts, mean(own, "n_evals", 0.0))
            tokens = found.mean_tokens(own)
            yield from with_alpha(found, model, "search_tokens", parts, own, "n_tokens", tokens)
            wrong = own.filter((pl.col("mse") > pl.col("limit")) & pl.col("feasible"))
            yield row(model, "dishonest", parts, exact(float(wrong.height), n=own.height))
            if search == "full":  # It is what the others are held against.
                continue
            both = paired(own, whole, ["n_tokens", "feasible"]).filter("feasible_b")
            if both.is_empty():
                continue
            missed = both.with_columns((~pl.col("feasible")).alias("missed"))
            yield row(model, "missed", parts, share(missed, "missed"))
            met = both.filter("feasible").with_columns(
                (pl.col("n_tokens") - pl.col("n_tokens_b")).alias("excess")
            )
            if not met.is_empty():
                yield row(model, "excess_tokens", parts, found.mean_change(met, "excess"))


def learned_rows(found: Findings) -> Rows:
    """``regression_learned`` of every elastic model: by threshold (``level``), and of all.

    The share of a constant's pinball loss that its regression saves on its own training blocks:
    0 or less has learned nothing of what tells blocks apart.
    """
    for (model,), own in found.table("regression").group_by("model", maintain_order=True):
        parts: list[tuple[dict[str, str], pl.DataFrame]] = [({}, own)]
        parts += [({"level": str(at)}, own.filter(level=at)) for at in own["level"].to_list()]
        for where, some in parts:
            best, n = float(some["constant_loss"].sum()), int(own["blocks"][0])
            if best == 0:
                figure = undefined("every block asks for the same number of tokens", n=n)
            else:
                saved = 1.0 - float(some["loss"].sum()) / best
                # These blocks are all there are: it is no sample of what was learned from.
                figure = exact(saved, n=n)
            yield row(str(model), "regression_learned", where, figure)


def unseen_loss_rows(found: Findings) -> Rows:
    """``regression_loss_ratio`` by threshold: the regression's pinball loss over a constant's.

    On unseen blocks that full search brings under the threshold, whose number of tokens is the
    truth. The constant is the best for these very blocks, which favours it: a cautious bar.
    """
    quantile = found.params.train.head.quantile
    for threshold in found.limits:
        own, whole = (found.coded(found.model, threshold, s) for s in ("regression", "full"))
        both = paired(own, whole, ["n_tokens", "feasible"]).filter("feasible_b")
        if own.is_empty() or whole.is_empty():
            continue
        truth, guess = (both[name].to_numpy().astype(float) for name in ("n_tokens_b", "n_tokens"))
        best = np.quantile(truth, quantile, method="inverted_cdf") if len(truth) else 0.0
        own_loss, constant_loss = (
            np.maximum(quantile * gap, (quantile - 1) * gap)
            for gap in (truth - guess, truth - best)
        )
        clips, method = both["clip_id"].to_numpy(), "ratio of mean pinball losses"
        figure = ratio(own_loss, constant_loss, clips, method)
        yield found.row("regression_loss_ratio", {"threshold": threshold}, figure)


def code_rows(found: Findings) -> Rows:
    """``codes_used`` and ``code_perplexity`` of the tokens that binary search kept.

    Perplexity is that of the empirical distribution, which a sample smaller than the codebook
    underestimates; ``n`` is the number of tokens.
    """
    for model in found.models:
        for threshold in found.limits:
            lists = found.coded(model, threshold, split=None)["codes"].drop_nulls()
            if lists.is_empty():
                continue
            numbers = np.concatenate([np.array(one) for one in lists.to_list()])
            _, counts = np.unique(numbers, return_counts=True)
            p = counts / counts.sum()
            perplexity = float(np.exp(-(p * np.log(p)).sum()))
            parts = {"threshold": threshold}
            n = len(numbers)
            yield row(model, "codes_used", parts, described(float(len(counts)), THESE, n=n))
            yield row(model, "code_perplexity", parts, described(perplexity, THESE, n=n))
