"""Metrics for Inspect: how sure a score is, how far its epochs agree, what changed since a log.

Loaded by Inspect through the entry point ``inspect_ai``. In a task::

    from measurand.plugins.inspect_metrics import interval, paired, repeats

    @scorer(metrics=[interval(cluster="passage"), repeats(), paired("logs/before.eval")])

Every epoch reaches them (``scores="unreduced"``): epochs of a sample are averaged first and never
count as more samples. A figure that is undefined is NaN in the log, as Inspect has no null there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspect_ai.scorer import Metric, SampleScore, metric

from measurand.errors import InputError

if TYPE_CHECKING:
    from measurand.stats.estimate import Estimate

Figures = Mapping[str, float]


@metric(scores="unreduced")
def interval(cluster: str | None = None) -> Metric:
    """Mean with its 95% interval over samples, or over clusters of samples.

    Args:
        cluster: key of the samples' metadata that names what was sampled (passage, site, ...).

    Returns:
        ``mean``, ``low``, ``high``, ``samples`` and, with clusters, ``clusters``; as
        :func:`measurand.analysis.figures.mean_of` makes them.
    """

    def figures(scores: list[SampleScore]) -> Any:
        from measurand.analysis.figures import mean_of

        table = _Table(scores, cluster)
        found = mean_of(table.means, table.clusters, single=table.single, binary=table.binary)
        more = {} if table.clusters is None else {"clusters": float(found.n_clusters or 0)}
        return {**_of(found, "mean"), "samples": float(len(table.means)), **more}

    return figures


@metric(scores="unreduced")
def repeats() -> Metric:
    """How far the epochs of a sample agree, and of all epochs, does one succeed, do all.

    Returns:
        ``agreement`` (share of variance between samples) with ``low`` and ``high``; for 0/1 scores
        ``pass_at_k`` and ``pass_hat_k``, with k all epochs. NaN with one epoch.
    """

    def figures(scores: list[SampleScore]) -> Any:
        import numpy as np

        from measurand.stats.passes import passes
        from measurand.stats.unbalanced import one_way

        table = _Table(scores, None)
        found = dict(_of(one_way(table.values), "agreement"))
        if table.binary and table.values.shape[1] > 1:
            known = ~np.isnan(table.values)
            successes, tries = np.nansum(table.values, axis=1), known.sum(axis=1).astype(float)
            k = int(tries.max())
            found["pass_at_k"] = _number(passes(successes, tries, k).value)
            found["pass_hat_k"] = _number(passes(successes, tries, k, "all").value)
        return found

    return figures


@metric(scores="unreduced")
def paired(baseline: str, cluster: str | None = None, score: str | None = None) -> Metric:
    """Difference from an earlier log on the samples that both hold.

    Args:
        baseline: path of the earlier ``.eval`` or ``.json`` log.
        cluster: key of the samples' metadata that names what was sampled.
        score: the earlier log's score; needed where it has several.

    Returns:
        ``difference`` (this run minus the earlier one) with ``low`` and ``high``, ``p`` of no
        difference, ``samples`` compared.

    Raises:
        InputError: code ``no_file``, ``no_metric`` (which score?) or ``no_common_item``.
    """

    def figures(scores: list[SampleScore]) -> Any:
        import numpy as np

        from measurand.stats.means import paired_difference
        from measurand.stats.paired import t_test

        table = _Table(scores, cluster)
        before = _earlier(Path(baseline), score)
        kept = np.array([i in before for i in table.samples], np.bool_)
        if not kept.any():
            raise InputError(
                f"{baseline}: no sample of this run",
                hint="give a log of the same samples",
                code="no_common_item",
            )
        then = np.array([before[i] for i in np.array(table.samples, object)[kept]])
        clusters = None if table.clusters is None else table.clusters[kept]
        found = paired_difference(table.means[kept], then, clusters)
        p = t_test(found)
        return {
            **_of(found, "difference"),
            "p": _number(p),
            "samples": float(kept.sum()),
        }

    return figures


class _Table:
    """Scores as samples by epochs."""

    def __init__(self, scores: list[SampleScore], cluster: str | None) -> None:
        import numpy as np

        rows: dict[str, list[float]] = {}
        groups: dict[str, str] = {}
        for one in scores:
            name = str(one.sample_id)
            rows.setdefault(name, []).append(float(one.score.as_float()))
            if cluster is not None:
                found = (one.sample_metadata or {}).get(cluster)
                if found is None or (isinstance(found, float) and math.isnan(found)):
                    raise InputError(
                        f"sample {name} has no {cluster!r} in its metadata",
                        hint="name a key that every sample has",
                        code="no_cluster",
                    )
                groups[name] = str(found)
        self.samples = list(rows)
        most = max(map(len, rows.values()), default=0)
        self.values = np.full((len(rows), most), np.nan)
        for i, own in enumerate(rows.values()):
            self.values[i, : len(own)] = own
        known = ~np.isnan(self.values)
        scored = known.any(axis=1)
        self.values, self.samples = (
            self.values[scored],
            [s for s, kept in zip(self.samples, scored, strict=True) if kept],
        )
        self.means = (
            np.nanmean(self.values, axis=1) if len(self.values) else np.empty(0, np.float64)
        )
        self.clusters = None if cluster is None else np.array([groups[s] for s in self.samples])
        flat = self.values[~np.isnan(self.values)]
        self.binary = bool(np.isin(flat, (0.0, 1.0)).all())
        self.single = self.binary and most <= 1


def _earlier(log: Path, score: str | None) -> dict[str, float]:
    """Mean over epochs of each sample of an earlier log."""
    from measurand.analysis.scores import scores
    from measurand.interop.read import read
    from measurand.interop.rows import Wish

    found = list(scores(read([log], Wish()).table))
    named = [s for s in found if score is None or s.metric == score]
    if len(named) != 1 or len(named[0].models) != 1:
        raise InputError(
            f"{log}: scores {', '.join(s.metric for s in found)}",
            hint="name one: paired(baseline, score=...)",
            code="no_metric",
        )
    [one] = named
    values = one.values[:, 0]
    return {
        _sample(i): float(v) for i, v in zip(one.items, values, strict=True) if not math.isnan(v)
    }


def _sample(item: str) -> str:
    """Inspect's sample id of an item id, which begins with the task."""
    return item.split("/", 1)[-1]


def _of(found: Estimate, name: str) -> dict[str, float]:
    return {
        name: _number(found.value),
        "low": _number(found.ci_lo),
        "high": _number(found.ci_hi),
    }


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
