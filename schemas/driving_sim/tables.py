"""Tables, each declared once.

Places are metres from the origin that a scenario's row names, so that 32 bits are enough for them.
"""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import Column, Table
from schemas.driving_sim.params import CONTACTS, KINDS, SPLITS, TOLD

_ID = Column("scenario_id", pa.string(), "the scenario")
_FLOATS = pa.list_(pa.float32())


def _line(what: str) -> tuple[Column, ...]:
    return tuple(Column(axis, _FLOATS, f"{what}: {axis}", "m") for axis in ("x", "y", "z"))


SCENARIOS = Table(
    name="driving_sim.scenarios",
    version="1.0.0",
    key=("scenario_id",),
    doc="One row per scenario: nine seconds of one place.",
    columns=(
        _ID,
        Column("source", pa.string(), "where it comes from"),
        Column("licence", pa.string(), "licence of the source"),
        Column("family", pa.string(), "kind of place"),
        Column("split", pa.string(), "what it is used for", enum=SPLITS),
        Column("cluster_id", pa.string(), "scenarios of one recording belong together"),
        Column("dt_s", pa.float64(), "from one step to the next", "s", minimum=0),
        Column("t0", pa.int32(), "step at which driving begins", minimum=0),
        Column("n_steps", pa.int32(), "steps", minimum=1),
        Column("origin_x", pa.float64(), "origin of all places: the SDC at t0", "m"),
        Column("origin_y", pa.float64(), "origin of all places: the SDC at t0", "m"),
        Column("origin_z", pa.float64(), "origin of all places: the SDC at t0", "m"),
        Column("n_objects", pa.int32(), "objects", minimum=1),
        Column("n_dropped", pa.int32(), "objects left out, too many", minimum=0),
        Column("retries", pa.int32(), "candidates refused before this one", minimum=0),
        Column("assumed", pa.list_(pa.string()), "what the source did not say"),
    ),
)

OBJECTS = Table(
    name="driving_sim.objects",
    version="1.0.0",
    key=("scenario_id", "object"),
    doc="One row per object of a scenario; object 0 is the SDC.",
    columns=(
        _ID,
        Column("object", pa.int32(), "its number", minimum=0),
        Column("source_id", pa.string(), "its name at the source"),
        Column("type", pa.string(), "what it is", enum=KINDS),
        Column("length", pa.float32(), "length", "m", minimum=0),
        Column("width", pa.float32(), "width", "m", minimum=0),
        Column("height", pa.float32(), "height", "m", minimum=0),
        *_line("centre, every step"),
        Column("yaw", _FLOATS, "heading, counter-clockwise, every step", "rad"),
        Column("vx", _FLOATS, "velocity in x, every step", "m/s"),
        Column("vy", _FLOATS, "velocity in y, every step", "m/s"),
        Column("valid", pa.list_(pa.bool_()), "whether it is seen, every step"),
        Column("path_x", _FLOATS, "its path, a metre apart from 4 m behind it at t0", "m"),
        Column("path_y", _FLOATS, "its path", "m"),
        Column("path_yaw", _FLOATS, "heading along its path", "rad"),
        Column("path_v", _FLOATS, "highest speed along its path", "m/s", minimum=0),
        Column("stop_m", pa.float32(), "stop line on its path", "m", nullable=True),
        Column("light", pa.list_(pa.int8()), "its light: 0 none, 1 red, 2 yellow, 3 green",
               minimum=0, maximum=3),
        Column("idm_t", pa.float32(), "headway of its driver, where known", "s", nullable=True),
        Column("idm_a", pa.float32(), "acceleration, where known", "m/s^2", nullable=True),
        Column("idm_b", pa.float32(), "braking, where known", "m/s^2", nullable=True),
        Column("idm_s0", pa.float32(), "gap when standing, where known", "m", nullable=True),
    ),
)  # fmt: skip

EDGES = Table(
    name="driving_sim.edges",
    version="1.0.0",
    key=("scenario_id", "part"),
    doc="One row per line of the road's edge, the road on its left.",
    columns=(_ID, Column("part", pa.int32(), "its number", minimum=0), *_line("points")),
)

