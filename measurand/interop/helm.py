"""Runs of HELM: ``per_instance_stats.json`` with ``scenario_state.json`` and ``run_spec.json``.

Scores of single instances stand in the statistics, what an instance says in the scenario's state.
Trials with other training examples are repeats; a perturbation is part of the metric's name
(``exact_match,typos``), since the same instance is asked in another form; so is a split other than
the test's. Counts of tokens, times and the like are no scores and are left out by name.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from measurand.interop.account import Own
from measurand.interop.damage import guarded
from measurand.interop.inspect_files import array_items
from measurand.interop.rows import Fields, Log, Wish, cluster_note, plain
from measurand.interop.samples import Sample, Samples, found, json_file
from measurand.packed import name_of, opened

SYSTEM = "helm"
HARNESS = "HELM"
FILE = "per_instance_stats.json"
#: Names of statistics that describe how a run went and not how good answers are.
_HOUSEKEEPING = re.compile(
    r"num_.*|max_prob|logprob.*|batch_size|training_.*|inference_.*|finish_reason_.*|"
    r"prompt_truncated|estimated_num_tokens_cost|.*_runtime|.*_cost|.*_energy.*"
)
_OF_MODEL = re.compile(r",?\b(model|model_deployment)=[^,]*")


def logs(path: Path) -> list[Path]:
    """Statistics of instances at or below ``path``; a state that is named stands for its run."""
    if path.is_file() and name_of(path).startswith("scenario_state.json"):
        path = path.with_name(FILE)
        return [path] if path.is_file() else []
    return found(path, (FILE,), lambda file: name_of(file) == FILE)


def read(files: list[Path], wish: Wish) -> tuple[list[Log], list[str]]:
    """Rows of each run, and notes.

    Raises:
        InputError: code ``bad_log`` or ``no_field``.
    """
    fields = Fields()
    every = []
    for file in files:
        with guarded(file, HARNESS):
            every.append(_read(file, wish, fields))
    return every, cluster_note(wish, fields)


def _read(file: Path, wish: Wish, fields: Fields) -> Log:
    spec = json_file(file.with_name("run_spec.json"), HARNESS) or {}
    adapter = spec.get("adapter_spec") or {}
    name = str(spec.get("name") or file.resolve().parent.name)
    task = _OF_MODEL.sub("", name).strip(":,")
    model = str(adapter.get("model") or _named(name) or file.resolve().parent.name)
    taken = Samples(task, model, wish, fields)
    said, failed = _instances(file)
    idle: Counter[str] = Counter()
    with opened(file) as stream:
        for one in array_items(stream):
            taken.take(_sample(one, said, failed, idle))
    settings = {
        key: str(adapter[key])
        for key in ("method", "max_train_instances", "temperature", "instructions")
        if adapter.get(key) is not None
    }
    log = taken.log(file, settings)
    if not said:
        log.account.understood.append(
            f"{file.name}: no scenario_state.json beside it: what instances say is not known."
        )
    for metric, n in idle.items():
        log.account.leave(
            "metric", f"{plain(task)}, {metric}", "tells how the run went: no score", n
        )
    log.account.own += _own(file, taken)
    return log


def _named(name: str) -> str:
    found = re.search(r"\bmodel=([^,]*)", name)
    return found[1] if found else ""


def _sample(
    one: dict[str, Any],
    said: dict[str, tuple[Any, dict[str, Any]]],
    failed: dict[tuple[str, int], str],
    idle: Counter[str],
) -> Sample:
    item, trial = str(one["instance_id"]), int(one["train_trial_index"])
    kind = (one.get("perturbation") or {}).get("name")
    scores: dict[str, Any] = {}
    for stat in one["stats"]:
        name = stat["name"]["name"]
        if _HOUSEKEEPING.fullmatch(name):
            idle[name] += 1
            continue
        if not stat.get("count"):
            continue
        split = stat["name"].get("split")
        label = name if split in (None, "test") else f"{name},{split}"
        scores[label if kind is None else f"{label},{kind}"] = stat["sum"] / stat["count"]
    content, fields = said.get(item, (None, {}))
    why = failed.get((item, trial)) if kind is None else None
    return Sample(item, scores, content, fields, why, trial)


def _instances(
    file: Path,
) -> tuple[dict[str, tuple[Any, dict[str, Any]]], dict[tuple[str, int], str]]:
    """What each instance says with its fields, and requests that failed with their reasons."""
    state = json_file(file.with_name("scenario_state.json"), HARNESS) or {}
    said: dict[str, tuple[Any, dict[str, Any]]] = {}
    failed = {}
    for request in state.get("request_states", ()):
        own = request["instance"]
        if own.get("perturbation") is not None:
            continue
        references = [(r.get("output") or {}).get("text") for r in own.get("references") or ()]
        content = [(own.get("input") or {}).get("text"), references]
        fields = {k: own[k] for k in ("split", "sub_split") if own.get(k) is not None}
        fields |= own.get("extra_data") or {}
        said.setdefault(str(own["id"]), (content, fields))
        result = request.get("result") or {}
        if result.get("success") is False:
            place = str(own["id"]), int(request.get("train_trial_index") or 0)
            failed[place] = str(result.get("error") or "the request failed")
    return said, failed


def _own(file: Path, taken: Samples) -> list[Own]:
    """The run's own means of instances, without perturbations, of the test's split."""
    own = []
    for stat in json_file(file.with_name("stats.json"), HARNESS) or ():
        name = stat["name"]
        if name.get("perturbation") is not None or name.get("split") not in (None, "test"):
            continue
        known = (file.name, taken.model, plain(taken.task), name["name"], name["name"])
        if stat.get("count") and name["name"] in taken.metrics:
            own.append(Own(*known, stat["sum"] / stat["count"]))
    return own
