"""Whether the instrument works on these very scenarios: counts and means, no samples of others."""

from __future__ import annotations

from evaluators.driving_sim.context import Material
from evaluators.driving_sim.figures import row
from measurand.results import Rows
from measurand.statistics import exact

EXPERT = ("collision", "off_road", "infeasible", "ade", "progress_error")
"""What the driver that follows the log must come out at."""


def data_rows(material: Material) -> Rows:
    """Logs that share ground, scenarios that came out otherwise again, drives that are missing."""
    checks = material.checks
    overlapping = int((checks["log_overlaps"] > 0).sum())
    yield row("data", "log_overlap", {}, exact(overlapping, n=checks.height))
    tried = checks["rebuilt"].drop_nulls()
    none = None if len(tried) else "no made scenario was made again"
    unequal = None if none else int((~tried).sum())
    yield row("data", "rebuilt_unequal", {}, exact(unequal, n=len(tried), reason=none))
    refused = sum(material.rejected.values())
    total = refused + material.scenarios.height
    none = None if total else "nothing was built"
    share = exact(refused / total if total else None, n=total, reason=none)
    yield row("data", "rejected_share", {}, share)
    wanted = len(material.planners) * len(material.worlds) * checks.height
    groups = material.drives.select("planner", "others", "scenario_id").unique()
    yield row("data", "missing_share", {}, exact(1 - groups.height / wanted, n=wanted))


def expert_rows(material: Material) -> Rows:
    """``METRIC_here``: the log's own driver among these scenarios."""
    for others in material.worlds:
        rows = material.rows("expert", others)
        if rows is None:
            continue
        for metric in EXPERT:
            known = rows[metric].drop_nulls().cast(float)
            value = float(known.mean()) if len(known) else None  # type: ignore[arg-type]
            why = None if len(known) else "no drive has it"
            found = exact(value, n=len(known), reason=why)
            yield row("expert", f"{metric}_here", {"others": others}, found)


def brake_rows(material: Material) -> Rows:
    """``collision_ratio_here``: crashes of who brakes for no reason, reacting cars over replay."""
    sides = [material.rows("brake", others) for others in ("idm", "playback")]
    if any(side is None for side in sides):
        return
    reacting, replayed = (float(s["collision"].mean()) for s in sides if s is not None)  # type: ignore[arg-type]
    why = None if replayed > 0 else "nobody crashed in replay"
    found = exact(reacting / replayed if replayed > 0 else None, reason=why)
    yield row("brake", "collision_ratio_here", {"others": "idm", "over": "playback"}, found)


def count_rows(material: Material) -> Rows:
    """All of these."""
    for make in (data_rows, expert_rows, brake_rows):
        yield from make(material)
