"""How reliable the scales of a questionnaire are, as one record of plain values.

Every figure comes from :mod:`measurand.stats.reliability`; formats are drawn from the record, so
they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Literal

from measurand.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from measurand.keying import KeyedResponses, Scale
    from measurand.responses import Responses
    from measurand.stats.reliability import ScaleReliability

RESAMPLES = (40, 100_000)
_NO_REST = "the other items do not vary together"
SCHEMA = "measurand.reliability/1.0.0"


def understood(table: Responses, keyed: KeyedResponses, cluster: str | None) -> dict[str, Any]:
    """Columns with their scales and signs, before any figure is made."""
    from measurand import understanding

    roles = {column: f"left out: {why}" for column, why in keyed.ignored}
    for scale in keyed.scales:
        for item, sign in zip(scale.items, scale.keyed, strict=True):
            before = f"{roles[item]}; " if item in roles else ""
            roles[item] = f"{before}item of {scale.name}, {sign:+d}"
    if cluster is not None:
        roles[cluster] = "cluster"
    return {
        "columns": understanding.columns(table, roles),
        "notes": [*keyed.warnings, *table.understood],
    }


def check_arguments(resamples: int, seed: int) -> None:
    """Refuse numbers that the bootstrap cannot use.

    Raises:
        InputError: code ``bad_argument``.
    """
    low, high = RESAMPLES
    if resamples != 0 and not low <= resamples <= high:
        hint = f"0 for no bootstrap, or {low} to {high:,}; 2000 is usual"
        raise InputError(f"--resamples {resamples}", hint=hint, code="bad_argument")
    if seed < 0:
        raise InputError(f"--seed {seed}", hint="0 or more", code="bad_argument")


def analyse(
    keyed: KeyedResponses,
    *,
    cluster: str | None = None,
    missing: Literal["pairwise", "listwise"] = "pairwise",
    resamples: int = 2000,
    seed: int = 42,
    on_scale: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Reliability of every scale as plain JSON values.

    Args:
        keyed: the keyed responses.
        cluster: name of the cluster column, for the record.
        missing: ``pairwise`` or ``listwise``.
        resamples: bootstrap resamples.
        seed: start of the random streams; each scale has a stream of its own.
        on_scale: called after each scale.

    Returns:
        What was read (file, rows, ignored columns), how (missing, cluster, resamples, seed), and
        for each scale its figures, item statistics, band and reasons; an undefined figure is null
        with a reason.
    """
    from measurand.version import __version__

    scales = []
    for scale in keyed.scales:
        scales.append(_scale_record(scale, keyed, missing, resamples, seed))
        on_scale()
    n_clusters = None if keyed.clusters is None else len(set(keyed.clusters.tolist()))
    return {
        "schema": SCHEMA,
        "version": __version__,
        "file": keyed.name,
        "rows": keyed.n_rows,
        "understood": list(keyed.understood),
        "warnings": list(keyed.warnings),
        "ignored": [{"column": column, "why": why} for column, why in keyed.ignored],
        "missing": missing,
        "cluster": None if cluster is None else {"column": cluster, "n": n_clusters},
        "resamples": resamples,
        "seed": seed,
        "scales": scales,
    }


def _scale_record(
    scale: Scale,
    keyed: KeyedResponses,
    missing: Literal["pairwise", "listwise"],
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    from measurand.stats.alike import caution
    from measurand.stats.bands import RELIABILITY, band
    from measurand.stats.reliability import FIGURES, scale_reliability

    constant = _constant(scale.values)
    used = scale if not constant.any() or constant.all() else _without(scale, constant)
    found = scale_reliability(
        used.values,
        clusters=keyed.clusters,
        missing=missing,
        resamples=resamples,
        seed_words=("reliability", str(seed), scale.name),
    )
    return {
        "scale": scale.name,
        "k": found.k,
        "left_out": [item for item in scale.items if item not in used.items],
        "alpha_of_all": _alpha_of_all(found.alpha.value, found.k, len(scale.items)),
        "n": found.n,
        "n_complete": found.n_complete,
        "rows_used": found.n if missing == "pairwise" else found.n_complete,
        "band": None if found.alpha.value is None else band(found.alpha.value, RELIABILITY),
        "n_flipped": found.n_flipped,
        "caution": None if found.alpha.ci_lo is None else caution(used.values),
        "figures": {name: asdict(getattr(found, name)) for name in FIGURES},
        "items": sorted(
            [*_items(used, found), *_idle(scale, used)],
            key=lambda item: scale.items.index(item["item"]),
        ),
    }


def _constant(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """(k,) items with the same answer from everybody, or with none."""
    import numpy as np

    spread = np.array([np.ptp(c[~np.isnan(c)]) if (~np.isnan(c)).any() else 0 for c in values.T])
    found: npt.NDArray[np.bool_] = spread == 0
    return found


def _without(scale: Scale, items: npt.NDArray[np.bool_]) -> Scale:
    kept = [j for j, idle in enumerate(items) if not idle]
    return replace(
        scale,
        items=tuple(scale.items[j] for j in kept),
        keyed=tuple(scale.keyed[j] for j in kept),
        values=scale.values[:, kept],
    )


def _alpha_of_all(alpha: float | None, used: int, given: int) -> float | None:
    """Alpha of all items given: one that never varies adds to their number and to no variance."""
    if alpha is None or used < 2:
        return None
    return alpha * (used - 1) / used * given / (given - 1)


def _idle(scale: Scale, used: Scale) -> list[dict[str, Any]]:
    why = "the item never varies and is left out of the scale"
    return [
        {
            "item": item,
            "keyed": scale.keyed[j],
            **{"item_rest_r": None, "item_rest_r_reason": why},
            **{"alpha_if_deleted": None, "alpha_if_deleted_reason": why},
        }
        for j, item in enumerate(scale.items)
        if item not in used.items
    ]


def _items(scale: Scale, found: ScaleReliability) -> list[dict[str, Any]]:
    items = []
    for j, item in enumerate(scale.items):
        rest, deleted = found.item_rest[j], found.alpha_if_deleted[j]
        why = "the item never varies" if j in found.constant_items else found.alpha.reason
        few = "a scale without one of its items needs two others" if found.k < 3 else None
        items.append(
            {
                "item": item,
                "keyed": scale.keyed[j],
                "item_rest_r": rest,
                "item_rest_r_reason": None if rest is not None else why or _NO_REST,
                "alpha_if_deleted": deleted,
                "alpha_if_deleted_reason": None if deleted is not None else few or why or _NO_REST,
            }
        )
    return items
