"""Tables, each declared once."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import SHA256, Column, Table
from schemas.value_functions.params import LOSSES, SPLITS

_SOURCE = Column("source", pa.string(), "the source")
_SPLIT = Column("split", pa.string(), "what it is used for", enum=SPLITS)

SOURCES = Table(
    name="value_functions.sources",
    version="1.0.0",
    key=("source",),
    doc="One row per source.",
    columns=(
        _SOURCE,
        Column("kind", pa.string(), "what it is"),
        Column("inputs", pa.int32(), "numbers that describe a state or a row", minimum=1),
        Column(
            "actions", pa.list_(pa.string()), "names of the actions; empty where there are none"
        ),
        Column("discount", pa.float64(), "of later rewards; null without any", nullable=True),
        Column("engine", pa.string(), "name and hash of a teacher", nullable=True),
    ),
)

EXAMPLES = Table(
    name="value_functions.examples",
    version="1.0.0",
    key=("source", "example_id"),
    doc="One row per row of a table: features and the number to predict.",
    columns=(
        _SOURCE,
        Column("example_id", pa.string(), "the row"),
        _SPLIT,
        Column("cluster", pa.string(), "what it belongs to: a group, or the row itself"),
        Column("features", pa.list_(pa.float64()), "in the order of the source"),
        Column("target", pa.float64(), "to predict; null where training makes it", nullable=True),
    ),
)

MOVES = Table(
    name="value_functions.moves",
    version="2.0.0",
    key=("source", "position_id", "move"),
    doc="One row per position and legal move, valued by the engine for whoever makes it.",
    columns=(
        _SOURCE,
        Column("position_id", pa.string(), "SHA-256 of the position", pattern=SHA256),
        Column("move", pa.string(), "in UCI"),
        _SPLIT,
        Column("game", pa.string(), "the game that it occurred in"),
        Column("fen", pa.string(), "the position"),
        Column("planes", pa.binary(), "768 bits: whose pieces stand where after the move"),
        Column("win_prob", pa.float64(), "of the mover", minimum=0, maximum=1),
        Column("mate", pa.int16(), "moves to a mate by the mover", nullable=True),
        Column("material", pa.int16(), "of the mover less the other's, after it", "pawns"),
        Column("n_legal", pa.int16(), "legal moves of the position", minimum=1),
        Column("puzzle", pa.bool_(), "one move leads by .3, at ten times the nodes too"),
    ),
)

TRANSITIONS = Table(
    name="value_functions.transitions",
    version="1.0.0",
    key=("source", "episode", "t"),
    doc="One row per step of an episode.",
    columns=(
        _SOURCE,
        Column("episode", pa.string(), "the episode"),
        Column("t", pa.int32(), "0-based step", minimum=0),
        _SPLIT,
        Column("player", pa.string(), "who played"),
        Column(
            "state", pa.binary(), "before the action: bits, the newest picture, or float32 numbers"
        ),
        Column("action", pa.int16(), "0-based action of the source", minimum=0),
        Column("reward", pa.float64(), "that it brought"),
        Column("next_state", pa.binary(), "the state after it"),
        Column("terminated", pa.bool_(), "the episode ended: nothing follows"),
        Column("truncated", pa.bool_(), "the episode was cut off here"),
        Column(
            "mc_return", pa.float64(), "discounted rewards from here on, as far as the episode goes"
        ),
    ),
)

_RUN = Column("run", pa.string(), "the run")
_LOSS = Column("loss", pa.string(), "the loss", enum=LOSSES)
_RATE = Column("rate", pa.string(), "learning rate")

TRAINING = Table(
    name="value_functions.training",
    version="1.0.0",
    key=("run", "loss", "rate", "step"),
    doc="One row per run, loss, learning rate and logged step; means over its seeds.",
    columns=(
        _RUN,
        _LOSS,
        _RATE,
        Column("step", pa.int32(), "steps done", minimum=1),
        Column("value", pa.float64(), "of the loss, since the last row"),
        Column(
            "clipped", pa.float64(), "share of targets beyond the support", minimum=0, maximum=1
        ),
        Column("grad_norm", pa.float64(), "of all seeds together", minimum=0),
    ),
)

TUNING = Table(
    name="value_functions.tuning",
    version="1.0.0",
    key=("run", "loss", "rate", "seed"),
    doc="One row per training: its score on validation, by which each loss picks its rate.",
    columns=(
        _RUN,
        _LOSS,
        _RATE,
        Column("seed", pa.int32(), "0-based training", minimum=0),
        Column("score", pa.float64(), "on validation; more is better"),
        Column("chosen", pa.bool_(), "whether the loss has this rate"),
        Column("low", pa.float64(), "lower end of the support"),
        Column("high", pa.float64(), "upper end of the support"),
    ),
)

LEARNING = Table(
    name="value_functions.learning",
    version="1.0.0",
    key=("run", "loss", "seed", "step"),
    doc="One row per chosen training and step of its learning curve.",
    columns=(
        _RUN,
        _LOSS,
        Column("seed", pa.int32(), "0-based training", minimum=0),
        Column("step", pa.int32(), "steps done", minimum=1),
        Column("score", pa.float64(), "on validation, of the targets of then; more is better"),
    ),
)

RELIABILITY = Table(
    name="value_functions.reliability",
    version="1.0.0",
    key=("run", "loss", "seed", "bin"),
    doc="One row per chosen training and tenth of the test moves, by what it says of them.",
    columns=(
        _RUN,
        _LOSS,
        Column("seed", pa.int32(), "0-based training", minimum=0),
        Column("bin", pa.int8(), "0-based, from the least win probability said", minimum=0),
        Column("said", pa.float64(), "mean win probability said", minimum=0, maximum=1),
        Column("true", pa.float64(), "mean of the teacher's", minimum=0, maximum=1),
        Column("moves", pa.int64(), "in the bin", minimum=1),
    ),
)

REPRESENTATIONS = Table(
    name="value_functions.representations",
    version="1.1.0",
    key=("run", "loss", "seed"),
    doc="One row per chosen training: its last hidden layer and its head, on test inputs.",
    columns=(
        _RUN,
        _LOSS,
        Column("seed", pa.int32(), "0-based training", minimum=0),
        Column("rank", pa.int32(), "singular values that hold 99% of their sum", minimum=0),
        Column("dead", pa.float64(), "share of units that are never active", minimum=0, maximum=1),
        Column("entropy", pa.float64(), "of the head's distribution", "nats", nullable=True),
        Column(
            "probe",
            pa.float64(),
            "variance that a linear read-out explains",
            nullable=True,
            maximum=1,
        ),
        Column(
            "covered",
            pa.float64(),
            "targets in the head's central 90%",
            nullable=True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "calibration",
            pa.float64(),
            "distance of said and true win probability, 10 bins",
            nullable=True,
            minimum=0,
            maximum=1,
        ),
    ),
)
