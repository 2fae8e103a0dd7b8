from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from measurand.errors import CapabilityError, InputError
from measurand.models.protocol import Request, Sampling, Score, check
from pipelines.many_shot import labels, layout, oracles, tasks
from pipelines.many_shot.example import Example
from pipelines.many_shot.rules import RULES
from pipelines.many_shot.tasks import linear
from pipelines.many_shot.verifiers import extract, verify
from schemas.many_shot.params import Params, Task

CURVES = [
    {"shots": [0, 1], "seeds": 1},
    {"label_map": "flipped", "shots": [0], "seeds": 1},
]
SOLVED = {"rationale": "program", "shots": [1], "seeds": 1}
BLOCKS = {"kind": "planning", "domain": "blocksworld", "objects": 3}


def params_of(
    source: dict[str, Any], *, train: int, test: int, curves: list[Any] = CURVES
) -> Params:
    task = {"id": "t", "source": source, "train": train, "dev": 0, "test": test, "curves": curves}
    return Params.model_validate({"build": {"tasks": [task]}})


def parts(task: Task) -> tuple[list[Example], list[Example]]:
    """Training and test examples: as the source splits them, or else the first and the next."""
    drawn = tasks.examples(task, 0, Path())
    if drawn.split is None:
        return drawn.examples[: task.train], drawn.examples[task.train :][: task.test]
    named = [(drawn.split[e.key], e) for e in drawn.examples]
    return [e for s, e in named if s == "train"], [e for s, e in named if s == "test"]


def requests(
    task: Task, shots: Sequence[Example], questions: Sequence[Example], curve: str = "supervised"
) -> list[Request]:
    chosen = next(c for c in task.curves if c.name == curve)

    def word(example: Example) -> str:
        if example.options is None:
            return example.target
        at = example.options.index(example.target)
        return labels.words(example.options, chosen.label_map)[at]

    own = task.layout
    solved = chosen.rationale != "none"
    shown = [layout.shot(own, e.input, word(e), e.rationale if solved else None) for e in shots]
    before = layout.prefix(own, shown, "supervised")
    tags = {"task": task.id, "curve": curve}
    choices = tuple(f" {w}" for w in labels.words(questions[0].options or ("?",), chosen.label_map))
    return [
        Request(layout.join(before, layout.query(own, q.input)), tags, choices if q.options else ())
        for q in questions
    ]


def right(questions: Sequence[Example], scores: Sequence[Score]) -> list[bool]:
    return [
        s.choice == (q.options or ()).index(q.target)
        for q, s in zip(questions, scores, strict=True)
    ]


def linear_case(features: int, seed: int, per_class: int, test: int) -> tuple[Params, Task]:
    source = {"kind": "linear", "features": features, "seed": seed}
    params = params_of(source, train=2 * per_class, test=test)
    return params, params.build.tasks[0]


# Accuracy of k-NN and logistic regression on arrays, mean of 5 seeds x 100 questions, by features
# and shots per class; computed apart from this code, with the same generator.
REFERENCE = {
    (16, 16): (0.708, 0.788),
    (16, 64): (0.766, 0.954),
    (16, 256): (0.798, 0.982),
    (32, 16): (0.674, 0.770),
    (32, 64): (0.692, 0.902),
    (32, 256): (0.698, 0.968),
    (64, 16): (0.586, 0.698),
    (64, 64): (0.636, 0.790),
    (64, 256): (0.678, 0.940),
}
_small = [case for case in REFERENCE if max(case) <= 16]
_large = [pytest.param(*c, marks=pytest.mark.integration) for c in REFERENCE if c not in _small]


@pytest.mark.parametrize(("features", "per_class"), [*_small, *_large])
def test_classifiers_through_text_are_classifiers_on_arrays(features: int, per_class: int) -> None:
    accuracies = []
    for seed in range(5):
        params, task = linear_case(features, seed, per_class, 100)
        # The same draws as arrays, straight from the generator.
        rng, rule = linear.start(features, seed)
        x, y = linear.block(rng, rule, per_class)
        x_test, y_test = linear.block(rng, rule, 50)
        near = KNeighborsClassifier(5).fit(x, y).predict(x_test)
        scaled = LogisticRegression(C=1e3, max_iter=2000).fit((x - 500) / 300, y)
        fitted = scaled.predict((x_test - 500) / 300)
        shots, questions = parts(task)
        asked = requests(task, shots, questions)
        for name, expected in (("knn5", near), ("logreg", fitted)):
            scores = oracles.load(f"oracle:{name}", params).score(asked, ())
            assert [s.choice for s in scores] == expected.tolist()
        accuracies.append([np.mean(near == y_test), np.mean(fitted == y_test)])
    assert np.mean(accuracies, axis=0) == pytest.approx(REFERENCE[features, per_class], abs=1e-3)


