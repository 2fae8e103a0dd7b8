"""How often clicks and words by chance solve a plain page: exact, by its Markov chain."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.compwob.episodes import step_limit

DONE, OVER = "done", "over"
Moves = Callable[[Any], Iterator[tuple[float, Hashable]]]
NAME = r"(?:Q|O|x7|wt|9Kx|dTf|Lm|zz|aB|rr3)\b"
"""What radio groups and boxes of our pages are called."""


def solved(start: Hashable, moves: Moves) -> float:
    """Probability of ``DONE`` within the steps of an episode of one task."""
    now: dict[Hashable, float] = {start: 1.0}
    for _ in range(step_limit(1)):
        after: dict[Hashable, float] = defaultdict(float)
        for state, p in now.items():
            if state in (DONE, OVER):
                after[state] += p
                continue
            for share, to in moves(state):
                after[to] += p * share
        now = after
    return now.get(DONE, 0.0)


@dataclass(frozen=True)
class Control:
    """Controls whose state is the number of things that are wrong.

    Attributes:
        kind: ``radio``, ``boxes``, ``field`` or ``never``.
        nodes: elements that can be clicked.
        wrong: at first.
        n: boxes, or choices of a radio group.
        word: the chance that a word of the sentence is the right one.
    """

    kind: str
    nodes: int
    wrong: int = 1
    n: int = 1
    word: float = 0.0

    def moves(self, wrong: int) -> Iterator[tuple[float, int]]:
        """Elements that lead to a state, in expectation."""
        if self.kind == "radio":
            yield self.nodes / self.n, 0
            yield self.nodes * (1 - 1 / self.n), 1
        elif self.kind == "boxes":
            yield self.nodes / self.n * wrong, wrong - 1
            yield self.nodes / self.n * (self.n - wrong), wrong + 1
        elif self.kind == "field":
            yield 0.5, wrong
            yield 0.5 * self.word, 0
            yield 0.5 * (1 - self.word), 1
        else:
            yield self.nodes, wrong


@dataclass(frozen=True)
class Step:
    """One press: of ``right`` among ``right + others`` elements, with its controls as asked."""

    controls: tuple[Control, ...] = ()
    others: int = 0


def page(steps: list[Step], *, views: bool = False, idle: int = 0) -> tuple[float, int]:
    """Chance of a page whose steps must be pressed in turn, and its elements in the first view."""
    starts = [tuple(c.wrong for c in step.controls) for step in steps]

    def shown(at: int) -> list[int]:
        return [at] if views else list(range(len(steps)))

    def count(at: int) -> int:
        return idle + sum(
            1 + steps[i].others + sum(c.nodes for c in steps[i].controls) for i in shown(at)
        )

    def moves(state: Any) -> Iterator[tuple[float, Hashable]]:
        at, controls = state
        whole = count(at)
        yield idle / whole, state
        for i in shown(at):
            right = i == at and not any(controls[i])
            last = at + 1 == len(steps)
            yield 1 / whole, (DONE if last else (at + 1, controls)) if right else OVER
            yield steps[i].others / whole, OVER
            for j, control in enumerate(steps[i].controls):
                for weight, wrong in control.moves(controls[i][j]):
                    own = (*controls[i][:j], wrong, *controls[i][j + 1 :])
                    yield weight / whole, (at, (*controls[:i], own, *controls[i + 1 :]))

    return solved((0, tuple(starts)), moves), count(0)


def own(shape: dict[str, Any], sentence: str) -> tuple[float, int]:
    """Chance of a page of :mod:`pipelines.compwob.plain_pages` with the sentence of a seed."""
    steps: list[Step] = []
    open_: list[Control] = []

    def close() -> None:
        if open_:
            steps.append(Step(tuple(open_)))
            open_.clear()

    for name, style in shape["parts"]:
        if name in ("button", "link"):
            close()
            steps.append(Step(others=2 if name == "button" else 3))
            continue
        open_.extend(_controls(name, style, sentence))
        if shape["submit"] != "shared":
            close()
    close()
    return page(steps, views=shape["views"])


def word(sentence: str, wanted: str) -> float:
    """Share of the sentence's words and marks that are the wanted one."""
    said = re.findall(r"\w+|[^\w\s]", sentence)
    return said.count(wanted) / len(said)


