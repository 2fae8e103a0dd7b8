from __future__ import annotations

from compwob_handmade import episodes, params

from evaluators.compwob.evaluate.plan import compositions_of, items_of, specs_of, tasks_of
from pipelines.compwob.tasks import NAMES
from schemas.compwob.params import AgentRun, Params


def test_an_agent_plays_parts_alone_and_compositions_in_both_wordings() -> None:
    given = Params()
    found = tasks_of(given, AgentRun(agent="oracle"))
    assert len(found) == 22 + 100
    specs = list(specs_of(given, AgentRun(agent="oracle", seeds=3)))
    assert len(specs) == 122 * 3
    assert len({(s.task.name, s.order, s.seed) for s in specs}) == len(specs)
    assert min(s.seed for s in specs) == given.evaluate.first_seed


def test_a_composition_of_ones_own_is_played_with_its_parts() -> None:
    own = ("click-link", "enter-date", "search-engine")
    given = Params.model_validate(
        {"evaluate": {"compositions": [NAMES[0]], "extra_compositions": [own]}}
    )
    run = AgentRun(agent="oracle")
    assert [task.name for task in compositions_of(given, run)] == [NAMES[0], "_".join(own)]
    alone = {task.name for task, order in tasks_of(given, run) if order == "single"}
    assert {"enter-date", "search-engine"} < alone
    # An agent with a list of its own plays that and no more.
    some = AgentRun(agent="oracle", compositions=(NAMES[1],))
    assert [task.name for task in compositions_of(given, some)] == [NAMES[1]]


def test_an_episode_without_a_result_is_an_item_without_a_value() -> None:
    agents = {"oracle": lambda spec: True}
    row = next(episodes(params(agents), agents))
    lost = {**row, "success": None, "status": "infra_error", "reason": "the browser died"}
    (good,), (bad,) = items_of(row, "r"), items_of(lost, "r")
    assert (good["value"], good["status"]) == (1.0, "ok")
    assert (bad["value"], bad["status"], bad["reason"]) == (None, "infra_error", "the browser died")
    assert good["item_id"] == bad["item_id"]
    assert good["item_id"] == f"{row['task']}|{row['order']}|{row['seed']}"
    assert good["cluster_id"] == row["task"]
