from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
import soft_labels_small as small
import torch

from measurand import models, shards
from measurand.models.protocol import Request
from pipelines.soft_labels import train as module
from pipelines.soft_labels.material import Pair
from pipelines.soft_labels.train import Trainer, dev_figures, train, train_figures
from schemas.soft_labels.params import Params


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "costs" not in path.parts
    }


def _training(folder: Path) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(shards.read_table(folder / "training")))


@pytest.fixture(scope="module")
def trained(
    small_dataset: Path, small_params: Params, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train(small_params, small_dataset, folder / "out", journal=folder / "journal")
    return folder / "out"


def test_every_seed_leaves_a_policy_and_a_row_a_step(trained: Path) -> None:
    assert sorted(p.name for p in trained.iterdir()) == ["costs", "gdpo-s0", "gdpo-s1", "training"]
    rows = _training(trained)
    assert rows.group_by("run").len().sort("run")["len"].to_list() == [7, 7]
    measured = rows.drop_nulls("dev_margin").sort("run", "step")
    assert measured.filter(run="gdpo-s0")["step"].to_list() == [0, 3, 6]
    assert rows.filter(step=6)["loss"].null_count() == 2


def test_before_the_first_step_nothing_has_moved(trained: Path) -> None:
    first = _training(trained).filter(step=0)
    assert first["dev_absolute_u"].max() < 1e-3  # type: ignore[operator]
    assert first["dev_accuracy"].to_list() == [0.5, 0.5]
    assert first["dev_margin"].abs().max() < 1e-3  # type: ignore[operator]


def test_training_lowers_the_loss_and_orders_training_pairs(trained: Path) -> None:
    rows = _training(trained).filter(run="gdpo-s0").sort("step")
    assert rows["train_margin"][6] > rows["train_margin"][0] + 0.05
    assert rows["loss"][5] < rows["loss"][0]


def test_seeds_differ(trained: Path) -> None:
    one, other = (trained / f"gdpo-s{s}" / "adapter_model.safetensors" for s in (0, 1))
    assert one.read_bytes() != other.read_bytes()


def test_the_trained_policy_is_a_model_string(trained: Path, small_params: Params) -> None:
    spec = f"{small_params.build.policy}&adapter={trained / 'gdpo-s0'}"
    request = [Request("Statement:", choices=(" I like dogs.",))]
    after, before = (
        models.load(s).score(request, ())[0].logprobs for s in (spec, small_params.build.policy)
    )
    assert after != before


def test_the_same_bytes_again(
    trained: Path, small_dataset: Path, small_params: Params, tmp_path: Path
) -> None:
    train(small_params, small_dataset, tmp_path / "out", journal=tmp_path / "journal")
    assert _digests(tmp_path / "out") == _digests(trained)


def test_a_killed_run_goes_on_to_the_same_bytes(
    trained: Path,
    small_dataset: Path,
    small_params: Params,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loss = Trainer._loss
    steps: list[str] = []

    def failing(self: Trainer, batch: Sequence[Pair]) -> object:
        if len(steps) == 9:
            raise KeyboardInterrupt
        steps.append(self.run.names()[self.seed])
        return loss(self, batch)

    monkeypatch.setattr(module.Trainer, "_loss", failing)
    with pytest.raises(KeyboardInterrupt):
        train(small_params, small_dataset, tmp_path / "out", journal=tmp_path / "journal")
    assert steps == ["gdpo-s0"] * 6 + ["gdpo-s1"] * 3
    steps.clear()
    train(small_params, small_dataset, tmp_path / "out", journal=tmp_path / "journal")
    # The first repeat was finished; the second was saved after two steps.
    assert steps == ["gdpo-s1"] * 4
    costs = pl.DataFrame(pl.from_arrow(shards.read_table(tmp_path / "out" / "costs")))
    assert costs["calls"].to_list() == [6, 6]
    assert costs["seconds"].min() > 0  # type: ignore[operator]
    assert _digests(tmp_path / "out") == _digests(trained)


def test_other_parameters_do_not_go_on_from_a_state(
    trained: Path, small_dataset: Path, small_params: Params, tmp_path: Path
) -> None:
    train(small_params, small_dataset, tmp_path / "out", journal=tmp_path / "journal")
    raw = small_params.model_dump(mode="json")
    raw["train"]["runs"][0]["beta"] = 1.0
    train(Params.model_validate(raw), small_dataset, tmp_path / "out", journal=tmp_path / "journal")
    assert _digests(tmp_path / "out") != _digests(trained)


@pytest.mark.integration
def test_other_code_does_not_go_on_from_a_state(
    small_dataset: Path,
    small_params: Params,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    other_code: Callable[[ModuleType], None],
) -> None:
    loss, steps = Trainer._loss, []

    def counted(self: Trainer, batch: Sequence[Pair]) -> object:
        steps.append(1)
        return loss(self, batch)

    monkeypatch.setattr(Trainer, "_loss", counted)
    for expected in (12, 12, 24):
        if expected == 24:
            other_code(module)
        train(small_params, small_dataset, tmp_path / "out", journal=tmp_path / "journal")
        assert len(steps) == expected


@pytest.mark.parametrize(
    ("method", "normalise"), [("ropo", "sum"), ("cipo", "sum"), ("ipo", "token_mean")]
)
def test_all_kinds_of_losses_train_whole_layers(
    small_dataset: Path,
    toy_model_folder: Path,
    tmp_path: Path,
    method: str,
    normalise: str,
) -> None:
    run = {
        "id": "r",
        "method": method,
        "set": "mine",
        "steps": 3,
        "labels": "shuffled",
        "normalise": normalise,
    }
    params = small.params(
        small.write_pairs(tmp_path / "pairs.csv"),
        toy_model_folder,
        runs=[run],
        trainable={"kind": "layers", "layers": 1},
        learning_rate=0.001,
    )
    train(params, small_dataset, tmp_path / "out", journal=tmp_path / "journal")
    rows = _training(tmp_path / "out").sort("step")
    assert rows["loss"].drop_nulls().is_finite().all()
    assert rows["factor"].drop_nulls().min() > 0  # type: ignore[operator]
    assert (tmp_path / "out" / "r-s0" / "model.safetensors").is_file()


def _pair(own: float, p: float | None = None) -> Pair:
    return Pair("a", "", "x", "y", own, own if p is None else p, (0.0, 0.0))


def test_figures_of_held_out_pairs_by_hand() -> None:
    logps = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0 + 1e-5], [3.0, 0.0]])
    pairs = [_pair(0.9), _pair(0.55), _pair(0.8), _pair(0.5)]
    found = dev_figures(logps, pairs, 0.5)
    assert found["dev_accuracy"] == pytest.approx((1 + 0 + 0.5) / 3)  # the tie is left out
    assert found["dev_margin"] == pytest.approx(0.5 * (1 - 2 + 0 + 3) / 4, abs=1e-5)
    assert found["dev_absolute_u"] == pytest.approx(6 / 4, abs=1e-5)
    assert found["dev_near_tie_u"] == pytest.approx(3.0)
    assert found["dev_logratio_1"] == pytest.approx(5 / 4)
    assert found["dev_logratio_2"] == pytest.approx(3 / 4, abs=1e-5)
    h = 0.5 * torch.tensor([1.0, -2.0, 0.0, 3.0], dtype=torch.float64)
    own = torch.tensor([0.9, 0.55, 0.8, 0.5], dtype=torch.float64)
    assert found["dev_brier"] == pytest.approx(float(((h.sigmoid() - own) ** 2).mean()), abs=1e-5)
    only_ties = dev_figures(logps[3:], [_pair(0.5)], 0.5)
    assert only_ties["dev_accuracy"] is None


def test_figures_of_training_pairs_follow_the_label_that_is_trained_on() -> None:
    found = train_figures(torch.tensor([[2.0, 0.0]]), [_pair(0.9, 0.25)], 1.0)
    sigma = float(torch.tensor(2.0, dtype=torch.float64).sigmoid())
    assert found["train_gap"] == pytest.approx(sigma - 0.25)
    assert found["train_margin"] == pytest.approx(-2.0)
