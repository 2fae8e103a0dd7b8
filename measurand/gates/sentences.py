"""A gate's result in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from measurand.gates.verdict import GateResult

_HEADS = {
    "pass": "passes",
    "fail": "fails",
    "inconclusive": "is undecided",
    "error": "could not be put",
}
_RULES = {
    "threshold": "pass if the bound on the unfavourable side meets the limit, fail if the bound "
    "on the favourable side misses it, else undecided",
    "non_inferiority": "pass if the bound on the unfavourable side stays within the margin, fail "
    "if the bound on the favourable side exceeds it, else undecided; a difference of exactly the "
    "margin is no pass",
}


def figures(*values: float | None) -> list[str]:
    """Numbers with four significant digits, or with more where distinct ones would look equal.

    >>> figures(0.69999996, 0.7)
    ['0.69999996', '0.7']
    """
    known = [v + 0.0 for v in values if v is not None]
    for digits in range(4, 17):
        texts = {f"{v:.{digits}g}" for v in known}
        if len(texts) >= len(set(known)):
            break
    return ["undefined" if v is None else f"{v + 0.0:.{digits}g}" for v in values]


def describe(result: GateResult) -> str:
    """One plain sentence or a few: what was found, the bound, the limit, what would decide."""
    head = f"{result.name} {_HEADS[result.state]}: "
    if result.state == "error":
        return head + (result.detail or result.reason_code)
    if result.reason_code == "no_baseline":
        return (
            f"{head}there is no baseline yet ({result.detail}); "
            "the absolute gate on the same metric decides."
        )
    if result.estimate is None:
        why = f" ({result.detail})" if result.detail else ""
        return f"{head}{result.metric} is undefined{why}."
    body = _difference(result) if result.test == "non_inferiority" else _level(result)
    return head + " ".join(x for x in (body, _sample(result), _more(result), _looks(result)) if x)


def explain(result: GateResult) -> list[str]:
    """The rule and the figures behind a result, one line each."""
    lines = []
    if result.test is not None and result.state != "error":
        lines.append(f"rule: {_RULES.get(result.test, result.test)}")
    facts: Sequence[tuple[str, object]] = (
        ("reason", result.reason_code),
        ("evidence", result.source),
        ("method", result.method),
        ("estimate, lower, upper", _triple(result)),
        ("one-sided alpha", result.alpha),
        ("p", None if result.p is None else f"{result.p:.3g}"),
        ("standard deviation of a unit", _short(result.sd)),
        ("smallest detectable effect", _short(result.mde)),
        ("power", result.power),
        (
            "least sample",
            None if result.min_n is None else f"{result.min_n} in {result.min_clusters} clusters",
        ),
        ("needed", _needed(result)),
        ("resamples", result.resamples),
        ("seed", result.seed),
        ("rows", ", ".join(f"{k} {v}" for k, v in result.counts) or None),
        ("flags", ", ".join(result.flags) or None),
        ("note of the evidence", None if result.state == "error" else result.detail),
        ("candidate", result.candidate_hash),
        ("baseline", result.baseline),
        ("baseline hash", result.baseline_hash),
        ("severity", result.severity),
    )
    lines += [f"{name}: {value}" for name, value in facts if value is not None]
    return lines


def _level(r: GateResult) -> str:
    found, lower, upper, limit = figures(r.estimate, r.lower, r.upper, r.limit)
    side = "at least" if r.direction == "higher" else "at most"
    text = f"{r.metric} is {found}{_range(r, lower, upper)}; the limit is {side} {limit}."
    return text


def _range(r: GateResult, lower: str, upper: str) -> str:
    """The bound that decided, or both where none did."""
    if "exact" in r.flags:
        return ", an exact figure"
    if r.lower is None and r.upper is None:
        return ", without an interval" + (f" ({r.detail})" if r.detail else "")
    sure = f"with {_confidence(r)} confidence"
    low_decides = (r.state == "pass") == (r.direction == "higher")
    if r.state in ("pass", "fail"):
        return f", {sure} at least {lower}" if low_decides else f", {sure} at most {upper}"
    return f", {sure} at least {lower} and at most {upper}"


def _difference(r: GateResult) -> str:
    assert r.estimate is not None
    loss = None if r.margin is None else (-r.margin if r.direction == "higher" else r.margin)
    ends = [r.estimate, r.lower, r.upper, loss]
    found, lower, upper, margin = (
        _signed(v, t) for v, t in zip(ends, figures(*_sizes(ends)), strict=True)
    )
    base = f"{r.baseline or 'baseline'}"
    if r.baseline_estimate is not None:
        base += f", which has {figures(r.baseline_estimate)[0]}"
    sure = f"with {_confidence(r)} confidence"
    if r.lower is None or r.upper is None:
        span = "without an interval" + (f" ({r.detail})" if r.detail else "")
    elif r.state in ("pass", "fail"):
        worst, best = (lower, upper) if r.direction == "higher" else (upper, lower)
        span = f"{sure} at worst {worst}" if r.state == "pass" else f"{sure} at best {best}"
    else:
        span = f"{sure} between {lower} and {upper}"
    return f"{r.metric} is {found} than the baseline ({base}), {span}; {margin} would be too much."


def _sizes(values: Sequence[float | None]) -> list[float | None]:
    return [None if v is None else abs(v) for v in values]


def _signed(value: float | None, size: str) -> str:
    if value is None:
        return "undefined"
    if value == 0:
        return "0 higher or lower"
    return f"{size} {'higher' if value > 0 else 'lower'}"


def _sample(r: GateResult) -> str:
    if r.n is None:
        return (
            "The evidence does not say on how many rows it rests."
            if r.reason_code == "underpowered"
            else ""
        )
    unit = "items" if r.source == "items" else "rows"
    size = f"{r.n} {unit}" + (f" in {r.clusters} clusters" if r.clusters is not None else "")
    if r.reason_code == "underpowered":
        return f"{size} are fewer than the least sample of {r.min_n} in {r.min_clusters} clusters."
    return f"({size}.)"


def _more(r: GateResult) -> str:
    if r.state != "inconclusive" or "exact" in r.flags:
        return ""
    if r.n_needed is None:
        if r.sd is None:
            return ""
        return "It lies so near the limit that no realistic sample would decide."
    unit = "items" if r.source == "items" else "rows"
    more = max(0, r.n_needed - (r.n or 0))
    text = f"About {more} more {unit}"
    if r.clusters_needed is not None and r.clusters is not None and r.clusters != r.n:
        text += f" ({max(0, r.clusters_needed - r.clusters)} more clusters)"
    if more == 0:
        return ""
    return f"{text} would decide, were the truth as measured (power {100 * (r.power or 0):.3g}%)."


def _needed(r: GateResult) -> str | None:
    if r.n_needed is None:
        return None
    return f"{r.n_needed}" + (f" in {r.clusters_needed} clusters" if r.clusters_needed else "")


def _looks(r: GateResult) -> str:
    if r.looks < 2 or "exact" in r.flags:
        return ""
    return f"This is look {r.looks} at one question, so alpha is divided by {r.looks}."


def _confidence(r: GateResult) -> str:
    return f"{100 * (1 - (r.alpha or 0)):.4g}%"


def _triple(r: GateResult) -> str | None:
    return None if r.estimate is None else ", ".join(figures(r.estimate, r.lower, r.upper))


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"