def _controls(name: str, style: str, sentence: str) -> list[Control]:
    labelled = 2 if style in ("around", "beside") else 1
    if name == "radio":
        return [Control("radio", 5 * labelled, n=5)]
    if name == "boxes":
        asked = re.search(rf"select(?:ing)? ({NAME}(?:, {NAME})*)", sentence, re.IGNORECASE)
        assert asked is not None, sentence
        return [Control("boxes", 6 * labelled, wrong=asked[1].count(",") + 1, n=6)]
    quoted = re.search(r'enter(?:ing)? (?:the \w+ )?"(\w+)"', sentence, re.IGNORECASE)
    if name == "text":
        assert quoted is not None
        return [Control("field", 1, word=word(sentence, quoted[1]))]
    if name in ("password", "login"):
        secret = re.search(r'password "(\w+)"', sentence)
        assert secret is not None
        user = re.search(r'username "(\w+)"', sentence)
        first = secret if name == "password" or user is None else user
        return [Control("field", 1, word=word(sentence, one[1])) for one in (first, secret)]
    # A list ignores clicks, a date is no single word of a sentence.
    return [Control("never", 1)]


def others(name: str, sentence: str) -> tuple[float, int]:
    """Chance of a page of ``own_pages``, with what is on it read from its source by hand.

    Of ``table_form`` and ``wizard`` it is a bound from above: the first has a button that empties
    the form, the second shows its next view late, and a press meanwhile ends the episode.
    """
    if name == "shared_radio":
        return _both_in_turn(), 9
    quoted = re.search(r'"(\w+)"', sentence)
    said = Control("field", 1, word=word(sentence, quoted[1]) if quoted else 0.0)
    never, three = Control("never", 1), Control("radio", 3, n=3)
    names = [Control("field", 1, word=word(sentence, w)) for w in re.findall(r"'(\w+)'", sentence)]
    age = [Control("field", 1, word=word(sentence, w)) for w in re.findall(r"\d+", sentence)]
    whole: dict[str, tuple[list[Step], bool, int]] = {
        "dropdowns": ([Step((never, never, never))], False, 0),
        "eight": ([Step(others=2), Step(others=2), Step((three,)), Step((Control("never", 8),)),
                   *[Step((never,))] * 2, *[Step((never, never))] * 2], False, 3),
        "flat_br": ([Step((three,)), Step((said,)), Step(others=1)], False, 0),
        "label_before": ([Step((three,)), Step((Control("boxes", 3, n=3),))], False, 3),
        "ok_twice": ([Step(others=1), Step((Control("radio", 6, n=3),))], False, 0),
        # Its note has two words.
        "prechecked": ([Step((Control("boxes", 8, wrong=3, n=4),)), Step((never, never))],
                       False, 0),
        "pub_button_boxes": ([Step(others=3), Step((Control("boxes", 10, wrong=2, n=5),))],
                             False, 0),
        "table_form": ([Step((*names, *age[:1], three))], False, 4),
        "wizard": ([Step((said,)), Step((Control("radio", 6, n=3),)), Step(others=1)], True, 0),
    }  # fmt: skip
    steps, views, idle = whole[name]
    return page(steps, views=views, idle=idle)


def _both_in_turn() -> float:
    """Four radio buttons with labels: one is chosen, then another, and nothing else, then sent."""

    def moves(state: Any) -> Iterator[tuple[float, Hashable]]:
        yield 1 / 9, DONE if state == 2 else OVER
        if state < 2:
            yield 2 / 9, state + 1
        # Choosing what is chosen changes nothing.
        yield 2 / 9 * (state > 0), state
        yield 1 - (1 + 2 * (state < 2) + 2 * (state > 0)) / 9, OVER

    return solved(0, moves)
