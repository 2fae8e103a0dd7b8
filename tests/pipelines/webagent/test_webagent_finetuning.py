from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import webagent_planners as small
from webagent_pages import rows

from measurand.errors import InputError
from measurand.manifest import file_sha256
from pipelines.webagent import finetuning, fitting, net, pretraining
from schemas.webagent.params import Params
from schemas.webagent.training import PlannerSpec, Train

Made = tuple[Path, Params]


def changed(**more: Any) -> Train:
    """The small training with other settings of the planners."""
    assert small.TRAIN.finetuning is not None
    steps = small.TRAIN.finetuning.model_dump(mode="json") | more
    return Train.model_validate(small.TRAIN.model_dump(mode="json") | {"finetuning": steps})


def test_a_planner_starts_from_pretrained_weights_or_from_those_before(planners: Made) -> None:
    folder, _ = planners
    found = [
        finetuning.begin(
            small.TRAIN, PlannerSpec(name="x", start=start), folder / "dataset",
            folder / "checkpoint",
        )
        for start in ("pretrained", "scratch")
    ]  # fmt: skip
    pretrained, _ = fitting.load(folder / "checkpoint" / "html_t5.safetensors")
    assert all(torch.equal(found[0][name], w) for name, w in pretrained.items())
    # No pre-training has less than the start of the pre-training itself.
    assert not any(torch.equal(found[1][name], found[0][name]) for name in found[0] if "q." in name)
    size = pretraining.size_of(folder / "dataset", small.TRAIN.pretraining)
    assert {k: v.shape for k, v in found[1].items()} == {
        k: v.shape for k, v in net.init(size, 0).items()
    }


def test_planners_see_the_same_pairs_for_as_many_steps(planners: Made) -> None:
    folder, params = planners
    history = rows(folder / "checkpoint", "finetuning")
    tokens = {
        name: [row["tokens"] for row in history if row["model"] == name]
        for name in ("tuned", "scratch")
    }
    assert tokens["tuned"] == tokens["scratch"]
    assert params.train is not None
    assert params.train.finetuning is not None
    last = {name: [r for r in history if r["model"] == name][-1] for name in tokens}
    assert {row["step"] for row in last.values()} == {params.train.finetuning.steps}
    assert all(row["loss"] < 1 for row in last.values())
    assert [r["model"] for r in rows(folder / "checkpoint", "planners")] == ["scratch", "tuned"]


def test_a_planner_goes_on_where_it_was_stopped_bit_by_bit(
    planners: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = planners
    given = changed(steps=14, save_every=4, planners=[{"name": "one"}])
    batch = fitting.Pairs.batch
    calls: list[int] = []

    def stops(self: fitting.Pairs, *words: Any) -> Any:
        calls.append(1)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return batch(self, *words)

    def train(name: str) -> str:
        out = tmp_path / name
        out.mkdir(exist_ok=True)
        model = "html_t5.safetensors"
        if not (out / model).exists():
            (out / model).symlink_to(folder / "checkpoint" / model)
        finetuning.finetune(given, folder / "dataset", out, journal=out / "journal")
        return file_sha256(out / "one.safetensors")

    whole = train("whole")
    monkeypatch.setattr(fitting.Pairs, "batch", stops)
    with pytest.raises(KeyboardInterrupt):
        train("parts")
    assert train("parts") == whole
    # Eight steps were kept, so six are left; what is finished is kept whole.
    assert len(calls) == 10 + 6
    assert train("parts") == whole
    assert len(calls) == 10 + 6


STAGES = [
    {"input": 40, "target": 24, "steps": 8, "batch": 4, "lr": 3e-3, "save_every": 3},
    {"input": 64, "target": 24, "steps": 4, "batch": 2, "lr": 3e-3, "save_every": 3},
]


@pytest.mark.integration
def test_stages_of_pointing_come_before_the_pairs(
    planners: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = planners
    batch = fitting.Pairs.batch
    calls: list[tuple[int, ...]] = []
    stop = [0]

    def stops(self: fitting.Pairs, *words: Any) -> Any:
        calls.append(tuple(words[0].tolist()))
        if len(calls) == stop[0]:
            raise KeyboardInterrupt
        return batch(self, *words)

    def train(name: str) -> dict[str, str]:
        given = changed(steps=5, save_every=2, pointing=STAGES)
        out = tmp_path / name
        out.mkdir(exist_ok=True)
        model = "html_t5.safetensors"
        if not (out / model).exists():
            (out / model).symlink_to(folder / "checkpoint" / model)
        finetuning.finetune(given, folder / "dataset", out, journal=out / "journal")
        return {one.name: file_sha256(one) for one in out.glob("*[0-9dh].safetensors")}

    monkeypatch.setattr(fitting.Pairs, "batch", stops)
    whole = train("whole")
    assert {"tuned.pointing1.safetensors", "scratch.pointing2.safetensors"} < set(whole)
    # Both planners see the same windows and the same pairs.
    assert len(calls) == 2 * (8 + 4 + 5)
    assert calls[:17] == calls[17:]
    history = rows(tmp_path / "whole", "finetuning")
    assert [row["step"] for row in history if row["model"] == "tuned"] == list(range(1, 18))
    for at in (5, 11, 14):
        calls.clear()
        stop[0] = at
        with pytest.raises(KeyboardInterrupt):
            train("parts")
    assert train("parts") == whole


def test_what_decides_a_planner_decides_its_identity(planners: Made, tmp_path: Path) -> None:
    dataset = planners[0] / "dataset"
    one = PlannerSpec(name="one")

    def run(given: Train, spec: PlannerSpec = one) -> str:
        return finetuning.run_of(given, spec, dataset)

    same = changed(save_every=3, planners=[{"name": "other"}])
    assert run(small.TRAIN) == run(same) == run(small.TRAIN, PlannerSpec(name="other"))
    longer = small.TRAIN.pretraining.model_copy(update={"steps": 9})
    others = {
        run(changed(steps=9)),
        run(changed(renumber=False)),
        run(changed(pointing=STAGES)),
        run(changed(pointing=STAGES[:1])),
        run(small.TRAIN.model_copy(update={"seed": 9}).seeded),
        run(small.TRAIN, PlannerSpec(name="one", start="scratch")),
        run(small.TRAIN.model_copy(update={"pretraining": longer})),
    }
    assert len({run(small.TRAIN), *others}) == 8
    with pytest.raises(InputError, match="no experience"):
        finetuning.run_of(small.TRAIN, one, tmp_path)
