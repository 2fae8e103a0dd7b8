from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from many_shot_handmade import make, params_of

from pipelines.many_shot.material import Material, _cuts, written
from schemas.many_shot.params import Curve, ModelRun


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return Material(params_of(), make(tmp_path_factory.mktemp("many_shot")) / "dataset")


@given(st.integers(0, 8), st.integers(1, 30), st.integers(1, 40))
def test_batches_hold_every_question_once_and_whole_prompts_where_they_fit(
    prompts: int, questions: int, size: int
) -> None:
    batches = list(_cuts(prompts, questions, size))
    assert [pair for batch in batches for pair in batch] == [
        (p, q) for p in range(prompts) for q in range(questions)
    ]
    assert all(0 < len(batch) <= size for batch in batches)
    if questions <= size:
        assert all(len(batch) % questions == 0 for batch in batches)
        # And no prompt that would have fitted waits for the next batch.
        assert all(len(batch) + questions > size for batch in batches[:-1])


def test_a_shot_set_is_asked_from_few_shots_to_many(material: Material) -> None:
    task = params_of().task("line")
    batches = list(material.batches(task, task.curves[0], 100))
    found = [[(a.prompt["seed"], a.prompt["k"]) for a in batch[::6]] for batch in batches]
    assert found == [[(0, 0), (0, 2), (0, 6)], [(1, 2), (1, 6)]]
    ids = [a.question.query_id for a in batches[0]]
    assert ids[:6] == ids[6:12] == sorted(ids[:6])


@pytest.mark.parametrize("limit", [0, 1, 5, 17, 1000])
def test_a_limit_cuts_the_same_order(material: Material, limit: int) -> None:
    task = params_of().task("line")
    every, some = (
        [
            (a.prompt["prompt_id"], a.question.query_id)
            for batch in material.batches(task, task.curves[0], 8, most)
            for a in batch
        ]
        for most in (None, limit)
    )
    assert some == every[:limit]
    assert len(every) == material.size(task, task.curves[0]) == 30


def test_a_model_is_asked_what_its_run_names(material: Material) -> None:
    names = [
        (task.id, curve.name)
        for task, curve in material.asked(
            ModelRun(model="m", tasks=("line", "sums"), curves=("supervised", "unsupervised"))
        )
    ]
    assert names == [("line", "supervised"), ("line", "unsupervised"), ("sums", "supervised")]


def test_options_are_scored_only_where_they_follow_the_cue() -> None:
    plain = Curve(shots=(1,), seeds=1)
    solved = Curve(shots=(1,), seeds=1, rationale="human")
    assert not written(plain, ("a", "b"))
    assert written(solved, ("a", "b"))
    assert written(plain, None)


def test_solutions_are_scored_where_solutions_are_shown(material: Material) -> None:
    task = params_of().task("sums")
    metrics = {}
    for curve in task.curves:
        [*asked] = (a for batch in material.batches(task, curve, 50) for a in batch)
        metrics[curve.name] = {name for a in asked for name in a.answer_requests()}
        for one in asked:
            for request in one.answer_requests().values():
                assert request.prompt.endswith(f"Q: {one.question.text}\nA:")
                assert request.choices[0].endswith(one.question.target)
                assert request.choices[0].startswith(" ")
    assert metrics == {
        "supervised": {"nll"},
        "supervised-program": {"nll_program", "nll_model"},
        "reinforced": {"nll_program", "nll_model"},
    }
