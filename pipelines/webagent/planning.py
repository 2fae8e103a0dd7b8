"""A trained planner: reads the page, says the next sub-instruction, points at elements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from measurand import runs
from measurand.errors import InputError
from measurand.training.code import code_of
from measurand.training.device import device_of
from pipelines.webagent import finetuning, fitting, writing
from pipelines.webagent.goals import Task
from pipelines.webagent.net import Size
from pipelines.webagent.page import Seen
from pipelines.webagent.pairs import Coder
from pipelines.webagent.rules import END as OVER
from pipelines.webagent.rules import Plan
from pipelines.webagent.tokenizer import END
from schemas.webagent.pretraining import Steps
from schemas.webagent.training import TRAINED, Finetuning, PlannerSpec, Train


class Trained:
    """Writes greedily; numbers are those of elements of the page, each once.

    A sub-instruction that was carried out before ends the episode: a model that chooses the
    likeliest word would say it again and again. On a CPU one thread is used, so that the same
    page gives the same plan.

    Args:
        name: in tables.
        weights: weights by name.
        size: sizes of the model.
        coder: tokens.
        given: parameters that it was trained with: most tokens of input and target, device.

    Attributes:
        coder: tokens.
    """

    def __init__(
        self, name: str, weights: dict[str, Any], size: Size, coder: Coder, given: Steps
    ) -> None:
        self.name = name
        self._device = device_of(given.device)
        self._weights = {key: w.to(self._device) for key, w in weights.items()}
        self._size, self.coder, self._given = size, coder, given

    def plan(self, task: Task, history: Sequence[str], page: Seen) -> Plan:
        """The likeliest plan; of the task nothing but its text is read."""
        import torch

        ids = self.coder.read(task.text, history, page.html)[: self._given.input]
        follow = Follow(self.coder, page.refs)
        (found,) = writing.write(
            self._weights,
            self._size,
            torch.from_numpy(ids).long().to(self._device)[None],
            torch.tensor([len(ids)], device=self._device),
            self._given.target,
            allowed=lambda _, written: follow(written),
        )
        said, refs = self.coder.understood(found.ids, ended=found.ended)
        over = said in (OVER, "", *history)
        tokens = (len(ids), len(found.ids) + found.ended)
        return Plan(OVER, (), *tokens) if over else Plan(said, refs, *tokens)

    def within(self, tokens: int) -> Trained:
        """The same planner with another longest input."""
        given = self._given.model_copy(update={"input": tokens})
        return Trained(self.name, self._weights, self._size, self.coder, given)


class Follow:
    """What may follow in an answer: any words, then numbers of elements, each once, then the end.

    Args:
        coder: tokens.
        refs: numbers of elements.
    """

    def __init__(self, coder: Coder, refs: Iterable[int]) -> None:
        self._ref = coder.ref
        self._numbers = {coder.number(ref) for ref in refs}

    def __call__(self, written: Sequence[int]) -> Sequence[int] | None:
        """Tokens that may follow; None for any."""
        if self._ref not in written:
            return None
        done: list[tuple[int, ...]] = [()]
        for one in written[list(written).index(self._ref) + 1 :]:
            if one == self._ref:
                done.append(())
            else:
                done[-1] = (*done[-1], one)
        *before, now = done
        left = self._numbers.difference(before)
        at = len(now)
        following = {one[at] for one in left if len(one) > at and one[:at] == now}
        if now in left:
            following.add(END)
            if len(left) > 1:
                following.add(self._ref)
        return sorted(following)


def load(given: Train | None, name: str, dataset: Path, checkpoint: Path) -> Trained:
    """A trained planner.

    Args:
        given: parameters that it was trained with; None where nothing is trained.
        name: its name.
        dataset: folder of the corpus and the experience.
        checkpoint: folder that ``train`` wrote.

    Raises:
        InputError: code ``unknown_planner``: there is none of this name; it was trained with other
            code, data or parameters, or not at all.
    """
    train, steps, spec = _named(given, name)
    path = checkpoint / f"{name}.safetensors"
    weights, size = fitting.load(path, finetuning.run_of(train, spec, dataset))
    return Trained(f"{TRAINED}{name}", weights, size, Coder.of(dataset), steps)


def identity(given: Train | None, name: str, dataset: Path) -> str:
    """Identity of what a planner learned, and of the code that asks it.

    Raises:
        InputError: as :func:`load`.
    """
    train, _, spec = _named(given, name)
    return runs.run_id(finetuning.run_of(train, spec, dataset), code_of(Path(__file__)))


def _named(given: Train | None, name: str) -> tuple[Train, Finetuning, PlannerSpec]:
    train = given and given.seeded
    steps = train and train.finetuning
    for spec in steps.planners if steps else ():
        if spec.name == name and train and steps:
            return train, steps, spec
    raise InputError(
        f"no planner {name!r} is trained",
        hint="name it in train.finetuning.planners",
        code="unknown_planner",
    )
