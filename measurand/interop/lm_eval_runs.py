"""What ``results_<time>.json`` of lm-evaluation-harness says: figures, how they are made, settings.

A metric's figure is made of its documents' values by its *aggregation*. Most are means. Others are
exp of a mean (perplexity), or scores of a whole corpus (F1, BLEU, ratios of sums) of which no
document has a part; tasks may bring functions of their own. What is a mean of documents, or exp of
one, is read; the others are left out by name, with the log's figure. An aggregation that is not
known is believed to be a mean only where the log's own figure is that mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from measurand.errors import InputError
from measurand.interop.account import Group, Measure, Own
from measurand.interop.inspect_files import loads
from measurand.interop.inspect_runs import text
from measurand.interop.rows import Log, as_float, plain

#: What the harness itself aggregates a metric by where the task names nothing.
DEFAULTS = {
    **dict.fromkeys(("perplexity", "brier_score", "f1", "bleu", "chrf", "chrf++", "ter"), None),
    "mcc": "matthews_corrcoef",
    "word_perplexity": "weighted_perplexity",
    "byte_perplexity": "weighted_perplexity",
    "bits_per_byte": None,
    "bypass": None,
}
#: Aggregations of the harness that no single document has a part of.
CORPUS = frozenset(
    (
        *("weighted_perplexity", "bits_per_byte", "f1", "matthews_corrcoef", "bleu", "chrf"),
        *("chrf++", "ter", "median", "bypass"),
    )
)
MEANS = frozenset({"mean", "nanmean"})
NATS = " (nats)"
"""Ending of a metric whose rows are nats and whose figure is exp of their mean."""
UNKNOWN = "unknown"
"""Aggregation of a metric that the results file does not describe."""
EQUAL = 1e-6


def number(value: Any) -> float | None:
    """A metric's value as a number; None where it is none."""
    return as_float(value) if isinstance(value, (bool, int, float)) else None


def nats(value: Any) -> float | None:
    """Minus a log-likelihood: what perplexity is exp of the mean of."""
    found = number(value)
    return None if found is None else -found


def brier(value: Any) -> float | None:
    """Brier score of one document: squared distance of the probabilities from the answer.

    Source: Brier (1950), Monthly Weather Review 78, 1-3, the sum over classes.
    """
    if not (isinstance(value, list) and len(value) == 2):
        return number(value)
    gold, shares = value
    try:
        # An array is written as numpy prints it, to eight digits: "[0.2 0.8]".
        parts = shares.strip("[] ").split() if isinstance(shares, str) else shares
        apart = np.array(parts, dtype=float)
        apart[int(gold)] -= 1
        return float((apart**2).sum())
    except (ValueError, TypeError, IndexError):
        return None


