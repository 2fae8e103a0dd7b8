from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import webagent_planners as small

from measurand.errors import InputError
from pipelines.webagent import fitting, net, planning
from pipelines.webagent.instructions import task
from pipelines.webagent.page import Seen
from pipelines.webagent.pairs import Coder
from pipelines.webagent.planning import Follow, Trained
from pipelines.webagent.rules import END
from pipelines.webagent.tokenizer import END as LAST
from schemas.webagent.params import Params

Made = tuple[Path, Params]
TASK = replace(task("map", "train", 0, 0), text="Buy number 3")


def load(planners: Made, name: str = "tuned") -> Trained:
    folder, params = planners
    return planning.load(params.train, name, folder / "dataset", folder / "checkpoint")


@pytest.mark.integration
def test_a_planner_says_what_it_learned(planners: Made) -> None:
    page = Seen(small.numbered(3))
    for name in ("tuned", "scratch"):
        plan = load(planners, name).plan(TASK, (), page)
        assert plan.sub_instruction == small.SAID
        assert plan.refs
        assert set(plan.refs) <= page.refs
        assert len(set(plan.refs)) == len(plan.refs)
        assert plan == load(planners, name).plan(TASK, (), page)
    assert plan.prompt_tokens == 96
    assert plan.completion_tokens
    assert plan.completion_tokens > len(plan.refs)


def test_what_was_carried_out_before_ends_the_episode(planners: Made) -> None:
    plan = load(planners).plan(TASK, (small.SAID,), Seen(small.numbered(3)))
    assert (plan.sub_instruction, plan.refs) == (END, ())
    assert plan.completion_tokens


def test_a_model_that_learned_nothing_points_at_elements_of_the_page(planners: Made) -> None:
    folder, params = planners
    assert params.train is not None
    assert params.train.finetuning is not None
    _, size = fitting.load(folder / "checkpoint" / "tuned.safetensors")
    coder = Coder.of(folder / "dataset")
    page = Seen('<main><a data-ref="12">a</a><a data-ref="123">b</a><a data-ref="5">c</a></main>')
    pointed = 0
    for seed in range(6):
        weights = net.init(size, seed)
        # The token before a number is often its likeliest one, so that it points.
        weights["lm_head.weight"][coder.ref] *= 40
        one = Trained("x", weights, size, coder, params.train.finetuning)
        plan = one.plan(TASK, ("x",), page)
        assert set(plan.refs) <= page.refs
        assert len(set(plan.refs)) == len(plan.refs)
        pointed += bool(plan.refs)
    assert pointed


def test_numbers_are_those_of_the_page_each_once(built: Path) -> None:
    coder = Coder.of(built)
    follow = Follow(coder, (1, 12, 34))
    words = list(coder.made.encode("Open", add_special_tokens=False).ids)
    assert follow([]) is None
    assert follow(words) is None
    first = {coder.number(ref)[0] for ref in (1, 12, 34)}
    assert set(follow([*words, coder.ref]) or ()) == first
    after = set(follow([*words, coder.ref, *coder.number(34)]) or ())
    assert after == {LAST, coder.ref}
    again = set(follow([*words, coder.ref, *coder.number(34), coder.ref]) or ())
    assert again == {coder.number(ref)[0] for ref in (1, 12)}
    every = [part for ref in (34, 1, 12) for part in (coder.ref, *coder.number(ref))]
    assert follow([*words, *every]) == [LAST]


def test_a_beginning_of_a_number_goes_on_to_numbers_of_the_page_alone() -> None:
    class Digits:
        """Every digit is a token; 99 stands before a number."""

        ref = 99

        def number(self, ref: int) -> tuple[int, ...]:
            return tuple(10 + int(one) for one in str(ref))

    follow = Follow(Digits(), (1, 12, 125, 30))  # type: ignore[arg-type]
    assert follow([99]) == [11, 13]
    assert follow([99, 13]) == [10]
    assert follow([99, 11]) == [LAST, 12, 99]
    assert follow([99, 11, 12]) == [LAST, 15, 99]
    assert follow([99, 11, 12, 99, 11]) == [LAST, 12, 99]
    assert follow([99, 11, 12, 99, 11, 12]) == [15]
    assert Follow(Digits(), ())([99]) == []  # type: ignore[arg-type]


def test_a_planner_of_another_training_is_refused(planners: Made) -> None:
    folder, params = planners
    given = params.train
    assert given is not None
    other = given.model_copy(
        update={"pretraining": given.pretraining.model_copy(update={"steps": 9})}
    )
    where = folder / "dataset", folder / "checkpoint"
    with pytest.raises(InputError, match="other code, data or parameters"):
        planning.load(other, "tuned", *where)
    for nobody in (given, None):
        with pytest.raises(InputError, match="no planner 'nobody'"):
            planning.load(nobody, "nobody", *where)
    again = given.model_copy(update={"seed": 9})
    names = [planning.identity(one, "tuned", where[0]) for one in (given, other, again)]
    assert len(set(names)) == 3
    assert planning.identity(given, "scratch", where[0]) not in names


def test_the_same_planner_reads_less_or_more(planners: Made) -> None:
    planner, html = load(planners), small.numbered(0)
    assert planner.within(20).plan(TASK, [], Seen(html)).prompt_tokens == 20
    whole = planner.within(5000).plan(TASK, [], Seen(html)).prompt_tokens
    assert whole == len(planner.coder.read(TASK.text, [], html))
