"""Who reads the sentence by a grammar and finds on the page what each clause of it means.

On a page of several panels every clause has a panel of its own. On a plain page, all of whose parts
lie in one, a clause is what its words say: press this, choose that, write so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from measurand.web.observation import Node, Observation
from pipelines.compwob import grammar, wording
from pipelines.compwob.actions import Action
from pipelines.compwob.grammar import Clause
from pipelines.compwob.place import is_button
from pipelines.compwob.plain import Hand
from pipelines.compwob.solvers import Words, solve
from pipelines.compwob.wording import Ask

_PRESSED = {"multi-layouts", "use-autocomplete"}
"""Kinds that end with a button that the sentence does not name."""


@dataclass
class Reader:
    """Reads one sentence and does what it says.

    Attributes:
        synonyms: words of like meaning.
        follows_after: whether what stands after "after" is done first.
    """

    synonyms: Words
    follows_after: bool = True
    _clauses: list[Clause] = field(default_factory=list)
    _at: int = 0
    _panels: dict[int, int] = field(default_factory=dict)
    _asked: list[list[Ask]] = field(default_factory=list)
    _hand: Hand = field(default_factory=lambda: Hand([], {}))

    def start(self, utterance: str) -> None:
        """A new sentence."""
        hidden, quotes = wording.hide(utterance)
        text = wording.show(hidden.replace(". Find", ", find"), quotes)
        read = grammar.read if self.follows_after else grammar.as_said
        self._clauses, self._at, self._panels = read(text), 0, {}
        self._asked = [_asks(clause) for clause in self._clauses]
        self._hand = Hand([ask for some in self._asked for ask in some], self.synonyms)

    def act(self, observation: Observation) -> Action | None:
        """The next action; None where nothing is left or what is meant is not there."""
        if self._at >= len(self._clauses):
            return None
        if len(observation.roots) == 1:
            return self._on_one(observation.roots[0])
        panel = observation.node(self._panels.get(self._at))
        if panel is None:
            self._assign(observation)
            panel = observation.node(self._panels.get(self._at))
        return None if panel is None else self._solved(panel)

    def _solved(self, panel: Node) -> Action | None:
        """The next action of a clause on the panel that it was made for."""
        clause = self._clauses[self._at]
        step = solve(clause.kind, clause.values, panel, self.synonyms)
        if step is None:
            return None
        self._at += step.commits
        return step.action

    def _on_one(self, page: Node) -> Action | None:
        """The next action on a page of one part, or on a plain page of several."""
        alone = len(self._clauses) == 1
        while self._at < len(self._clauses):
            clause, asked = self._clauses[self._at], self._asked[self._at]
            made_for = alone or clause.kind == grammar.EMAIL or _popup(page)
            if not asked or (made_for and self._fits(clause, page)):
                return self._solved(page if alone else self._part_for(clause, page))
            first = sum(map(len, self._asked[: self._at]))
            action = self._hand.act(page, first, first + len(asked))
            if action is not None or not self._hand.is_past(first + len(asked)):
                return action
            self._at += 1
        return None

    def _part_for(self, clause: Clause, page: Node) -> Node:
        """The smallest part that has the button which a clause needs and does not name."""
        if clause.kind not in _PRESSED:
            return page
        fits = page.all(lambda n: bool(n.all(is_button)) and self._fits(clause, n))
        return min(fits, key=lambda n: n.size, default=page)

    def _fits(self, clause: Clause, page: Node) -> bool:
        return solve(clause.kind, dict(clause.values), page, self.synonyms) is not None

    def _assign(self, observation: Observation) -> None:
        """Give each clause that is left a panel of its own on which it can begin."""
        taken = set(self._panels.values())
        free = [node for node in observation.roots if node.ref not in taken]
        left = [i for i in range(self._at, len(self._clauses)) if i not in self._panels]
        fits = {i: [n.ref for n in free if self._fits(self._clauses[i], n)] for i in left}
        # On a page that shows a part of the panels, clauses without one come later.
        shown = [i for i in left if fits[i]]
        self._panels |= _matching(shown, fits) or {}


def _popup(page: Node) -> bool:
    """Whether something must be sent away first that no sentence speaks of."""
    return page.first(lambda n: n.get("id") == "popup") is not None


def _asks(clause: Clause) -> list[Ask]:
    """What a clause says in plain words; nothing where it needs a page made for it."""
    return (wording.asks(clause.said) or []) if clause.kind in grammar.PLAIN else []


def _matching(clauses: Sequence[int], fits: dict[int, list[int]]) -> dict[int, int] | None:
    """A different panel for each clause; where there are too few, for as many of the first."""
    for n in range(len(clauses), 0, -1):
        found = _complete(list(clauses[:n]), fits, {})
        if found is not None:
            return found
    return None


def _complete(
    clauses: list[int], fits: dict[int, list[int]], taken: dict[int, int]
) -> dict[int, int] | None:
    if not clauses:
        return taken
    first, rest = clauses[0], clauses[1:]
    for ref in fits[first]:
        if ref not in taken.values():
            found = _complete(rest, fits, {**taken, first: ref})
            if found is not None:
                return found
    return None
