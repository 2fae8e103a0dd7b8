"""What is trained, the model that reads pages and planners: a section of `params/webagent.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from measurand.params import Strict, no_repeats
from schemas.webagent.pretraining import NAME, SEED, Pretraining, Steps

TRAINED = "trained:"
"""Begins the planner of an agent that was trained; its name follows."""
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,40}$")]


class PlannerSpec(Strict):
    """A planner that is trained.

    Attributes:
        name: its name.
        start: ``pretrained`` weights, or ``scratch``: those that pre-training itself began with.
    """

    name: Name
    start: Literal["pretrained", "scratch"] = "pretrained"


class Finetuning(Steps):
    """How planners learn from experience.

    Attributes:
        planners: all of them see the same pairs in the same order, for as many steps.
        renumber: whether the elements of a page change their numbers among each other whenever it
            is seen, as they do from one page that is shown to the next; otherwise a pair keeps
            the numbers of its episode, which a planner may learn by heart.
        pointing: stages before the pairs, in which a planner learns to point at elements by the
            words in them: ``input`` are tokens of a window of a page of the experience.
    """

    planners: tuple[PlannerSpec, ...] = Field(min_length=1)
    renumber: bool = True
    pointing: tuple[Steps, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        no_repeats("planners", (NAME, *(one.name for one in self.planners)))
        return self


class Train(Strict):
    """What is trained.

    Attributes:
        pretraining: of HTML-T5 on the corpus.
        finetuning: of planners on the experience; null for none.
        seed: of weights and batches in both, where no other may stand.
    """

    pretraining: Pretraining
    finetuning: Finetuning | None = None
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _one_seed(self) -> Self:
        stages = self.finetuning.pointing if self.finetuning else ()
        some = (self.pretraining, self.finetuning, *stages)
        if any(one is not None and one.seed not in (SEED, self.seed) for one in some):
            raise ValueError("seed: one for all, as train.seed")
        return self

    @property
    def seeded(self) -> Train:
        """The same with its seed in both sections."""
        given = {"seed": self.seed}
        after = self.finetuning
        if after is not None:
            stages = tuple(stage.model_copy(update=given) for stage in after.pointing)
            after = after.model_copy(update={**given, "pointing": stages})
        before = self.pretraining.model_copy(update=given)
        return self.model_copy(update={"pretraining": before, "finetuning": after})

    @property
    def planners(self) -> tuple[str, ...]:
        """Names of the planners that are trained."""
        return tuple(one.name for one in self.finetuning.planners) if self.finetuning else ()