def test_classifiers_follow_the_words_of_the_shots() -> None:
    params, task = linear_case(8, 0, 16, 20)
    shots, questions = parts(task)
    model = oracles.load("oracle:knn5", params)
    plain = model.score(requests(task, shots, questions), ())
    flipped = model.score(requests(task, shots, questions, "supervised-flipped"), ())
    assert [s.choice for s in plain] == [s.choice for s in flipped]
    mixed = [
        Request(a.prompt, a.tags, b.choices)
        for a, b in zip(
            requests(task, shots, questions),
            requests(task, shots, questions, "supervised-flipped"),
            strict=True,
        )
    ]
    assert [1 - (s.choice or 0) for s in model.score(mixed, ())] == [s.choice for s in plain]


def test_too_few_shots_are_a_reason_not_an_answer() -> None:
    params, task = linear_case(8, 0, 8, 4)
    shots, questions = parts(task)
    for name, n, why in (("knn5", 4, "4 shots"), ("logreg", 0, "no answer")):
        [score, *_] = oracles.load(f"oracle:{name}", params).score(
            requests(task, shots[:n], questions), ()
        )
        assert (score.status, score.choice) == ("model_error", None)
        assert why in (score.reason or "")


@pytest.mark.parametrize("curve", ["supervised", "supervised-flipped"])
@pytest.mark.parametrize("k", [0, 1, 6])
def test_the_solver_knows_the_rule_at_every_number_of_shots(k: int, curve: str) -> None:
    params, task = linear_case(16, 3, 8, 40)
    shots, questions = parts(task)
    scores = oracles.load("oracle:solver", params).score(
        requests(task, shots[:k], questions, curve), ()
    )
    assert all(right(questions, scores))


SUM = {"kind": "arithmetic", "terms": 3, "digits": 1}


@pytest.mark.parametrize(
    ("source", "n", "curve"),
    [
        pytest.param({"kind": "parity", "bits": 6}, 20, "supervised", id="parity"),
        pytest.param(SUM, 20, "supervised", id="arithmetic"),
        pytest.param(SUM, 20, "supervised-program", id="solutions"),
        # The planner is a process of its own.
        pytest.param(BLOCKS, 2, "supervised", id="blocksworld", marks=pytest.mark.integration),
        pytest.param(
            *({"kind": "planning", "domain": "logistics", "objects": 2}, 2, "supervised"),
            id="logistics",
            marks=pytest.mark.integration,
        ),
    ],
)
def test_the_solver_writes_right_answers(source: dict[str, Any], n: int, curve: str) -> None:
    params = params_of(source, train=n, test=n, curves=[*CURVES[:1], SOLVED])
    task = params.build.tasks[0]
    shots, questions = parts(task)
    model = oracles.load("oracle:solver", params)
    for k in (0, 2):
        asked = requests(task, shots[:k], questions, curve)
        for question, written in zip(questions, model.generate(asked, Sampling()), strict=True):
            found = extract(written.text or "", task.layout.answer_cue, "program" in curve)
            assert found is not None
            assert verify(question.verifier, found, question.target, question.details).correct


def test_what_an_oracle_writes_is_what_it_finds_likely() -> None:
    params = params_of(SUM, train=2, test=2)
    task = params.build.tasks[0]
    shots, questions = parts(task)
    model = oracles.load("oracle:solver", params)
    first = requests(task, shots, questions)[0]
    texts = [model.generate([first], Sampling())[0].text or "", " no", " no way"]
    scores = model.score([Request(first.prompt, first.tags, (text,)) for text in texts], ())
    likely, strange, longer = (score.logprobs[0] or 0 for score in scores if score.logprobs)
    assert likely == pytest.approx(math.log(0.98), abs=1e-6)
    assert likely > strange > longer


def test_the_solver_writes_solutions_that_can_be_shown() -> None:
    params = params_of(SUM, train=4, test=4, curves=[SOLVED])
    task = params.build.tasks[0]
    shots, questions = parts(task)
    asked = [
        Request(r.prompt, {**r.tags, "curve": oracles.RATIONALES})
        for r in requests(task, shots, questions, "supervised-program")
    ]
    texts = [c.text for c in oracles.load("oracle:solver", params).generate(asked, Sampling())]
    assert texts == [layout.answer_text(task.layout, q.target, q.rationale) for q in questions]


