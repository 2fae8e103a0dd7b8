"""Token lists: where a choice begins, which rows share which prefix, what fits one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Tokens = tuple[int, ...]
Job = TypeVar("Job")


def common_prefix(lists: Sequence[Tokens]) -> int:
    """Length of the longest common prefix."""
    low, high = min(lists), max(lists)
    for at, (a, b) in enumerate(zip(low, high, strict=False)):
        if a != b:
            return at
    return min(len(low), len(high))


def split_choices(prompt: Tokens, joint: Sequence[Tokens]) -> tuple[Tokens, list[Tokens]]:
    """Where the choices begin in the tokens of prompt + choice.

    A tokenizer may merge the end of the prompt with the begin of a choice, so prompt and choice are
    tokenised together. The prompt's own tokens take part in the comparison: without them a token
    that all choices start with would be counted as prompt, and its probability left out.

    Args:
        prompt: tokens of the prompt alone.
        joint: tokens of prompt + choice, one list per choice.

    Returns:
        The shared tokens, and per choice the tokens after them (never empty unless the choice is).
    """
    cut = min(common_prefix([prompt, *joint]), min(map(len, joint)) - 1)
    return joint[0][:cut], [tokens[cut:] for tokens in joint]


@dataclass(eq=False)
class Node:
    """A run of tokens that several rows share, computed once.

    Attributes:
        start: index of its first token in its rows.
        stop: index after its last token.
        row: one of its rows, to read the tokens from.
        parent: the run before it.
    """

    start: int
    stop: int
    row: int
    parent: Node | None = None


Leaf = tuple[int, int, Node | None]
"""A row, the first token that it computes itself, and the run before it."""


@dataclass
class Plan:
    """How to compute rows with shared prefixes.

    Attributes:
        levels: shared runs; those of one level depend only on earlier levels.
        leaves: one per row.
    """

    levels: list[list[Node]] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)


def plan_rows(rows: Sequence[Tokens], shareable: Sequence[int], least_gain: int) -> Plan:
    """Find the prefixes that are worth sharing: the radix tree of the rows, without its twigs.

    Args:
        rows: token lists.
        shareable: per row, how many leading tokens another row may compute for it.
        least_gain: tokens that a shared run must save; below it a run costs more than it saves.

    Returns:
        The plan; every row has exactly one leaf with at least one token.
    """
    plan = Plan()
    order = sorted(range(len(rows)), key=lambda row: rows[row])
    stack: list[tuple[list[int], int, int, Node | None, int]] = [(order, 0, 0, None, 0)]
    while stack:
        group, start, at, parent, depth = stack.pop()
        for part in _branches(rows, shareable, group, at):
            if len(part) == 1:
                plan.leaves.append((part[0], start, parent))
                continue
            stop = _shared(rows, shareable, part)
            if (len(part) - 1) * (stop - start) < least_gain:
                stack.append((part, start, stop, parent, depth))
                continue
            node = Node(start, stop, part[0], parent)
            plan.levels += [[] for _ in range(depth + 1 - len(plan.levels))]
            plan.levels[depth].append(node)
            stack.append((part, stop, stop, node, depth + 1))
    return plan


def _shared(rows: Sequence[Tokens], shareable: Sequence[int], part: Sequence[int]) -> int:
    # Rows are sorted, so the first and the last differ soonest.
    return min(common_prefix([rows[part[0]], rows[part[-1]]]), min(shareable[r] for r in part))


def _branches(
    rows: Sequence[Tokens], shareable: Sequence[int], group: Sequence[int], at: int
) -> Iterator[list[int]]:
    """Rows that go on with the same shareable token after ``at``; a row that may not, alone."""
    part: list[int] = []
    for row in group:
        if shareable[row] <= at:
            yield [row]
        elif part and rows[part[0]][at] == rows[row][at]:
            part.append(row)
        else:
            if part:
                yield part
            part = [row]
    if part:
        yield part


def filled(jobs: Iterable[Job], own: Callable[[Job], int], budget: int) -> Iterator[list[Job]]:
    """Batches of at most ``budget`` tokens without padding, in order; a larger job goes alone."""
    batch: list[Job] = []
    left = budget
    for job in jobs:
        if batch and own(job) > left:
            yield batch
            batch, left = [], budget
        batch.append(job)
        left -= own(job)
    if batch:
        yield batch


def micro_batches(
    jobs: Iterable[Job],
    own: Callable[[Job], int],
    past: Callable[[Job], int],
    budget: int,
    room: int,
) -> Iterator[list[Job]]:
    """Batches of bounded size, the jobs sorted by length so that little is padded.

    A batch of an eighth of the budget keeps a processor busy: from there on it is closed rather
    than padded by more than a twentieth.

    Args:
        jobs: what to compute.
        own: tokens that a job computes.
        past: tokens before them.
        budget: most tokens that a batch computes, padding included.
        room: most tokens that a batch attends to, padding included.

    Yields:
        Jobs of one batch; one that is larger than the bounds goes alone.
    """
    batch: list[Job] = []
    real = longest = 0
    for job in sorted(jobs, key=lambda job: (own(job), past(job))):
        longest = max(longest, past(job))
        padded = (len(batch) + 1) * own(job)
        wasteful = real >= budget // 8 and padded > 1.05 * (real + own(job))
        if batch and (padded > budget or wasteful or padded + (len(batch) + 1) * longest > room):
            yield batch
            batch, real, longest = [], 0, past(job)
        batch.append(job)
        real += own(job)
    if batch:
        yield batch