@dataclass
class Run:
    """A results file; empty where there is none beside the samples.

    Attributes:
        file: the results file.
        about: its content.
        logs: the sample logs that lie beside it.
    """

    file: Path | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    logs: list[Log] = field(default_factory=list)

    @property
    def model(self) -> str | None:
        """Name of the model, as the harness writes it."""
        name = self.about.get("model_name") or self.about.get("model_source")
        return None if name is None else str(name)

    def planned(self, task: str) -> int | None:
        """Documents that the run was to ask."""
        return _count(_dict(self.about.get("n-samples"), task).get("effective"))

    def documents(self, task: str) -> int | None:
        """Documents that the task has."""
        return _count(_dict(self.about.get("n-samples"), task).get("original"))

    def aggregation(self, task: str, metric: str) -> str:
        """How the metric's figure is made: a name of the harness, or source of the task's own."""
        for entry in _dict(self.about.get("configs"), task).get("metric_list") or ():
            if isinstance(entry, dict) and entry.get("metric") == metric:
                if entry.get("aggregation") is not None:
                    return _aggregation_name(str(entry["aggregation"]))
                return DEFAULTS.get(metric) or (metric if metric in DEFAULTS else "mean")
        if metric in DEFAULTS:
            return DEFAULTS[metric] or metric
        return UNKNOWN if self.file else "mean"

    def values(self, task: str, metric: str) -> tuple[str, Callable[[Any], float | None]] | None:
        """Ending of the metric's name and how its values are read; None where they are not."""
        made = self.aggregation(task, metric)
        if made == "perplexity":
            return NATS, nats
        if made == "brier_score":
            return "", brier
        # A name of the harness may stand for a task's own values: squad's f1 is one a document.
        known = made in CORPUS and (self.file is not None or metric not in ("f1", "bleu", "chrf"))
        return None if known else ("", number)

    def status_of_nan(self, task: str, metric: str) -> str:
        """What a value is that is no finite number: of no account, or a failure."""
        return "skipped" if self.aggregation(task, metric) == "nanmean" else "model_error"

    def told(self, task: str, label: str) -> float | None:
        """The log's own figure of a metric, or of ``metric,filter``."""
        results = _dict(self.about.get("results"), task)
        for key in (label, f"{label},none", *(k for k in results if k.startswith(f"{label},"))):
            value = results.get(key)
            if isinstance(value, (int, float)) and math.isfinite(value):
                return float(value)
        return None

    def metrics(self, task: str) -> frozenset[str]:
        """Metrics that the results name for a task; empty where they name none."""
        found = (key.partition(",")[0] for key in _dict(self.about.get("results"), task))
        errors = (name for name in found if not name.endswith("_stderr"))
        return frozenset(name for name in errors if name not in ("alias", "sample_len", "name"))

    def better(self, task: str, metric: str) -> bool | None:
        """Whether more is better, where the log says."""
        found = _dict(self.about.get("higher_is_better"), task).get(metric)
        return found if isinstance(found, bool) else None

    def settings(self, task: str) -> tuple[dict[str, str], dict[str, str]]:
        """Settings that tell runs of one model apart, and facts that are no setting."""
        config, about = self.about.get("config") or {}, self.about
        found = {
            "model_args": config.get("model_args"),
            "gen_kwargs": config.get("gen_kwargs"),
            "num_fewshot": _dict(about, "n-shot").get(task),
            "fewshot_seed": config.get("fewshot_seed"),
            "limit": config.get("limit"),
            "task_version": _dict(about, "versions").get(task),
            "chat_template": about.get("chat_template_sha"),
            "system_instruction": about.get("system_instruction"),
            "fewshot_as_multiturn": about.get("fewshot_as_multiturn"),
        }
        more = {
            "date": about.get("date"),
            "version": about.get("lm_eval_version"),
            "git_hash": about.get("git_hash"),
        }
        return (
            {k: text(v) for k, v in found.items() if v not in (None, "")},
            {k: text(v) for k, v in more.items() if v is not None},
        )


def read(file: Path | None) -> Run:
    """The run that a results file tells of.

    Raises:
        InputError: code ``bad_log``: it is no JSON object.
    """
    if file is None:
        return Run()
    try:
        about = loads(file.read_bytes())
        if not isinstance(about, dict):
            raise ValueError("no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: {error}", hint="write the log again", code="bad_log") from error
    return Run(file, about)


def figures(run: Run, log: Log) -> None:
    """Directions and own figures of the metrics of a log; unknown aggregations are put to them."""
    task, account = plain(log.task), log.account
    for label in sorted(log.table.column("metric").unique().to_pylist()):
        metric, _, kept = label.partition(",")
        exponential = metric.endswith(NATS)
        name = metric.removesuffix(NATS)
        own = run.told(log.task, f"{name},{kept}" if kept else name)
        made = run.aggregation(log.task, name)
        if not _believed(made, log, label, own):
            why = "its figure is made by a function of the task and is no mean of documents"
            account.leave("metric", f"{task}, {label}", why, told=own)
            log.table = log.table.filter(pc.not_equal(log.table.column("metric"), label))
            continue
        shown = (f"{name},{kept}" if kept else name) if exponential else ""
        better = run.better(log.task, name)
        better = False if exponential else better
        account.measures[task, label] = Measure(better, exponential, shown)
        if own is not None:
            account.own.append(Own(log.name, log.model, task, label, shown or label, own))


def _believed(made: str, log: Log, label: str, own: float | None) -> bool:
    """Whether a metric's figure is the mean of its rows."""
    if made in (*MEANS, "perplexity", "brier_score"):
        return True
    if made == UNKNOWN and own is None:
        return True
    return own is not None and _is_mean(log, label, own, alike=made == UNKNOWN)


def _is_mean(log: Log, label: str, own: float, *, alike: bool) -> bool:
    """Whether the log's own figure is the mean of values that are not all the same."""
    x = np.array(_values(log, label))
    if not len(x) or (len(np.unique(x)) < 2 and not alike):
        return False
    return math.isclose(x.mean(), own, rel_tol=EQUAL, abs_tol=1e-9)