@pytest.mark.parametrize("name", ["majority", "prior", "constant"])
def test_baselines_stay_at_chance(name: str) -> None:
    params, task = linear_case(8, 1, 32, 400)
    shots, questions = parts(task)
    model = oracles.load(f"oracle:{name}", params)
    curves = []
    for k in (0, 2, 8, 64):
        # Balanced shots: the first of either class in turn.
        classes = [[e for e in shots if e.target == word] for word in linear.OPTIONS]
        some = [e for pair in zip(*classes, strict=True) for e in pair][:k]
        curves.append(right(questions, model.score(requests(task, some, questions), ())))
    assert all(curve == curves[0] for curve in curves)
    if name == "prior":
        # Chance, within four standard errors of 400 fair draws.
        assert np.mean(curves[0]) == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(400))
        other = oracles.load("oracle:prior?seed=1", params)
        assert right(questions, other.score(requests(task, [], questions), ())) != curves[0]
    else:
        assert np.mean(curves[0]) == 0.5


def test_majority_is_the_commonest_answer_of_the_shots() -> None:
    params, task = linear_case(4, 0, 8, 6)
    shots, questions = parts(task)
    high = [e for e in shots if e.target == "B"]
    low = [e for e in shots if e.target == "A"]
    model = oracles.load("oracle:majority", params)
    scores = model.score(requests(task, [*high[:3], *low[:2]], questions), ())
    assert {s.choice for s in scores} == {1}
    assert {s.choice for s in model.score(requests(task, high[:1] + low[:1], questions), ())} == {0}


def test_copy_nearest_finds_the_question_among_the_shots() -> None:
    params, task = linear_case(4, 0, 16, 6)
    shots, questions = parts(task)
    model = oracles.load("oracle:copy_nearest", params)
    asked = requests(task, [*shots, *questions], questions)
    assert all(right(questions, model.score(asked, ())))


@pytest.mark.parametrize("name", ["majority", "prior", "constant"])
def test_without_shots_two_label_maps_are_mirror_images(name: str) -> None:
    params, task = linear_case(4, 0, 8, 60)
    _, questions = parts(task)
    model = oracles.load(f"oracle:{name}", params)
    plain, flipped = (
        right(questions, model.score(requests(task, [], questions, curve), ()))
        for curve in ("supervised", "supervised-flipped")
    )
    assert np.mean(plain) + np.mean(flipped) == 1


@pytest.mark.parametrize("name", sorted({*RULES} - {"parity"}))
def test_distributions_are_proper_and_sharp(name: str) -> None:
    params, task = linear_case(4, 0, 8, 6)
    shots, questions = parts(task)
    for score in oracles.load(f"oracle:{name}", params).score(requests(task, shots, questions), ()):
        assert score.mass == pytest.approx(1, abs=1e-6)
        assert math.exp(max(x for x in score.logprobs or () if x is not None)) > 0.9


def test_a_task_without_a_rule_is_refused_before_any_call() -> None:
    params = params_of(BLOCKS, train=2, test=2)
    for name in ("knn5", "logreg", "parity"):
        with pytest.raises(CapabilityError, match="no rule for task t"):
            oracles.load(f"oracle:{name}", params).require(params.build.tasks)
    oracles.load("oracle:solver", params).require(params.build.tasks)
    with pytest.raises(CapabilityError, match="generate"):
        check(oracles.load("oracle:prior", params), generate=True)


@pytest.mark.parametrize("spec", ["oracle:delphi", "oracle:", "oracle:prior?volume=3"])
def test_unknown_oracles_and_options_are_refused(spec: str) -> None:
    with pytest.raises(InputError) as caught:
        oracles.load(spec, params_of(BLOCKS, train=2, test=2))
    assert caught.value.code == "bad_model"


def test_an_oracle_is_known_by_name_seed_and_tasks() -> None:
    params, other = linear_case(4, 0, 8, 6)[0], linear_case(4, 1, 8, 6)[0]
    made = [
        oracles.load(spec, p).fingerprint
        for spec, p in (
            ("oracle:prior", params),
            ("oracle:prior?seed=1", params),
            ("oracle:constant", params),
            ("oracle:prior", other),
        )
    ]
    assert len(set(made)) == 4
    assert oracles.open_model("oracle:prior", params).fingerprint == made[0]
