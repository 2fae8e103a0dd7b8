from __future__ import annotations

import json
from pathlib import Path

import pytest
from dealt_loop import CHOICES, request

from measurand import dealing
from measurand.asks import Ask
from measurand.calls import Batch, score_batches
from measurand.dealing.dealer import Absent, Dealer, Said, Unsettled
from measurand.journal import Journal
from measurand.models import load
from measurand.models.protocol import check

SPEC = "synthetic:uniform"


def never(spec: str) -> Said:
    raise AssertionError(f"{spec} has no engine")


def batches(*sizes: int) -> list[Batch]:
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return [
        Batch([request(i) for i in range(at, at + n)], CHOICES)
        for at, n in zip(starts, sizes, strict=True)
    ]


def test_batches_are_noted_and_count_as_failed(tmp_path: Path) -> None:
    dealer = Dealer(tmp_path, never)
    with dealer.at_work(notes=True), Journal(tmp_path / "j") as journal:
        model = dealing.opened(SPEC, load)
        # The third batch is the first again: what it asks is asked already.
        found = list(score_batches(model, [*batches(3, 2), *batches(3)], journal))
        assert len(journal) == 0
        assert dealing.pending()
    assert {one.score.status for batch in found for one in batch} == {"infra_error"}
    assert [[one.shared for one in batch] for batch in found] == [
        [False] * 3, [False] * 2, [True] * 3
    ]  # fmt: skip
    [wanted] = dealer.take()
    assert (wanted.spec, wanted.sizes) == (SPEC, [3, 2])
    assert wanted.fingerprint == load(SPEC).fingerprint
    lines = wanted.batches.read_bytes().splitlines(keepends=True)
    assert [len(line) for line in lines] == [wanted.ends[0], wanted.ends[1] - wanted.ends[0]]
    assert Ask.from_record(json.loads(lines[1])["ask"]).requests == batches(3, 2)[1].requests
    assert not dealing.pending()
    assert dealer.unjournalled == {}


def test_what_a_journal_holds_is_not_noted(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        list(score_batches(load(SPEC), batches(3), journal))
    dealer = Dealer(tmp_path, never)
    with dealer.at_work(notes=True), Journal(tmp_path / "j") as journal:
        found = list(score_batches(dealing.opened(SPEC, load), batches(3, 2), journal))
    assert [one.score.status for one in found[0]] == ["ok"] * 3
    [wanted] = dealer.take()
    assert wanted.sizes == [2]


def test_a_pass_that_may_note_nothing_stops_at_the_first_call(tmp_path: Path) -> None:
    dealer = Dealer(tmp_path, never)
    with (
        dealer.at_work(notes=False),
        Journal(tmp_path / "j") as journal,
        pytest.raises(Unsettled),
    ):
        list(score_batches(dealing.opened(SPEC, load), batches(3), journal))


def test_calls_of_a_systems_own_models_are_made_here(tmp_path: Path) -> None:
    class Own:
        def __init__(self, spec: str) -> None:
            self._model = load(SPEC)
            self.spec, self.fingerprint = spec, "own"
            self.capabilities, self.score = self._model.capabilities, self._model.score
            self.generate, self.close = self._model.generate, self._model.close

    dealer = Dealer(tmp_path, never)
    with dealer.at_work(notes=True), Journal(tmp_path / "j") as journal:
        model = dealing.opened("oracle:mine", Own)
        [found] = score_batches(model, batches(2), journal)
        assert [one.score.status for one in found] == ["ok", "ok"]
        assert not dealing.pending()


def test_without_a_dealer_nothing_is_other(tmp_path: Path) -> None:
    assert dealing.current() is None
    assert not dealing.pending()
    dealing.settle()
    assert dealing.opened(SPEC, load).fingerprint == load(SPEC).fingerprint


def test_an_engine_is_described_once_and_loaded_only_to_be_asked(
    toy_model_folder: Path, tmp_path: Path
) -> None:
    spec = f"hf:{toy_model_folder}?template=none&device=cpu"
    whole = load(spec)
    described, made = [], []

    def describe(text: str) -> Said:
        described.append(text)
        said = Said(whole.fingerprint, whole.capabilities())
        return Said.from_record(json.loads(json.dumps(said.record())))

    def make(text: str) -> object:
        made.append(text)
        return whole

    dealer = Dealer(tmp_path, describe)
    with dealer.at_work(notes=True):
        model = dealing.opened(spec, make)  # type: ignore[arg-type]
        again = dealing.opened(spec, make)  # type: ignore[arg-type]
    assert isinstance(model, Absent)
    assert described == [spec]
    assert (model.fingerprint, again.fingerprint) == (whole.fingerprint,) * 2
    assert model.capabilities().dtype == whole.capabilities().dtype
    check(model, logprobs=True)  # canary prompts are the workers'
    model.close()
    assert made == []
    assert model.score([request(1)], CHOICES) == whole.score([request(1)], CHOICES)
    assert made == [spec]
