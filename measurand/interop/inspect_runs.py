"""What a log of Inspect says of its run: settings, samples planned, reducers, its own figures."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from measurand.interop.account import Account, Measure, Own
from measurand.interop.rows import as_float

#: Metrics of Inspect that are the mean of the samples' values.
MEANS = frozenset({"accuracy", "mean"})
#: Metrics that say how sure another is; errors are made anew here.
ERRORS = frozenset({"stderr", "std", "var", "bootstrap_stderr", "ci", "ci_wilson"})
#: exp of the mean of the samples' values.
EXPONENTIAL = "perplexity_per_seq"
_LONG = 40
_MOST = 10**12
#: Settings of a run that change what is measured; others only change how fast.
_CONFIG = ("message_limit", "token_limit", "time_limit", "working_limit", "cost_limit")

Header = Mapping[str, Any]


def planned(about: Header) -> int | None:
    """Samples that a run was to have, epochs counted; None where the log does not say."""
    dataset = about.get("dataset") or {}
    ids = dataset.get("sample_ids")
    n = len(ids) if ids else dataset.get("samples")
    epochs = (about.get("config") or {}).get("epochs") or 1
    total = -1 if n is None else int(n) * int(epochs)
    return total if 0 <= total < _MOST else None


def reducer(about: Header) -> str | None:
    """Name of a reducer that is not the mean; None for the mean, or for none."""
    name = about.get("reducer")
    return None if name in (None, "mean") else str(name)


def reduces(header: Header) -> bool:
    """Whether the run makes another figure of a sample's epochs than their mean."""
    config = (header.get("eval") or {}).get("config") or {}
    names = config.get("epochs_reducer") or []
    scores = (header.get("results") or {}).get("scores") or ()
    return any(n != "mean" for n in names) or any(reducer(s) for s in scores)


def figures(
    log: str, header: Header, run: tuple[str, str], known: set[str], account: Account
) -> None:
    """The log's own figures: means to hold against ours, others by name.

    Args:
        log: name of the log.
        header: its header.
        run: model and task, as in the rows.
        known: metrics that rows were read of.
        account: where they are noted.
    """
    for score in (header.get("results") or {}).get("scores") or ():
        metric = _metric(score, known)
        metrics = (score.get("metrics") or {}).values()
        found = {_short(m): as_float(m["value"]) for m in metrics if m["value"] is not None}
        groups = {_short(m): str(m.get("group") or "") for m in metrics}
        if EXPONENTIAL in found and metric in known:
            measure = Measure(higher_is_better=False, exponential=True, shown=EXPONENTIAL)
            account.measures[run[1], metric] = measure
        for name, value in found.items():
            if not math.isfinite(value):
                continue
            if (name in MEANS or name == EXPONENTIAL) and metric not in known:
                why = "no rows have this name: values in lists are read place by place"
                account.leave("metric", f"{run[1]}, {metric}: {name}", why, told=value)
            elif name in MEANS or name == EXPONENTIAL:
                account.own.append(Own(log, *run, metric, name, value))
            elif name not in ERRORS and groups[name] not in ERRORS:
                why = "a figure of the log that is no mean of samples"
                account.leave("metric", f"{run[1]}, {metric}: {name}", why, told=value)


def _metric(score: Header, known: set[str]) -> str:
    """The name that rows of a score have."""
    scorer, name = str(score.get("scorer") or score["name"]), str(score["name"])
    base = f"{scorer}/{name}" if f"{scorer}/{name}" in known or name != scorer else scorer
    if base not in known and name in known:
        base = name  # the second of two scorers of one name
    reduced = reducer(score)
    return base if reduced is None else f"{base},{reduced}"


def _short(metric: Header) -> str:
    return str(metric["name"]).rsplit("/", 1)[-1]


def settings(header: Header) -> tuple[dict[str, str], dict[str, str]]:
    """Settings that tell a run from others of its model and task, and facts that are no setting."""
    about, plan = header["eval"], header.get("plan") or {}
    steps = [_step(s) for s in plan.get("steps") or ()]
    generate = {**(about.get("model_generate_config") or {}), **(plan.get("config") or {})}
    found: dict[str, Any] = {
        **_prefixed("task_args", about.get("task_args_passed") or about.get("task_args")),
        **_prefixed("model_args", about.get("model_args")),
        **_prefixed("config", generate),
        **_prefixed("config", {k: (about.get("config") or {}).get(k) for k in _CONFIG}),
        "solver": " > ".join(steps) or about.get("solver"),
        "task_version": about.get("task_version"),
        "model_base_url": about.get("model_base_url"),
        "model_roles": about.get("model_roles"),
        "commit": (about.get("revision") or {}).get("commit"),
    }
    more = {
        "date": about.get("created"),
        "run_id": about.get("run_id"),
        "eval_id": about.get("eval_id"),
        "task_id": about.get("task_id"),
        "version": (about.get("packages") or {}).get("inspect_ai"),
        "set": about.get("eval_set_id"),
    }
    return (
        {k: text(v) for k, v in found.items() if v is not None},
        {k: text(v) for k, v in more.items() if v is not None},
    )


def _step(step: Header) -> str:
    passed = step.get("params_passed")
    params = step.get("params") if passed is None else passed
    inside = ", ".join(f"{k}={text(v)}" for k, v in (params or {}).items())
    return f"{step.get('solver')}({inside})" if inside else str(step.get("solver"))


def _prefixed(name: str, values: Header | None) -> dict[str, Any]:
    return {f"{name}.{k}": v for k, v in (values or {}).items() if v is not None}


def text(value: Any) -> str:
    """A value in a name: short, and different where values differ."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    text = " ".join(text.split())
    if len(text) <= _LONG:
        return text
    return f"{text[: _LONG - 12]}~{hashlib.sha256(text.encode()).hexdigest()[:8]}"
