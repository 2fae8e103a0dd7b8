"""Why a gate came out as it did, in plain words: the question, the answer, what would decide."""

from __future__ import annotations

from collections.abc import Sequence

from measurand.gates.telling.sentences import confidence, figures, repeats, weak
from measurand.gates.verdict import GateResult

#: What each test asks.
RULES = {
    "threshold": "pass if the bound on the unfavourable side meets the limit, fail if the bound "
    "on the favourable side misses it, else undecided",
    "non_inferiority": "pass if the bound on the unfavourable side stays within the margin, fail "
    "if the bound on the favourable side exceeds it, else undecided; a difference of exactly the "
    "margin is no pass",
    "equivalence": "pass if both bounds lie within the margin (two one-sided tests), fail if one "
    "lies beyond it on its own far side, else undecided",
    "superiority": "pass if even the bound on the unfavourable side is a gain, fail if even the "
    "bound on the favourable side is a loss, else undecided",
    "regression": "fail if even the bound on the favourable side is a loss, else a weak pass: a "
    "small sample passes easily, so prefer non_inferiority where a pass should mean something",
    "exact_equal": "pass if no item differs, fail if one does; no sampling error is involved",
}

#: Why a gate that could be put came out as it did, by reason code.
DECIDED = {
    "limit_met": "The whole range that the sample leaves open meets the limit.",
    "limit_not_met": "Even the best value that the sample leaves open misses the limit.",
    "not_worse": "Even the worst difference that the sample leaves open is within the margin.",
    "worse": "Even the best difference that the sample leaves open is more loss than is allowed.",
    "equivalent": "Every difference that the sample leaves open is smaller than the margin, either "
    "way.",
    "different": "Every difference that the sample leaves open is larger than the margin.",
    "better": "Even the worst difference that the sample leaves open is a gain.",
    "regressed": "Even the best difference that the sample leaves open is a loss.",
    "no_regression_shown": "The sample leaves open that nothing was lost. It may leave open a "
    "loss too: absence of evidence is no evidence of absence.",
    "better_uncorrected": "Alone this gate would have passed, but among so many gates one such "
    "gain is to be expected by luck.",
    "regressed_uncorrected": "Alone this gate would have failed, but among so many gates one such "
    "loss is to be expected by luck.",
    "equal": "No item's score differs.",
    "unequal": "Scores differ where they should be the same.",
    "undecided": "The sample leaves open values on both sides of the line: it can tell neither.",
    "underpowered": "The sample is smaller than the least that the gate file asks for; narrow "
    "bounds of so few are luck, so they decide nothing.",
    "no_interval": "The figure comes without the bound that would decide.",
    "undefined": "The figure does not exist on this sample, and what does not exist cannot pass.",
    "no_baseline": "There is nothing to compare with yet; the absolute gate on the same metric "
    "decides alone this once.",
}

#: The same of figures without sampling error.
_EXACT = {
    "limit_met": "The figure is exact and meets the limit.",
    "limit_not_met": "The figure is exact and misses the limit.",
    "not_worse": "The figure is exact and within the margin.",
    "worse": "The figure is exact and beyond the margin.",
}

#: What kind of fault kept a gate from being put, by reason code.
FAULTS = {
    "missing_metric": "What the gate asks about is not among the results.",
    "other_system": "The results are of another system than the gate file names.",
    "empty_slice": "No row belongs to the slice, or none has a score.",
    "id_mismatch": "The same item cannot be found exactly once on each side.",
    "item_changed": "The same id stands for two documents.",
    "two_scales": "One side's scores are shares, the other's percentages or points.",
    "infra_errors": "Too many rows were lost to infrastructure; a lost row is not a wrong answer.",
    "nan_value": "A score is missing or not finite, and the gate does not say what that means.",
    "too_many_dropped": "Leaving out so many rows could decide the outcome by itself.",
    "uneven_drop": "Rows were left out on one side more than on the other.",
    "overflow": "The scores are beyond what double precision can add up.",
    "bad_statistic": "The statistic contradicts itself.",
    "bad_evidence": "The evidence cannot be read.",
    "labels_unmatched": "It is not clear which items people's labels belong to.",
    "not_binary": "The interval asked for is of right and wrong answers, and these scores are not.",
    "clustered_proportion": "The interval asked for takes items as independent, and they are not.",
    "bootstrap_at_edge": "Resampling so few deviating items would give an interval that is too "
    "narrow.",
    "beyond_range": "Bets need scores within the range stated in the gate file.",
    "schema_drift": "The two results do not have the same columns, types, units or major version.",
    "dataset_changed": "The two sides answered different datasets.",
    "dataset_unknown": "The results do not say which dataset they answered.",
    "instrument_changed": "Scorer, judge or prompts differ: a difference may be theirs, not the "
    "model's.",
    "low_overlap": "Too few items are common to both sides.",
    "orders_mixed": "A run that ends when it is decided holds in one order of its clusters only.",
    "baseline_unresolved": "The baseline cannot be found.",
    "anchor_moves": "An anchor that moves guards against nothing.",
    "rel_margin_undefined": "A share of nothing is no margin.",
    "unpaired_statistic": "A finished statistic holds no items to pair.",
    "verify_failed": "The files are not what their manifest says.",
    "partial_run": "Only a part of the items was run.",
}


