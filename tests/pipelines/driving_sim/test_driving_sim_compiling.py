from __future__ import annotations

import pytest
import torch

from measurand.errors import InputError
from pipelines.driving_sim import compiling, networks, planners, simulate
from pipelines.driving_sim.measures import OFF_ROUTE
from pipelines.driving_sim.simulate import Planner, Rollout
from pipelines.driving_sim.spaces import SPACES
from pipelines.driving_sim.world import World

# What torch imports in order to compile speaks of its own past.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
needs_compiler = pytest.mark.skipif(bool(compiling.missing()), reason=compiling.missing())


def events(found: Rollout) -> torch.Tensor:
    """(4, B) whether a drive had a contact, left the road or the route, went the wrong way."""
    m = found.measures
    parts = (m.hit >= 0, m.road_m > 0, m.route_m > OFF_ROUTE, m.wrong_way)
    return torch.stack([part.any(1) for part in parts])


def both(world: World, planner: Planner, others: str, ids: list[str]) -> tuple[Rollout, Rollout]:
    with torch.no_grad():
        eager, fast = (
            simulate.rollout(world, planner, others, scenario_ids=ids, compiled=yes)
            for yes in (False, True)
        )
    assert torch.equal(eager.valid, fast.valid)
    return eager, fast


def apart(one: Rollout, two: Rollout) -> float:
    """Metres between two drives of everybody at most."""
    return float((one.pose - two.pose)[one.valid][:, :2].abs().max())


@needs_compiler
@pytest.mark.integration
@pytest.mark.timeout(1200)
def test_what_is_compiled_meets_what_is_not(world: World, ids: list[str]) -> None:
    """Rules and a network; a good half minute of compiling, once for all drivers."""
    others = "idm"
    seen, before = [], torch._dynamo.utils.counters["stats"]["unique_graphs"]
    for name in ("expert", "constant_speed", "brake", "idm"):
        eager, fast = both(world, planners.RULES[name](), others, ids)
        assert torch.equal(events(eager), events(fast)), name
        assert torch.equal(eager.measures.hit, fast.measures.hit)
        assert torch.equal(eager.infeasible, fast.infeasible)
        assert apart(eager, fast) < 1e-3
        seen.append(events(fast))
    assert torch.stack(seen).any()
    variants = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    assert variants <= before + 1, "the first step is compiled apart from the others"
    network = networks.imitator(SPACES["bicycle"].outputs, "compiled").eval()
    planner = networks.planner(network, SPACES["bicycle"], "own")
    eager, fast = both(world, planner, others, ids)
    assert (events(eager) == events(fast)).double().mean() >= 0.99
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == variants


def test_without_a_compiler_it_is_said(
    world: World, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(InputError, match="no-such-compiler is not on the PATH"):
        simulate.rollout(world, planners.idm, scenario_ids=ids, compiled=True)


def test_a_gpu_needs_another_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "triton" in compiling.missing("cuda")
