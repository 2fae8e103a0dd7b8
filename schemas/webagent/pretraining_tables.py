"""Tables of trainings."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import Column, Table
from schemas.webagent.corpus import KINDS
from schemas.webagent.pretraining import ATTENTIONS

PRETRAINING = Table(
    name="webagent.pretraining",
    version="1.0.0",
    key=("step",),
    doc="One row per logged step of the pre-training.",
    columns=(
        Column("step", pa.int32(), "steps done", minimum=1),
        Column("loss", pa.float64(), "mean over steps since the last row of the mean negative "
               "log-probability of a target token", "nats", minimum=0),
        Column("lr", pa.float64(), "learning rate of the last step", minimum=0),
        Column("grad_norm", pa.float64(), "mean norm of the gradient", minimum=0),
        Column("tokens", pa.float64(), "mean target tokens a step", minimum=0),
    ),
)  # fmt: skip

FINETUNING = Table(
    name="webagent.finetuning",
    version="1.0.0",
    key=("model", "step"),
    doc="One row per planner and logged step of its training.",
    columns=(Column("model", pa.string(), "name of the planner"), *PRETRAINING.columns),
)

SPEED = Table(
    name="webagent.speed",
    version="1.0.0",
    key=("model",),
    doc="One row per trained model: what its training cost on which device.",
    columns=(
        Column("model", pa.string(), "name of the model"),
        Column("device", pa.string(), "name of the processor"),
        Column("precision", pa.string(), "of activations"),
        Column("compiled", pa.bool_(), "whether torch.compile was used"),
        Column("parameters", pa.int64(), "weights", minimum=1),
        Column("steps", pa.int32(), "steps timed (the last run's, its first ones left out)",
               minimum=0),
        Column("pairs", pa.int64(), "inputs with a target in them", minimum=0),
        Column("seconds", pa.float64(), "their wall time", "s", minimum=0),
        Column("flops_per_pair", pa.float64(), "forward and backward, filled up to the most "
               "tokens", minimum=0),
        Column("peak_flops", pa.float64(), "the device's, dense", "1/s", nullable=True),
        Column("reason", pa.string(), "why there is no peak", nullable=True),
    ),
)  # fmt: skip

PROBES = Table(
    name="webagent.probes",
    version="1.0.0",
    key=("model", "example_id", "kind"),
    doc="One row per model, probe and kind of token: how surprised the model is.",
    columns=(
        Column("model", pa.string(), "name of the model"),
        Column("doc_id", pa.string(), "page of the probe"),
        Column("example_id", pa.string(), "the probe"),
        Column("mu", pa.int16(), "its mean span length", "tokens", minimum=1),
        Column("kind", pa.string(), "what the tokens are part of", enum=KINDS),
        Column("tokens", pa.int32(), "target tokens of this kind", minimum=1),
        Column("nll", pa.float64(), "sum of their negative log-probabilities", "nats", minimum=0),
    ),
)

LENGTHS = Table(
    name="webagent.lengths",
    version="1.0.0",
    key=("attention", "tokens"),
    doc="One row per kind of attention and length: what the encoder takes, on one thread.",
    columns=(
        Column("attention", pa.string(), "of the encoder", enum=ATTENTIONS),
        Column("tokens", pa.int32(), "of the input", minimum=1),
        Column(
            "seconds", pa.float64(), "of the processor, the fastest of some runs", "s", minimum=0
        ),
        Column("mib", pa.float64(), "added to the process at its peak", "MiB", minimum=0),
    ),
)