LANES = Table(
    name="driving_sim.lanes",
    version="1.0.0",
    key=("scenario_id", "lane"),
    doc="One row per lane.",
    columns=(
        _ID,
        Column("lane", pa.int32(), "its number", minimum=0),
        Column("limit", pa.float32(), "speed limit, where known", "m/s", nullable=True, minimum=0),
        Column("junction", pa.bool_(), "whether it is a way through a junction"),
        Column("entry", pa.list_(pa.int64()), "lanes before it"),
        Column("exit", pa.list_(pa.int64()), "lanes after it"),
        *_line("points of its centre"),
    ),
)

PATHS = Table(
    name="driving_sim.paths",
    version="1.0.0",
    key=("scenario_id", "path"),
    doc="One row per way that the SDC could take, a metre apart from 4 m behind it at t0.",
    columns=(
        _ID,
        Column("path", pa.int32(), "its number", minimum=0),
        Column("lanes", pa.list_(pa.int64()), "lanes that it follows"),
        Column("on_route", pa.bool_(), "whether it is the SDC's route"),
        Column("x", _FLOATS, "points", "m"),
        Column("y", _FLOATS, "points", "m"),
        Column("yaw", _FLOATS, "heading", "rad"),
        Column("v", _FLOATS, "highest speed", "m/s", minimum=0),
    ),
)

CONFLICTS = Table(
    name="driving_sim.conflicts",
    version="1.0.0",
    key=("scenario_id", "i", "j"),
    doc="One row per ordered pair of objects whose paths cross.",
    columns=(
        _ID,
        Column("i", pa.int32(), "the object", minimum=0),
        Column("j", pa.int32(), "the other", minimum=0),
        Column("in_m", pa.float32(), "where i's path enters the crossing", "m"),
        Column("out_m", pa.float32(), "where it leaves it", "m"),
    ),
)

DATASET = (SCENARIOS, OBJECTS, EDGES, LANES, PATHS, CONFLICTS)
"""Tables of the dataset, in its folders by their short names."""


TRAINING = Table(
    name="driving_sim.training",
    version="1.0.0",
    key=("model", "step"),
    doc="One row per trained driver and logged step.",
    columns=(
        Column("model", pa.string(), "the driver"),
        Column("step", pa.int32(), "steps of the optimiser done", minimum=1),
        Column("loss", pa.float64(), "mean loss since the last row"),
        Column("grad_norm", pa.float64(), "norm of the gradient before clipping", minimum=0),
        Column("lr", pa.float64(), "learning rate", minimum=0),
        Column("reward", pa.float64(), "mean sum of rewards of an episode; null where it imitates",
               nullable=True),
        Column("failed", pa.float64(), "share of the episodes that ended in a failure; null where "
               "it imitates", nullable=True, minimum=0, maximum=1),
        Column("entropy", pa.float64(), "of the policy; null where it imitates", "nats",
               nullable=True, minimum=0),
    ),
)  # fmt: skip

