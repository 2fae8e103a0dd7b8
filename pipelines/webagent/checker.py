"""Whether an instruction was carried out: read from the server's state, never from a page."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.webagent.goals import Goal, Want
from pipelines.webagent.state import State

NOTHING_ELSE = "nothing_else"


@dataclass(frozen=True)
class Checked:
    """What the state says.

    Attributes:
        attributes: name of each attribute asked for and whether it holds; the last one is that
            nothing else was changed.
    """

    attributes: tuple[tuple[str, bool], ...]

    @property
    def success(self) -> bool:
        """Whether all hold."""
        return all(met for _, met in self.attributes)

    @property
    def score(self) -> float:
        """Share of the attributes asked for that hold.

        That nothing else changed is no part of it: doing nothing would earn it.
        """
        asked = [met for name, met in self.attributes if name != NOTHING_ELSE]
        return sum(asked) / len(asked)


def check(goal: Goal, state: State, strangers: int = 0) -> Checked:
    """Hold a state against a goal.

    Args:
        goal: what was asked for.
        state: of the episode's own session.
        strangers: visits without that session's cookie.
    """
    found = [(want.name, _holds(want, state)) for want in goal.wants]
    return Checked((*found, (NOTHING_ELSE, _nothing_else(goal, state) and not strangers)))


def _holds(want: Want, state: State) -> bool:
    if want.of == "query":
        return _same(state.query.get(want.key, ""), want.value)
    if want.of == "opened":
        return state.opened == want.value
    return any(
        made["kind"] == want.of and _same(made.get(want.key, ""), want.value) for made in state.made
    )


def _nothing_else(goal: Goal, state: State) -> bool:
    """Whether all that was made was asked for, once; and no filter is in force that was not."""
    if state.refused:
        return False
    wanted: dict[str, dict[str, str]] = {}
    for want in goal.wants:
        if want.of not in ("query", "opened"):
            wanted.setdefault(want.of, {"kind": want.of})[want.key] = want.value
    kinds = [made["kind"] for made in state.made]
    if any(made["kind"] not in wanted for made in state.made) or len(set(kinds)) < len(kinds):
        return False
    if any(not _alike(made, wanted[made["kind"]]) for made in state.made):
        return False
    if not goal.on:
        return True
    asked = {want.key for want in goal.wants if want.of == "query"}
    return not state.query or (
        state.query.get("on") == goal.on and set(state.query) - {"on"} <= asked
    )


def _alike(made: dict[str, str], wanted: dict[str, str]) -> bool:
    return set(made) == set(wanted) and all(_same(made[key], wanted[key]) for key in wanted)


def _same(one: str, other: str) -> bool:
    """Whether two texts are the same but for case and white space at the ends and between words."""
    return one.casefold().split() == other.casefold().split()
