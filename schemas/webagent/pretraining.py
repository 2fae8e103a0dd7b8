"""HTML-T5: its sizes, and how it is trained. Sections of `params/webagent.yaml`."""

from __future__ import annotations

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from measurand.params import Strict

SEED = 20260101
NAME = "html_t5"
"""Of the pre-trained model, in every table."""
Attention = Literal["local_global", "local", "dense"]
ATTENTIONS: tuple[Attention, ...] = get_args(Attention)


class Network(Strict):
    """Sizes of an encoder-decoder.

    Attributes:
        width: of the residual stream.
        head: width of an attention head.
        heads: attention heads.
        mlp: of the gated layer between.
        encoder_layers: layers of the encoder.
        decoder_layers: layers of the decoder.
        attention: of the encoder: a band and global tokens, a band alone, or all to all.
        radius: tokens that a token sees on both sides.
        block: tokens of which one global token is the sum.
        buckets: of relative positions.
        distance: from which all are in one bucket.
    """

    width: int = Field(ge=8)
    head: int = Field(default=64, ge=4)
    heads: int = Field(ge=1)
    mlp: int = Field(ge=8)
    encoder_layers: int = Field(ge=1)
    decoder_layers: int = Field(ge=1)
    attention: Attention = "local_global"
    radius: int = Field(default=127, ge=1)
    block: int = Field(default=16, ge=2)
    buckets: int = Field(default=32, ge=4, le=1024)
    distance: int = Field(default=128, ge=4)

    @model_validator(mode="after")
    def _logarithm(self) -> Self:
        if self.buckets % 4 or self.distance <= self.buckets // 2:
            raise ValueError("buckets: a multiple of 4, and distance above its half")
        return self


class Steps(Strict):
    """How a model is trained on pairs of an input and a target.

    Attributes:
        input: most tokens of an input; what is longer is cut off at its end.
        target: most tokens of a target; what is longer is cut off at its end.
        steps: steps of AdamW.
        batch: pairs a step.
        lr: highest learning rate.
        warmup: steps of its linear rise; after them it falls with the root of the step.
        weight_decay: decoupled weight decay.
        clip: largest norm of the gradient.
        device: ``auto`` takes a GPU where there is one.
        precision: of activations; weights and optimizer are float32.
        compile: whether ``torch.compile`` is used.
        save_every: steps between checkpoints.
        seed: of weights and batches.
    """

    input: int = Field(ge=16, le=65_536)
    target: int = Field(ge=8, le=65_536)
    steps: int = Field(ge=1)
    batch: int = Field(ge=1)
    lr: float = Field(gt=0)
    warmup: int = Field(default=0, ge=0)
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False
    save_every: int = Field(default=200, ge=1)
    seed: int = Field(default=SEED, ge=0)


class Pretraining(Steps):
    """How HTML-T5 is trained on masked parts of pages.

    Attributes:
        network: sizes.
    """

    network: Network
