"""Whether the instrument can be trusted: replays, requests, guard, sandbox, browsers."""

from __future__ import annotations

from evaluators.webagent.evaluate.context import ALL, SYSTEM, Found, Subject
from measurand.results import Rows, StatisticRow
from measurand.statistics import exact, statistic_row
from measurand.stats.estimate import undefined
from schemas.webagent.checks import COUNTED


def instrument_rows(found: Found) -> Rows:
    """Counts of this very run.

    The checks as they were counted; ``replayed``: episodes whose state was read again, as a share
    of those with a result; ``unboxed_share``: programs that ran behind the guard alone;
    ``missing_share``: episodes without a result; ``held_out_share``: episodes on layouts and
    records of the evaluation split.
    """
    for name in COUNTED:
        check = found.checks.get(name)
        counted = undefined("not counted", n=0)
        if check is not None:
            why = None if check["of"] else "nothing to count"
            value = float(check["count"]) if check["of"] else None
            counted = exact(value, n=check["of"], reason=why)
        yield statistic_row(SYSTEM, ALL, name, {}, counted)
    episodes = [row for one in found.everyone for row in one.every.to_dicts()]
    played = sum(row["success"] is not None for row in episodes)
    again = found.checks.get("replays_other")
    yield _share("replayed", again["of"] if again else 0, played, "no episode has a result")
    lost = len(episodes) - played
    yield _share("missing_share", lost, len(episodes), "nothing was played")
    held = sum(row["split"] == "eval" for row in episodes)
    yield _share("held_out_share", held, len(episodes), "nothing was played")
    places = [row["place"] for one in found.everyone for steps in one.steps.values()
              for row in steps if row["what"] not in ("guard", "refused")]  # fmt: skip
    alone = sum(place == "guard_only" for place in places)
    yield _share("unboxed_share", alone, len(places), "no program was run")


def _share(metric: str, count: int, of: int, why: str) -> StatisticRow:
    share = exact(count / of if of else None, n=of, reason=None if of else why)
    return statistic_row(SYSTEM, ALL, metric, {}, share)


def program_rows(subject: Subject) -> Rows:
    """``program_share``: of an agent's programs, by what became of them; exact for this run."""
    whats = [row["what"] for steps in subject.steps.values() for row in steps]
    for what in sorted(set(whats)):
        share = exact(whats.count(what) / len(whats), n=len(whats))
        yield subject.row("program_share", {"what": what}, share)
