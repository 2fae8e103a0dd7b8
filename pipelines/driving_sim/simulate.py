"""One step of the world, and whole drives.

Pure functions of tensors: no branch on data, differentiable in actions and in the pose at the
start, the same result for any batch a scenario stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch

from pipelines.driving_sim import compiling, dynamics, moments, rails
from pipelines.driving_sim.draws import uniforms
from pipelines.driving_sim.measures import Measures, measure
from pipelines.driving_sim.traffic import OTHERS, Others
from pipelines.driving_sim.world import State, World, reset
from schemas.driving_sim.params import STEPS, T0

Space = Literal["bicycle", "delta"]
Planner = Callable[[World, State, Any], Any]
"""``act(world, state, u)`` -> (B, 2) or (B, 3) actions; u are (B, K) uniforms in [0, 1)."""

DRAWS = 4
"""Uniforms that a planner gets for every step."""

_MOVES = {"bicycle": dynamics.bicycle, "delta": dynamics.delta}


def step(
    world: World,
    state: State,
    action: torch.Tensor,
    others: Others | str = "playback",
    *,
    space: Space = "bicycle",
) -> State:
    """The state a tenth of a second later.

    Args:
        world: the scenarios.
        state: where everything is.
        action: (B, 2) acceleration and curvature, or (B, 3) displacement and turn.
        others: how the other objects move, a function or one of :data:`traffic.OTHERS`.
        space: what the action is.
    """
    move = OTHERS[others] if isinstance(others, str) else others
    after = move(world, state)
    sdc = _MOVES[space](state.pose[:, 0], action)
    s = rails.project(world.path[:, 0], sdc[:, :2], state.s[:, 0])
    valid = torch.cat((state.valid[:, :1], after.valid[:, 1:]), 1)
    return replace(
        after,
        pose=torch.cat((sdc[:, None], after.pose[:, 1:]), 1),
        valid=valid,
        s=torch.cat((s[:, None], after.s[:, 1:]), 1),
    )


def transition(
    world: World, state: State, action: torch.Tensor, others: Others | str, space: Space
) -> tuple[State, Measures, torch.Tensor]:
    """The state after a step, its measurements, and (B,) whether no bicycle does that step."""
    after = step(world, state, action, others, space=space)
    bad = dynamics.infeasible(state.pose[:, 0], after.pose[:, 0])
    return after, measure(world, after), bad


def compiled_transition(
    world: World, state: State, action: torch.Tensor, others: Others | str, space: Space
) -> tuple[State, Measures, torch.Tensor]:
    """:func:`transition` as machine code: places agree to a tenth of a millimetre.

    Raises:
        InputError: there is no compiler.
    """
    made = compiling.compiled(transition, world.log.device.type)
    now = replace(state, t=moments.NOW)
    after, found, bad = made(moments.at(world, state.t), now, action, others, space)
    return replace(after, t=state.t + 1), found, bad


@dataclass(frozen=True)
class Rollout:
    """A drive of every scenario from step 11 to 90, 80 steps.

    Attributes:
        pose: (B, 81, N, 4) poses from the start on.
        valid: (B, 81, N) bool.
        action: (B, 80, 2 or 3) what the planner asked for.
        measures: of every state after the start, (B, 80, ...) each.
        infeasible: (B, 80) bool, steps that no bicycle can do.
    """

    pose: Any
    valid: Any
    action: Any
    measures: Measures
    infeasible: Any


def rollout(
    world: World,
    planner: Planner,
    others: Others | str = "playback",
    *,
    scenario_ids: Sequence[str],
    seed: int = 0,
    space: Space = "bicycle",
    start: State | None = None,
    compiled: bool = False,
) -> Rollout:
    """Drive all scenarios to their end.

    Args:
        world: the scenarios.
        planner: what drives the SDC.
        others: how the other objects move.
        scenario_ids: a name of each scenario: what a planner draws depends on it and on the seed,
            not on the batch.
        seed: of the draws.
        space: what the planner's action is.
        start: where to begin; as recorded if None.
        compiled: whether steps and their measurements are compiled first; what the planner does is
            not.

    Raises:
        InputError: they are to be compiled, and there is no compiler.
    """
    state = reset(world) if start is None else start
    one = compiled_transition if compiled else transition
    u = torch.from_numpy(uniforms(scenario_ids, seed, STEPS, DRAWS)).to(world.log)
    poses, valid, actions, measured, bad = [state.pose], [state.valid], [], [], []
    for t in range(T0, STEPS - 1):
        action = planner(world, state, u[:, t])
        state, found, wrong = one(world, state, action, others, space)
        bad.append(wrong)
        measured.append(found)
        poses.append(state.pose)
        valid.append(state.valid)
        actions.append(action)
    return Rollout(
        torch.stack(poses, 1),
        torch.stack(valid, 1),
        torch.stack(actions, 1),
        Measures(*(torch.stack(parts, 1) for parts in zip(*measured, strict=True))),
        torch.stack(bad, 1),
    )
