"""An episode beside the oracle's of the same instruction: step by step, until they part.

As long as an agent has done the oracle's steps and no others, it is known what is due: the oracle's
next step, and those after it that belong to the same page, since fields may be filled in any order.
The first step that is none of these, or does not come off, is the first deviation; what follows has
no reference any more. Nothing but rows of ``webagent.steps`` is read.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluators.webagent.evaluate.elements import numbers_in, same, shows

Row = dict[str, Any]
PLANNING, SUMMARISATION, PROGRAMMING = "planning", "summarisation", "programming"
UNEXPLAINED = "unexplained"
KINDS = (PLANNING, SUMMARISATION, PROGRAMMING, UNEXPLAINED)
END = "END"
RULES = {
    "other_plan": "the sub-instruction is none of those that are due",
    "early_end": "it ends before all is done",
    "no_end": "it goes on when all is done",
    "own_way": "nobody planned, and the program is about no element that is due",
    "not_in_view": "the element that is due is not in what the writer saw",
    "guard": "the guard refused the program",
    "exception": "the program raised an exception",
    "wall": "the program ran too long",
    "memory": "the program took too much memory",
    "lost": "the program's process was lost",
    "refused": "no sandbox was there for the program",
    "nothing": "the program does nothing",
    "other_element": "the program names other elements than the one that is due",
    "other_effect": "page or state after the program are not those after the oracle's",
    "unexplained": "every step is the oracle's",
}
"""Why an episode parts from the oracle's, in words."""
_STATE = "state_before_sha256"
"""Read when the next page is there; right after a program a request may be under way."""
_PLANNED = ("other_plan", "early_end", "no_end", "own_way")


@dataclass(frozen=True)
class Deviation:
    """Where an episode parts from the oracle's.

    Attributes:
        rule: of :data:`RULES`.
        step: 0-based.
        due: the oracle's step there; ``END`` after its last.
    """

    rule: str
    step: int
    due: str

    @property
    def kind(self) -> str:
        """Of :data:`KINDS`."""
        if self.rule in _PLANNED:
            return PLANNING
        if self.rule == "not_in_view":
            return SUMMARISATION
        return UNEXPLAINED if self.rule == UNEXPLAINED else PROGRAMMING


@dataclass(frozen=True)
class Judged:
    """A step whose reference is known.

    Attributes:
        row: of ``webagent.steps``; None where the planner ended the episode.
        said: the sub-instruction, ``END`` at the end.
        due: sub-instructions that are right here, the oracle's own first.
        refs: numbers that the oracle points at for the step that was said, the element last; None
            where the step is not due.
        in_view: whether the element is in what the writer saw; None where the step is not due.
    """

    row: Row | None
    said: str
    due: tuple[str, ...]
    refs: tuple[tuple[int, ...], ...] | None = None
    in_view: bool | None = None


@dataclass
class Walk:
    """An episode's steps up to the first deviation, which may be None."""

    judged: list[Judged] = field(default_factory=list)
    deviation: Deviation | None = None


