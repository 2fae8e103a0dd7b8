"""Pairing two runs by item."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from measurand import ranges
from measurand.gates.figures.bounds import EvidenceError, Items
from measurand.gates.reading.items import Scored, one_document, sample_of

#: Least share of common items where the datasets may differ.
MIN_OVERLAP = 0.95


def pair(
    candidate: Scored, baseline: Scored, *, same_dataset: bool, max_drop: float
) -> tuple[Items, Items]:
    """Differences candidate - baseline on common items, and the baseline's scores on them.

    Args:
        candidate: one side.
        baseline: the other.
        same_dataset: item ids must be equal; else an overlap of 95% is enough.
        max_drop: largest difference in the share of dropped rows.

    Raises:
        EvidenceError: ``id_mismatch``, ``low_overlap``, ``uneven_drop``, ``item_changed``
            (other documents under the same ids), ``instrument_changed`` (other prompts for the same
            items), ``two_scales``, ``empty_slice``, ``overflow``.
    """
    left, right = _common(candidate.items, baseline.items, same_dataset)
    one_document(left, right)
    _same_prompts(left, right)
    _even_losses(candidate, baseline, max_drop)
    moved = pc.any(pc.not_equal(left.column("cluster"), right.column("cluster"))).as_py()
    if same_dataset and moved:
        raise EvidenceError(
            "an item lies in different clusters on the two sides",
            code="id_mismatch",
            hint="run both sides on the same items",
        )
    _one_scale(left, right)
    differences = pc.subtract(left.column("value"), right.column("value"))
    level = sample_of(left, pc.if_else(pc.is_valid(differences), right.column("value"), None))
    return replace(sample_of(left, differences, paired=True), level=level.values), level


def in_one_order(
    candidate: Scored, baseline: Scored, seed: int | None, other: int | None
) -> tuple[Scored, Scored]:
    """Both sides' clusters that both were asked, where the candidate ended when it was decided.

    Args:
        candidate: one side.
        baseline: the other.
        seed: of the candidate's order; None where it was asked everything.
        other: of the baseline's.

    Raises:
        EvidenceError: ``orders_mixed``: both ended early, in different orders: which clusters are
            common would depend on what was answered.
    """
    if seed is None:
        return candidate, baseline
    if other not in (None, seed):
        raise EvidenceError(
            f"it was asked in the order of seed {other}, the candidate in that of seed {seed}",
            code="orders_mixed",
            hint="evaluate both with one seed, or the baseline whole",
        )
    return _among(candidate, baseline.items), _among(baseline, candidate.items)


def _among(side: Scored, other: pa.Table) -> Scored:
    common = pc.is_in(side.items.column("cluster"), pc.unique(other.column("cluster")))
    return replace(side, items=side.items.filter(common))


def unpaired(candidate: Scored, baseline: Scored, *, max_drop: float) -> tuple[Items, Items]:
    """Both sides' scores as samples of their own, of items that need not be the same.

    Raises:
        EvidenceError: ``uneven_drop``, ``empty_slice``, ``overflow``.
    """
    _even_losses(candidate, baseline, max_drop)
    return candidate.sample(), baseline.sample()


def _even_losses(candidate: Scored, baseline: Scored, max_drop: float) -> None:
    if abs(candidate.drop_share - baseline.drop_share) > max_drop:
        raise EvidenceError(
            f"dropped rows differ: {candidate.drop_share:.2%} of the candidate, "
            f"{baseline.drop_share:.2%} of the baseline",
            code="uneven_drop",
            hint="a loss on one side biases the difference: mend the scoring",
        )


def _common(a: pa.Table, b: pa.Table, same_dataset: bool) -> tuple[pa.Table, pa.Table]:
    """Rows of both sides whose items are common, in one order."""
    ids = a.column("item_id").combine_chunks()
    position = pc.index_in(ids, value_set=b.column("item_id").combine_chunks())
    known = pc.is_valid(position)
    common = len(position) - position.null_count
    union = a.num_rows + b.num_rows - common
    if same_dataset and common < union:
        lone = ids.filter(pc.invert(known))
        if not len(lone):
            lone = pc.filter(
                b.column("item_id"), pc.invert(pc.is_in(b.column("item_id"), value_set=ids))
            )
        raise EvidenceError(
            f"{union - common} item ids are on one side only, such as {lone[0].as_py()!r}",
            code="id_mismatch",
            hint="run both sides on the same items",
        )
    if common < MIN_OVERLAP * union:
        raise EvidenceError(
            f"only {common} of {union} items are common, not {MIN_OVERLAP:.0%} of them",
            code="low_overlap",
            hint="run the baseline again on the present dataset",
        )
    return a.filter(known), b.take(position.drop_null())


def _one_scale(left: pa.Table, right: pa.Table) -> None:
    """Refuse shares on one side and percentages or ratings on the other."""
    both = [side.column("value").drop_null().to_numpy() for side in (left, right)]
    if ranges.percentages(*both) or ranges.percentages(*reversed(both)):
        reach = max(float(x.max()) for x in both)
        raise EvidenceError(
            f"one side lies within 0 and 1, the other reaches {reach:g}: two scales",
            code="two_scales",
            hint="bring both sides to one scale",
        )


def _same_prompts(left: pa.Table, right: pa.Table) -> None:
    """Equal first and last hashes per item, where both sides recorded any."""
    first, last = "prompt_first", "prompt_last"
    other = pc.or_(
        pc.not_equal(left.column(first), right.column(first)),
        pc.not_equal(left.column(last), right.column(last)),
    )
    known = pc.and_(pc.not_equal(left.column(last), ""), pc.not_equal(right.column(last), ""))
    changed = left.column("item_id").filter(pc.and_(other, known))
    if len(changed):
        raise EvidenceError(
            f"{len(changed)} items were asked with other prompts, such as {changed[0].as_py()!r}",
            code="instrument_changed",
            hint="run the baseline again with the present prompts",
        )
