"""``measurand reliability RESPONSES``: how reliable a questionnaire's scales are, no model needed.

The command reads and keys the answers, leaves every figure to :mod:`measurand.stats.reliability`,
and prints one record in four formats. JSON is the record itself; text, Markdown and HTML are drawn
from one document, so they cannot differ.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from measurand import dialects, outputs
from measurand.errors import InputError
from measurand.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from measurand.keying import KeyedResponses, Scale
    from measurand.responses import Responses
    from measurand.stats.reliability import ScaleReliability

FORMATS = ("text", "json", "md", "html")
MISSING = ("pairwise", "listwise")
RESAMPLES = (40, 100_000)
_NO_REST = "the other items do not vary together"
SCHEMA = "measurand.reliability/1.0.0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("responses", type=Path, help="CSV or Parquet, a row per respondent")
    parser.add_argument(
        "--key",
        type=Path,
        help="CSV with columns item, scale, keyed (+1 or -1), minimum, maximum; "
        "without it all numeric columns are one scale keyed +1",
    )
    parser.add_argument("--cluster", help="column that names the independently sampled unit")
    parser.add_argument(
        "--missing",
        choices=MISSING,
        default="pairwise",
        help="use every answer, or the complete rows of a scale alone (default: %(default)s)",
    )
    dialects.add_arguments(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="say what was understood, compute nothing"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument(
        "--resamples", type=int, default=2000, help="bootstrap resamples (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=42, help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write here, never over an existing file")


def main(argv: Sequence[str]) -> int:
    """Run the command.

    Raises:
        InputError: a file, a cell or an argument cannot be used; the code says why.
    """
    parser = argparse.ArgumentParser(
        "measurand reliability",
        description="Reliability of your own responses: alpha, lambda-6, omega, item statistics.",
    )
    add_arguments(parser)
    args = parser.parse_args(argv)
    outputs.refuse_existing(args.out)
    check_arguments(args.resamples, args.seed)
    from measurand import keying, responses

    key = None if args.key is None else keying.read_key(args.key)
    wanted = None if key is None else {line.item for line in key} | {args.cluster}
    table = responses.read_file(args.responses, wanted, dialects.from_arguments(args))
    if key is None:
        keyed = keying.without_key(table, args.cluster)
    else:
        keyed = keying.apply_key(table, key, args.cluster)
    if args.dry_run:
        outputs.write(_understood(table, keyed, args.cluster, args.format), args.out)
        return 0
    with Progress("reliability", len(keyed.scales), "scales") as progress:
        record = analyse(
            keyed,
            cluster=args.cluster,
            missing=args.missing,
            resamples=args.resamples,
            seed=args.seed,
            on_scale=progress.advance,
        )
    outputs.write(render(record, args.format), args.out)
    return 0


def _understood(table: Responses, keyed: KeyedResponses, cluster: str | None, form: str) -> str:
    """Columns with their scales and signs, before any figure is made."""
    from measurand import understanding
    from measurand.reliability_report import to_text

    roles = {column: f"left out: {why}" for column, why in keyed.ignored}
    for scale in keyed.scales:
        for item, sign in zip(scale.items, scale.keyed, strict=True):
            before = f"{roles[item]}; " if item in roles else ""
            roles[item] = f"{before}item of {scale.name}, {sign:+d}"
    if cluster is not None:
        roles[cluster] = "cluster"
    columns = understanding.columns(table, roles)
    notes = [*keyed.warnings, *table.understood]
    if form == "json":
        return json.dumps({"columns": columns, "notes": notes}, indent=1) + "\n"
    rows = f"{table.name}: {table.n_rows:,} rows, {len(table.names):,} columns"
    made = understanding.document(f"{rows}; nothing was computed", columns, notes)
    if form == "text":
        return to_text(made)
    from measurand.report.render import to_html, to_markdown

    return to_html(made) if form == "html" else to_markdown(made)


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
    from measurand import __version__

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


def render(record: dict[str, Any], form: str) -> str:
    """The record as ``text``, ``json``, ``md`` or ``html``."""
    if form == "json":
        return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    from measurand import reliability_report

    document = reliability_report.document(record)
    if form == "text":
        return reliability_report.to_text(document)
    from measurand.report.render import to_html, to_markdown

    return to_html(document) if form == "html" else to_markdown(document)