def walk(steps: Sequence[Row], oracle: Sequence[Row], ending: str, *, planned: bool) -> Walk:
    """Go through an episode.

    Args:
        steps: its rows, in order.
        oracle: rows of a successful episode of the oracle for the same instruction and seed.
        ending: how it ended.
        planned: whether the writer was told a planner's sub-instructions.

    Returns:
        What was judged. Programs that failed are no deviation where the same step comes off later.
    """
    found, done = Walk(), set[int]()
    pending: Deviation | None = None
    for at, row in enumerate(steps):
        due = _due(oracle, done)
        first = oracle[due[0]]["sub_instruction"] if due else END
        places = {i: _refs(oracle[i], row) for i in due}
        if due and not any(place and place[-1] for place in places.values()):
            # The page is another one: the program before did something else.
            strayed = "other_effect" if at else UNEXPLAINED
            found.deviation = pending or Deviation(strayed, max(at - 1, 0), first)
            return found
        said = plain(row["sub_instruction"])
        texts = tuple(oracle[i]["sub_instruction"] for i in due) or (END,)
        if planned:
            mine = next((i for i in due if plain(oracle[i]["sub_instruction"]) == said), None)
        else:
            mine = _aimed_at(row, places)
        refs = None if mine is None else places[mine]
        seen = None if refs is None else shows(row["snippet"], refs[-1])
        found.judged.append(Judged(row, said, texts, refs, seen))
        rule = _rule(row, mine, places, planned=planned)
        if rule is None and mine is not None:
            done.add(mine)
            pending = None
            if done == set(range(len(done))) and _differs(steps[at + 1 :], oracle[len(done) :]):
                rule = "other_effect"
        if rule is not None:
            pending = pending or Deviation(rule, at, first)
            if rule not in ("guard", "exception", "wall", "memory", "lost"):
                found.deviation = pending
                return found
    return _ended(found, pending, oracle, done, ending, len(steps))


def _ended(
    found: Walk,
    pending: Deviation | None,
    oracle: Sequence[Row],
    done: set[int],
    ending: str,
    n: int,
) -> Walk:
    due = _due(oracle, done)
    texts = tuple(oracle[i]["sub_instruction"] for i in due) or (END,)
    ended = ending == "planner_end"
    if ended:
        found.judged.append(Judged(None, END, texts))
    early = Deviation("early_end", n, texts[0]) if ended and due else None
    found.deviation = pending or early or Deviation(UNEXPLAINED, max(n - 1, 0), texts[0])
    return found


def _rule(
    row: Row, mine: int | None, places: dict[int, tuple[tuple[int, ...], ...]], *, planned: bool
) -> str | None:
    """What is wrong with a step, None where nothing is."""
    if not planned and not row["program"].strip():
        # An empty program is how a writer without a planner ends.
        return "early_end" if places else None
    if not places:
        return "no_end"
    if planned and mine is None:
        return "other_plan"
    asked = [places[mine]] if mine is not None else list(places.values())
    if not any(place and shows(row["snippet"], place[-1]) for place in asked):
        return "not_in_view"
    if row["what"] != "ok":
        return str(row["what"])
    if not _acts(row["program"]):
        return "nothing"
    if mine is None:
        return "own_way"
    named = numbers_in(row["program"])
    right = {ref for place in places[mine] for ref in place}
    return "other_element" if named and not named & right else None


def _due(oracle: Sequence[Row], done: set[int]) -> list[int]:
    """Steps that are due: what is left of the page, and what leads on when nothing else is left."""
    found: list[int] = []
    for i, row in enumerate(oracle):
        if i in done:
            continue
        after = oracle[i + 1] if i + 1 < len(oracle) else None
        if after is None or any(after[name] != row[name] for name in ("url", _STATE)):
            return found or [i]
        found.append(i)
    return found


def _differs(steps: Sequence[Row], oracle: Sequence[Row]) -> bool:
    """Whether the next steps begin in other states; after the last step nothing is known."""
    return bool(steps and oracle and steps[0][_STATE] != oracle[0][_STATE])


def _refs(oracle: Row, row: Row) -> tuple[tuple[int, ...], ...]:
    """The oracle's elements on the page of a step."""
    return tuple(map(tuple, same(oracle["refs"], oracle["html"], row["html"])))


def _aimed_at(row: Row, places: dict[int, tuple[tuple[int, ...], ...]]) -> int | None:
    """The due step whose element a program names."""
    named = numbers_in(row["program"])
    return next((i for i, place in places.items() if place and named & set(place[-1])), None)


def _acts(program: str) -> bool:
    """Whether a program has a statement that does something; one that cannot be read has."""
    try:
        body = ast.parse(program).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return any(not isinstance(one, ast.Pass) for one in body)


def plain(text: str) -> str:
    """A sub-instruction without regard to case and white space."""
    return END if text.strip() == END else " ".join(text.casefold().split())