def whole(run: Run) -> list[str]:
    """What is to be said of a run as a whole: its groups of tasks, tasks without samples.

    Returns:
        Notes for the reader.
    """
    logs = run.logs
    if run.file is None:
        return [
            f"{log.name}: no results file lies beside it: scores are taken as means over "
            "documents, and no figure of the log can be held against them."
            for log in logs[:1]
        ]
    account, read = logs[0].account, {log.task for log in logs}
    notes = [text for log in logs for text in _parts(run, log)]
    groups = {k: v for k, v in _dict(run.about, "group_subtasks").items() if v}
    time = run.file.name.removeprefix("results_").removesuffix(".json")
    for task in _dict(run.about, "results"):
        beside = run.file.with_name(f"samples_{task}_{time}.jsonl")
        if task not in groups and task not in read and not beside.is_file():
            account.leave("task", plain(task), f"{run.file.name} names it, no samples are there")
    for name in groups:
        leaves = _leaves(name, groups, set())
        if len(leaves) < 2 or not read & set(leaves):
            continue
        if missing := [t for t in leaves if t not in read]:
            why = f"a group of tasks, of which {missing[0]} is not given"
            account.leave("task", plain(name), why)
            continue
        account.groups.append(Group(plain(name), tuple(plain(t) for t in leaves)))
        _group_figures(run, name)
    return notes


def _parts(run: Run, log: Log) -> Iterator[str]:
    """What a log says of documents that are not in it."""
    task, seen = plain(log.task), log.account.states[0].seen
    there, asked = run.documents(log.task), run.planned(log.task)
    if asked is not None and seen < asked:
        yield f"{task}: {seen:,} of {asked:,} documents are in the log of {log.model}."
    if asked is not None and there is not None and asked < there:
        yield f"{task}: {log.model} was asked {asked:,} of its {there:,} documents (--limit)."


def _group_figures(run: Run, group: str) -> None:
    log = run.logs[0]
    labels = {label for other in run.logs for _, label in other.account.measures}
    for label in sorted(labels):
        metric, _, kept = label.partition(",")
        name = metric.removesuffix(NATS)
        own = run.told(group, f"{name},{kept}" if kept else name)
        if own is not None:
            log.account.own.append(Own(log.name, log.model, plain(group), label, name, own))
            _say_weights(run, group, label, own)


def _say_weights(run: Run, group: str, label: str, own: float) -> None:
    """Say where a group's own figure weighs its tasks alike, whatever their sizes."""
    sums = [
        (float(np.sum(x)), len(x))
        for log in run.logs
        if len(x := _values(log, label))
        and log.task in _leaves(group, _dict(run.about, "group_subtasks"), set())
    ]
    if len(sums) < 2:
        return
    alike = sum(total / n for total, n in sums) / len(sums)
    pooled = sum(total for total, _ in sums) / sum(n for _, n in sums)
    if math.isclose(own, alike, rel_tol=EQUAL) and not math.isclose(own, pooled, rel_tol=EQUAL):
        run.logs[0].account.understood.append(
            f"{plain(group)}, {label}: the log's own figure is the mean of its tasks' means "
            "(weight_by_size: false); here every document counts alike."
        )


def _values(log: Log, label: str) -> list[float]:
    kept = log.table.filter(pc.equal(log.table.column("metric"), label))
    return list(kept.column("value").drop_null().to_pylist())


def _leaves(name: str, groups: Mapping[str, Any], seen: set[str]) -> list[str]:
    """Tasks of a group and of the groups in it."""
    if name in seen:
        return []
    seen.add(name)
    parts = groups.get(name) or []
    if not parts:
        return [name]
    found = [leaf for part in parts for leaf in _leaves(part, groups, seen)]
    return list(dict.fromkeys(found))


def _aggregation_name(aggregation: str) -> str:
    """A name of the harness, or ``a function of the task``."""
    word = aggregation.strip()
    if word.startswith("<function "):
        word = word.removeprefix("<function ").split(" ")[0]
    return word if word.isidentifier() or word in CORPUS else "a function of the task"


def _count(value: Any) -> int | None:
    """A number of documents; None where it is none."""
    return value if isinstance(value, int) and 0 <= value < 10**12 else None


def _dict(value: Any, name: str) -> Mapping[str, Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}
