"""A gate's result in plain words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from measurand.gates.verdict import GateResult

_HEADS = {
    "pass": "passes",
    "fail": "fails",
    "inconclusive": "is undecided",
    "error": "could not be put",
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
    if result.found.estimate is None:
        why = f" ({result.detail})" if result.detail else ""
        few = f" {_too_few(result)}" if result.state == "inconclusive" and _is_small(result) else ""
        return f"{head}{result.metric} is undefined{why}.{few}"
    body = _BODIES.get(result.test or "", _level)(result)
    parts = (body, _sample(result), _corrected(result), _more(result), _looks(result))
    return head + " ".join(x for x in parts if x)


def _level(r: GateResult) -> str:
    found, lower, upper, limit = figures(r.found.estimate, r.found.lower, r.found.upper, r.limit)
    side = "at least" if r.direction == "higher" else "at most"
    text = f"{_metric(r)} is {found}{_range(r, lower, upper)}; the limit is {side} {limit}."
    return text


def _metric(r: GateResult) -> str:
    return f"{r.metric} as people would score it" if "labelled" in r.found.flags else f"{r.metric}"


def _unit(r: GateResult) -> str:
    if "labelled" in r.found.flags:
        return "labelled items"
    return "items" if r.source == "items" else "rows"


def _range(r: GateResult, lower: str, upper: str) -> str:
    """The bound that decided, or both where none did."""
    if "exact" in r.found.flags:
        return ", an exact figure"
    if r.found.lower is None and r.found.upper is None:
        return ", without an interval" + (f" ({r.detail})" if r.detail else "")
    sure = f"with {confidence(r)} confidence"
    low_decides = (r.state == "pass") == (r.direction == "higher")
    if r.state in ("pass", "fail"):
        return f", {sure} at least {lower}" if low_decides else f", {sure} at most {upper}"
    return f", {sure} at least {lower} and at most {upper}"


def _difference(r: GateResult) -> str:
    loss = None if r.margin is None else (-r.margin if r.direction == "higher" else r.margin)
    text, margin = _compared(r, loss)
    return f"{text}; {margin} would be too much."


def _compared(r: GateResult, mark: float | None) -> tuple[str, str]:
    """The difference with the bound that decided, and ``mark`` in the same digits."""
    assert r.found.estimate is not None
    ends = [r.found.estimate, r.found.lower, r.found.upper, mark]
    found, lower, upper, shown = (
        _signed(v, t) for v, t in zip(ends, figures(*_sizes(ends)), strict=True)
    )
    base = f"{r.baseline or 'baseline'}"
    if r.baseline_estimate is not None:
        base += f", which has {figures(r.baseline_estimate)[0]}"
    sure = f"with {confidence(r)} confidence"
    if r.found.lower is None or r.found.upper is None:
        span = "without an interval" + (f" ({r.detail})" if r.detail else "")
    elif r.state in ("pass", "fail") and r.test != "equivalence" and not weak(r):
        worst, best = (lower, upper) if r.direction == "higher" else (upper, lower)
        span = f"{sure} at worst {worst}" if r.state == "pass" else f"{sure} at best {best}"
    else:
        span = f"{sure} between {lower} and {upper}"
    return f"{_metric(r)} is {found} than the baseline ({base}), {span}", shown


def weak(r: GateResult) -> bool:
    """Whether a gate passes for want of evidence against it."""
    return r.test == "regression" and r.state == "pass"


def _equivalence(r: GateResult) -> str:
    text, _ = _compared(r, None)
    return f"{text} (each side alone); {figures(r.margin)[0]} either way would be too much."


def _superiority(r: GateResult) -> str:
    text, _ = _compared(r, None)
    return f"{text}; it must be shown to be {r.direction}."


def _regression(r: GateResult) -> str:
    text, _ = _compared(r, None)
    if not weak(r):
        return f"{text}; a loss is shown only where it is sure to be {_worse(r)}."
    seen = (
        ""
        if r.decision.mde is None
        else f"; a loss of {figures(r.decision.mde)[0]} would have been seen"
    )
    power = "" if r.decision.mde is None else f" (power {100 * (r.power or 0):.3g}%)"
    return f"{text}. No loss is shown, which is weak evidence that there is none{seen}{power}."


def _worse(r: GateResult) -> str:
    return "lower" if r.direction == "higher" else "higher"


def _exact(r: GateResult) -> str:
    base = r.baseline or "baseline"
    if r.found.estimate == 0:
        return f"{r.metric} is exactly that of the baseline ({base})."
    unequal = dict(r.counts).get("unequal")
    where = f"on {unequal} items, by at most" if unequal is not None else "by"
    return f"{r.metric} differs from the baseline ({base}) {where} {figures(r.found.estimate)[0]}."


_BODIES: dict[str, Callable[[GateResult], str]] = {
    "threshold": _level,
    "non_inferiority": _difference,
    "equivalence": _equivalence,
    "superiority": _superiority,
    "regression": _regression,
    "exact_equal": _exact,
}


def _sizes(values: Sequence[float | None]) -> list[float | None]:
    return [None if v is None else abs(v) for v in values]


def _signed(value: float | None, size: str) -> str:
    if value is None:
        return "undefined"
    if value == 0:
        return "0 higher or lower"
    return f"{size} {'higher' if value > 0 else 'lower'}"


def _sample(r: GateResult) -> str:
    if r.found.n is None:
        return (
            "The evidence does not say on how many rows it rests."
            if r.reason_code == "underpowered"
            else ""
        )
    return _too_few(r) if r.reason_code == "underpowered" else f"({_size(r)}.)"


def _size(r: GateResult) -> str:
    unit = _unit(r)
    inside = "" if r.found.clusters is None else f" in {r.found.clusters} clusters"
    return f"{r.found.n} {unit}{inside}"


def _is_small(r: GateResult) -> bool:
    """Whether an undefined figure rests on less than the least sample, as far as it says."""
    sizes = ((r.found.n, r.min_n), (r.found.clusters, r.min_clusters))
    return any(x is not None and x < (least or 0) for x, least in sizes)


def _too_few(r: GateResult) -> str:
    least = f"{r.min_n} in {r.min_clusters} clusters"
    return f"{_size(r)} are fewer than the least sample of {least}."


def _more(r: GateResult) -> str:
    if r.state != "inconclusive" or "exact" in r.found.flags:
        return ""
    if r.decision.trainings_needed is not None:
        return f"{repeats(r)} would decide, were the truth as measured (power {_power(r)})."
    if r.decision.n_needed is None:
        if r.found.sd is None:
            return ""
        if r.found.trainings is not None:
            return (
                f"It lies so near the limit, for how far the {r.found.trainings} trainings differ, "
                "that no realistic number of rows would decide; more trainings may."
            )
        return "It lies so near the limit that no realistic sample would decide."
    unit = _unit(r)
    more = max(0, r.decision.n_needed - (r.found.n or 0))
    text = f"About {more} more {unit}"
    if (
        r.decision.clusters_needed is not None
        and r.found.clusters is not None
        and r.found.clusters != r.found.n
    ):
        text += f" ({max(0, r.decision.clusters_needed - r.found.clusters)} more clusters)"
    if more == 0:
        return ""
    return f"{text} would decide, were the truth as measured (power {_power(r)})."


def repeats(r: GateResult) -> str:
    """Trainings that would decide, and over how many rows."""
    rows = r.decision.n_needed
    over = "the same rows" if rows is None else f"about {rows} rows"
    return f"The mean of about {r.decision.trainings_needed} trainings over {over}"


def _power(r: GateResult) -> str:
    return f"{100 * (r.power or 0):.3g}%"


def _corrected(r: GateResult) -> str:
    if r.level.correction is None or r.found.p is None or r.level.p_adjusted is None:
        return ""
    text = f"p is {r.found.p:.3g}, {r.level.p_adjusted:.3g} after {r.level.correction}."
    if r.reason_code.endswith("_uncorrected"):
        finding = "gain" if r.test == "superiority" else "loss"
        text += f" Alone it would have shown a {finding}; among so many it does not."
    return text


def _looks(r: GateResult) -> str:
    if r.looks < 2 or "exact" in r.found.flags:
        return ""
    if "anytime" in r.found.flags:
        return (
            f"This is candidate {r.looks} for one sequence of bets, so alpha is divided by "
            f"{r.looks}."
        )
    return f"This is look {r.looks} at one question, so alpha is divided by {r.looks}."


def confidence(r: GateResult) -> str:
    """Level of each bound, in percent."""
    return f"{100 * (1 - r.level.alpha):.4g}%"