ROLLOUTS = Table(
    name="driving_sim.rollouts",
    version="1.0.0",
    key=("planner", "training", "others", "seed", "scenario_id"),
    doc="One row per planner, training, traffic, draw and scenario: eight seconds of driving.",
    columns=(
        Column("planner", pa.string(), "who drove"),
        Column("training", pa.int32(), "0-based training of the planner; 0 of a rule", minimum=0),
        Column("told", pa.string(), "the way that it was told to take: its own; another legal one; "
               "none", enum=TOLD),
        Column("others", pa.string(), "how the other cars moved"),
        Column("seed", pa.int32(), "draw of the planner's own random numbers", minimum=0),
        _ID,
        Column("family", pa.string(), "kind of place"),
        Column("cluster_id", pa.string(), "scenarios of one recording belong together"),
        Column("collision_step", pa.int32(), "first step with a contact; null without",
               nullable=True, minimum=0),
        Column("collision_kind", pa.string(), "where it was hit then", nullable=True,
               enum=CONTACTS),
        Column("collision_object", pa.int32(), "what it hit then",
               nullable=True, minimum=0),
        Column("off_road_step", pa.int32(), "first step with a corner off the road; null where "
               "there is none, or no edge",
               nullable=True, minimum=0),
        Column("off_route_step", pa.int32(), "first step off the route; null without",
               nullable=True, minimum=0),
        Column("off_told_step", pa.int32(), "first step off the way that it was told; null without",
               nullable=True, minimum=0),
        Column("wrong_way_step", pa.int32(), "first step against the traffic; null without",
               nullable=True, minimum=0),
        Column("has_edges", pa.bool_(), "whether leaving the road can be seen"),
        Column("infeasible_steps", pa.int32(), "steps that no bicycle can do", minimum=0),
        Column("ade_m", pa.float64(), "mean distance from the log", "m", nullable=True, minimum=0),
        Column("fde_m", pa.float64(), "distance from the log where it is last seen", "m",
               nullable=True, minimum=0),
        Column("progress_m", pa.float64(), "way along the route", "m"),
        Column("log_progress_m", pa.float64(), "way of the log along the route", "m"),
        Column("progress_ratio", pa.float64(), "of the two; null where the log stood",
               nullable=True),
        Column("x", _FLOATS, "every step from t0 on", "m"),
        Column("y", _FLOATS, "every step from t0 on", "m"),
        Column("yaw", _FLOATS, "every step from t0 on", "rad"),
        Column("v", _FLOATS, "every step from t0 on", "m/s"),
    ),
)  # fmt: skip

FILMS = Table(
    name="driving_sim.films",
    version="1.0.0",
    key=("planner", "training", "others", "seed", "scenario_id"),
    doc="One row per drive that a report shows: where everybody was.",
    columns=(
        *(c for c in ROLLOUTS.columns if c.name in ROLLOUTS.key),
        Column("pose", _FLOATS, "x, y, yaw and speed of every object, step after step from t0 on"),
        Column("valid", pa.list_(pa.bool_()), "whether it was there, in the same order"),
    ),
)

AGENTS = Table(
    name="driving_sim.agents",
    version="1.0.0",
    key=("others", "scenario_id"),
    doc="One row per traffic and scenario: how the other objects drove while the SDC followed its "
    "log. Of objects that are there at the start and move; null where there is none.",
    columns=(
        Column("others", pa.string(), "how the other objects moved"),
        _ID,
        Column("family", pa.string(), "kind of place"),
        Column("cluster_id", pa.string(), "scenarios of one recording belong together"),
        Column("n_agents", pa.int32(), "objects that are judged", minimum=0),
        *(
            Column(name, pa.float64(), what, nullable=True, minimum=0, maximum=1)
            for name, what in (
                ("overlap", "share of them that overlapped another one"),
                ("overlap_sdc", "share of them that overlapped the SDC"),
                ("off_road", "share of them that left the road"),
                ("infeasible", "share of their steps that no bicycle can do"),
            )
        ),
        Column("ade_m", pa.float64(), "mean distance from their logs", "m", nullable=True,
               minimum=0),
    ),
)  # fmt: skip

CHECKS = Table(
    name="driving_sim.checks",
    version="1.0.0",
    key=("scenario_id",),
    doc="One row per scenario that was looked at again.",
    columns=(
        _ID,
        Column("log_overlaps", pa.int32(), "pairs of objects that share ground in the log",
               minimum=0),
        Column("rebuilt", pa.bool_(), "whether it was made again and was the same; null where it "
               "was not tried", nullable=True),
    ),
)  # fmt: skip

THROUGHPUT = Table(
    name="driving_sim.throughput",
    version="1.0.0",
    key=("others", "batch"),
    doc="One row per traffic and batch size: how fast the machine that evaluated was, one thread.",
    columns=(
        Column("others", pa.string(), "how the other objects move"),
        Column("batch", pa.int32(), "scenarios at once", minimum=1),
        Column("steps_per_s", pa.float64(), "steps of a scenario in a second of the processor",
               "1/s", minimum=0),
        Column("bytes", pa.int64(), "arrays of one scenario", "bytes", minimum=0),
    ),
)  # fmt: skip
