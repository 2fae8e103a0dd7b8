"""Tables of line."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import Column, Table

POINTS = Table(
    "line.points",
    "1.0.0",
    ("point_id",),
    (
        Column("point_id", pa.string(), "the point"),
        Column("split", pa.string(), "what it is for", enum=("train", "test")),
        Column("x", pa.float64(), "where"),
        Column("y", pa.float64(), "how high"),
    ),
    "One row per point.",
)
TRAINING = Table(
    "line.training",
    "1.0.0",
    ("seed", "step"),
    (
        Column("seed", pa.int32(), "the training", minimum=0),
        Column("step", pa.int32(), "steps done", minimum=1),
        Column("loss", pa.float64(), "mean squared error since the last row", minimum=0),
        Column("grad_norm", pa.float64(), "before clipping", minimum=0),
    ),
    "One row per training and logged step.",
)
PREDICTIONS = Table(
    "line.predictions",
    "1.0.0",
    ("seed", "point_id"),
    (
        Column("seed", pa.int32(), "the training", minimum=0),
        Column("point_id", pa.string(), "the point"),
        Column("y", pa.float64(), "what the network says"),
        Column("error", pa.float64(), "less what is true"),
    ),
    "One row per training and test point.",
)
