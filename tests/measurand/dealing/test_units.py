from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from dealt_loop import CHOICES, request

from measurand.asks import Ask
from measurand.dealing import units
from measurand.dealing.dealer import Dealer, Said, Wanted
from measurand.errors import CapabilityError, InfraError, InputError, WorkerError
from measurand.models import load
from measurand.models.protocol import Sampling

SPEC = "synthetic:uniform"


def wanted(place: Path, asks: list[Ask], spec: str = SPEC, **more: str) -> Wanted:
    """Batches as a dealer notes them."""
    dealer = Dealer(place, lambda spec: Said("", load(spec).capabilities()))
    model = load(spec)
    with dealer.at_work(notes=True):
        for number, ask in enumerate(asks):
            calls = {
                f"{number}.{i}": (r.tagged_sha256, {"mode": "logprob", "choices": list(CHOICES)})
                for i, r in enumerate(ask.requests)
            }
            dealer.put(model, place / "j.jsonl", ask, calls)
    [found] = dealer.take()
    units.write_task(place, spec, place / "models", found)
    return found


def scored(*sizes: int) -> list[Ask]:
    return [Ask([request(100 * n + i) for i in range(size)], CHOICES)
            for n, size in enumerate(sizes)]  # fmt: skip


def test_batches_are_cut_into_units_in_order_and_none_in_two(tmp_path: Path) -> None:
    found = wanted(tmp_path, scored(10, 4, 3, 40, 2))
    cut = units.cut(tmp_path, found)
    assert [unit.calls for unit in cut] == [17, 40, 2]
    assert [(a.end, a.number) for a in cut[:-1]] == [(b.start, b.number - 1) for b in cut[1:]]
    assert cut[-1].end == found.batches.stat().st_size
    many = wanted(tmp_path, scored(*[1] * 20_000))
    assert max(unit.calls for unit in units.cut(tmp_path, many)) == 79
    assert len(units.cut(tmp_path, many)) <= units.UNITS


def test_answers_are_published_whole_with_the_calls_they_answer(tmp_path: Path) -> None:
    asks = scored(9, 9)
    [unit] = units.cut(tmp_path, wanted(tmp_path, asks))
    units.answer(unit)
    batches = [json.loads(line) for line in unit.file.read_text().splitlines()]
    model = load(SPEC)
    for ask, records in zip(asks, batches, strict=True):
        scores = model.score(ask.requests, ask.choices)
        assert [r["logprobs"] for r in records] == [list(s.logprobs or ()) for s in scores]
        assert [r["prompt_sha256"] for r in records] == [r.tagged_sha256 for r in ask.requests]
        assert {r["repeat"] for r in records} == {0}
    assert {p.name for p in tmp_path.iterdir()} == {"batches-0.jsonl", "task.json", unit.file.name}


def test_a_model_is_described_by_who_has_it(tmp_path: Path) -> None:
    units.write_task(tmp_path, SPEC, tmp_path)
    unit = units.Unit(tmp_path, 0, 0, 0, 0)
    units.answer(unit)
    said = Said.from_record(json.loads(unit.file.read_text()))
    assert said == Said(load(SPEC).fingerprint, load(SPEC).capabilities())


def test_an_engine_is_loaded_once_a_process(tmp_path: Path, toy_model_folder: Path) -> None:
    spec = f"hf:{toy_model_folder}?template=none&device=cpu"
    found = wanted(tmp_path, scored(16, 16), spec)
    cut = units.cut(tmp_path, found)
    assert len(cut) == 2
    units.answer(cut[0])
    engine = units._LOADED[0].model
    units.answer(cut[1])
    assert units._LOADED[0].model is engine
    assert units._LOADED[0].checked == {"logprobs"}
    other = tmp_path / "other"
    other.mkdir()
    units.answer(units.cut(other, wanted(other, scored(2)))[0])
    assert [one.task["spec"] for one in units._LOADED] == [SPEC]


def test_another_model_at_the_worker_is_refused(tmp_path: Path) -> None:
    found = wanted(tmp_path, scored(3))
    found.fingerprint = "f" * 64
    units.write_task(tmp_path, SPEC, tmp_path, found)
    [unit] = units.cut(tmp_path, found)
    with pytest.raises(WorkerError, match=f"another {SPEC}: fingerprint ffffffffffff at the d"):
        units.answer(unit)
    assert not unit.file.exists()


def test_canary_prompts_come_before_the_first_unit(tmp_path: Path, toy_model_folder: Path) -> None:
    from transformers import LlamaForCausalLM

    dull = tmp_path / "dull"
    shutil.copytree(toy_model_folder, dull)
    model = LlamaForCausalLM.from_pretrained(dull)
    for weights in model.parameters():
        weights.data.zero_()
    model.save_pretrained(dull)
    found = wanted(tmp_path, scored(3), f"hf:{dull}?template=none&device=cpu")
    [unit] = units.cut(tmp_path, found)
    with pytest.raises(CapabilityError, match="every choice has the same log-prob") as caught:
        units.answer(unit)
    assert caught.value.code == "canary_failed"
    assert not unit.file.exists()


def test_what_a_model_cannot_do_is_said_before_the_first_unit(tmp_path: Path) -> None:
    written = Ask([request(1)], (), Sampling(), written=True)
    [unit] = units.cut(tmp_path, wanted(tmp_path, [written]))
    with pytest.raises(CapabilityError, match="cannot do 'generate'"):
        units.answer(unit)


def test_a_unit_of_a_run_that_was_given_up_writes_nothing(tmp_path: Path) -> None:
    [unit] = units.cut(tmp_path, wanted(tmp_path, scored(3)))
    (tmp_path / "task.json").unlink()
    with pytest.raises(InfraError) as caught:
        units.answer(unit)
    assert caught.value.code == "no_folder"
    units.write_task(tmp_path, "no_backend:x", tmp_path)
    with pytest.raises(InputError, match="unknown model backend"):
        units.answer(units.Unit(tmp_path, 0, 0, 0, 0))