def explain(result: GateResult) -> list[str]:
    """Why, what would decide, and the figures behind a result, one line each."""
    lines = [f"why: {why(result)}"]
    if result.test is not None and result.state != "error":
        lines.append(f"rule: {RULES.get(result.test, result.test)}")
    lines += [f"{name}: {value}" for name, value in _prospects(result) if value]
    return lines + [f"{name}: {value}" for name, value in _facts(result) if value is not None]


def why(result: GateResult) -> str:
    """One sentence for the reason code, and what the gate then does to the exit code."""
    known = DECIDED | FAULTS
    if "exact" in result.found.flags and result.test in ("threshold", "non_inferiority"):
        known = known | _EXACT
    text = known.get(result.reason_code, "")
    if result.state == "error" and result.detail:
        text = f"{text} {result.detail}."
    return f"{text} {_consequence(result)}".strip()


def _consequence(r: GateResult) -> str:
    if r.state == "pass":
        return ""
    if r.effect == "pass":
        return "It only warns and does not change the exit code."
    if r.state == "error":
        return "Nothing was decided; the command ends with 3 until it is mended."
    return f"It blocks: the command ends with {1 if r.state == 'fail' else 2} or worse."


def _prospects(r: GateResult) -> Sequence[tuple[str, str]]:
    """What this sample can show, and what would decide."""
    if r.state == "error" or "exact" in r.found.flags or r.found.estimate is None:
        return ()
    return (("what this sample can show", _power(r)), ("what would decide", _enough(r)))


def _power(r: GateResult) -> str:
    if r.decision.mde is None:
        return "unknown: there is no standard error to go by"
    size = "" if r.found.n is None else f"{r.found.n} {_unit(r)}{_in_clusters(r)} show "
    line = "limit" if r.test == "threshold" else "margin"
    free = r.test in ("superiority", "regression")
    what = "a true difference" if free else f"a distance of the truth from the {line}"
    return f"{size}{what} of {figures(r.decision.mde)[0]} or more with {_percent(r.power)} power"


def _enough(r: GateResult) -> str:
    if r.decision.trainings_needed is not None:
        return (
            f"{repeats(r).replace('The', 'the', 1)}, were the truth as measured, with "
            f"{_percent(r.power)} power"
        )
    if r.decision.n_needed is None:
        if r.state == "inconclusive" and r.found.sd is not None and r.reason_code != "no_interval":
            if r.found.trainings is not None:
                return "more trainings: no realistic number of rows alone, for how far they differ"
            return "no realistic number: what was measured lies on the line itself"
        if r.reason_code == "no_interval":
            return "an interval: see the note of the evidence"
        return ""
    more = max(0, r.decision.n_needed - (r.found.n or 0))
    clusters = ""
    if (
        r.decision.clusters_needed is not None
        and r.found.clusters is not None
        and r.found.clusters != r.found.n
    ):
        clusters = f" in {max(0, r.decision.clusters_needed - r.found.clusters)} more clusters"
    if more == 0:
        return ""
    end = "show the loss that was measured" if weak(r) else "decide, were the truth as measured"
    total = f" ({r.decision.n_needed} in all)"
    return (
        f"about {more} more {_unit(r)}{clusters}{total} would {end}, with {_percent(r.power)} power"
    )


def _unit(r: GateResult) -> str:
    return "items" if r.source == "items" else "rows"


def _in_clusters(r: GateResult) -> str:
    return f" in {r.found.clusters} clusters" if r.found.clusters not in (None, r.found.n) else ""


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0):.3g}%"


def _facts(r: GateResult) -> Sequence[tuple[str, object]]:
    least = None if r.min_n is None else f"{r.min_n} in {r.min_clusters} clusters"
    return (
        ("reason", r.reason_code),
        ("evidence", r.source),
        ("method", r.found.method or None),
        ("estimate, lower, upper", _triple(r)),
        (
            "one-sided alpha",
            f"{r.level.alpha:.6g} ({confidence(r)} sure)",
        ),
        ("p", _short(r.found.p, 3)),
        ("p corrected", None if r.level.correction is None else _short(r.level.p_adjusted, 3)),
        ("correction", r.level.correction),
        ("standard deviation of a unit", _short(r.found.sd)),
        ("smallest detectable effect", _short(r.decision.mde)),
        ("power", r.power),
        ("least sample", least),
        ("needed", _needed(r)),
        ("resamples", r.found.resamples),
        ("seed", r.found.seed),
        ("rows", ", ".join(f"{k} {v}" for k, v in r.counts) or None),
        ("flags", ", ".join(r.found.flags) or None),
        ("note of the evidence", None if r.state == "error" else r.detail),
        ("candidate", r.candidate_hash),
        ("baseline", r.baseline),
        ("baseline hash", r.baseline_hash),
        ("severity", r.severity),
    )


def _needed(r: GateResult) -> str | None:
    if r.decision.n_needed is None:
        return None
    return f"{r.decision.n_needed}" + (
        f" in {r.decision.clusters_needed} clusters" if r.decision.clusters_needed else ""
    )


def _triple(r: GateResult) -> str | None:
    return (
        None
        if r.found.estimate is None
        else ", ".join(figures(r.found.estimate, r.found.lower, r.found.upper))
    )


def _short(value: float | None, digits: int = 4) -> str | None:
    return None if value is None else f"{value:.{digits}g}"
