from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from measurand import models
from measurand.models.protocol import Request
from measurand.texts import normalise
from pipelines.soft_labels import writing
from pipelines.soft_labels.material import Material
from pipelines.soft_labels.writing import AGAIN, beginnings, samples, writers
from schemas.soft_labels.params import REFERENCE_RUN, Params, Write

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def written(
    small_params: Params,
    small_dataset: Path,
    small_checkpoint: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Rows, Rows]:
    costs: Rows = []
    journal = tmp_path_factory.mktemp("journal")
    material = Material(small_params, small_dataset)
    rows = samples(small_params, material, small_checkpoint, Path("models"), journal, costs)
    return rows, costs


def test_beginnings_are_those_of_test_responses(small_params: Params, small_dataset: Path) -> None:
    material = Material(small_params, small_dataset)
    found = beginnings(material, "mine", Write(prompts=99, words=2))
    texts = [t for pair in material.pairs("mine", "test") for t in (pair.text_1, pair.text_2)]
    for one in found:
        assert any(text.startswith(one.words) for text in texts)
        assert one.prompt == f"Statement: {one.words}"
        assert len(one.words.split()) == 2
    assert len({normalise(one.words) for one in found}) == len(found)
    assert beginnings(material, "mine", Write(prompts=2, words=2)) == found[:2]


def test_every_policy_continues_every_beginning(
    small_params: Params, written: tuple[Rows, Rows]
) -> None:
    rows, costs = written
    runs = [REFERENCE_RUN, AGAIN, "gdpo-s0", "gdpo-s1"]
    assert list(dict.fromkeys(row["run"] for row in rows)) == runs
    write = small_params.evaluate.write
    assert write is not None
    n = len({row["prompt_id"] for row in rows})
    assert len(rows) == len(runs) * n
    assert [(row["model"], row["part"]) for row in costs] == [(r, "write: mine") for r in runs]


def test_texts_begin_as_they_were_told(written: tuple[Rows, Rows]) -> None:
    for row in written[0]:
        assert row["status"] == "ok"
        assert row["text"].startswith(row["beginning"])
        assert row["n_words"] == len(row["text"].split())


def test_log_probabilities_are_those_of_each_policy(
    small_params: Params, small_checkpoint: Path, written: tuple[Rows, Rows]
) -> None:
    row = next(r for r in written[0] if r["run"] == "gdpo-s1" and r["continuation"])
    request = Request(row["whole_prompt"], choices=(row["continuation"],))
    own = f"{small_params.build.policy}&adapter={small_checkpoint / 'gdpo-s1'}"
    for spec, column in ((own, "logp_policy"), (small_params.build.policy, "logp_reference")):
        [score] = models.load(spec).score([request], ())
        assert score.logprobs == pytest.approx([row[column]], abs=1e-4)
    for row in written[0]:
        if row["run"] in (REFERENCE_RUN, AGAIN) and row["continuation"]:
            assert row["logp_policy"] == pytest.approx(row["logp_reference"], abs=1e-4)


def test_the_reference_writes_something_else_the_second_time(written: tuple[Rows, Rows]) -> None:
    texts = [
        [row["text"] for row in written[0] if row["run"] == run] for run in (REFERENCE_RUN, AGAIN)
    ]
    assert texts[0] != texts[1]


def test_policies_are_named_by_model_strings(small_params: Params) -> None:
    found = {writer.run: writer for writer in writers(small_params, "mine", Path("c"))}
    assert (
        found["gdpo-s1"].spec
        == f"{small_params.build.policy}&adapter={Path('c/gdpo-s1').resolve()}"
    )
    assert (found[AGAIN].spec, found[AGAIN].repeat) == (small_params.build.policy, 1)


def test_a_resumed_run_asks_nothing(
    small_params: Params,
    small_dataset: Path,
    small_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    material = Material(small_params, small_dataset)
    first = samples(small_params, material, small_checkpoint, Path("models"), tmp_path, [])
    monkeypatch.setattr(writing, "check", lambda model, **what: None)

    def refuse(self: object, *what: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr("measurand.models.hf.HfModel.generate", refuse)
    monkeypatch.setattr("measurand.models.hf.HfModel.score", refuse)
    again = samples(small_params, material, small_checkpoint, Path("models"), tmp_path, [])
    assert again == first
