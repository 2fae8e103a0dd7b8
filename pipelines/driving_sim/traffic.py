"""How the other objects move: as recorded, at constant speed, or as drivers that react.

The driver is the intelligent driver model (Treiber, Hennecke and Helbing 2000, eq. 2-3) on rails.
It follows the nearest object on its own path, lets others go first where paths cross, and stops at
red. Without the second and third a car that obeys its log is hit at junctions, and the traffic is
measured instead of the planner.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from pipelines.driving_sim import rails
from pipelines.driving_sim.dynamics import cos_sin, travelled
from pipelines.driving_sim.levels import LEVEL
from pipelines.driving_sim.world import State, World
from schemas.driving_sim.params import DT, T0

ASIDE = 1.9
"""Metres from a path within which an object is on it."""
LOOK = 72
"""Metres of the path that are looked at for a leader."""
EVERY = 2
"""Metres from one such point to the next."""
SHARPEST, STRONGEST = -6.0, 2.5
"""m/s^2, braking and accelerating."""
CLOSEST = 0.1
"""Metres of gap below which a gap is not divided by."""
BEFORE = 1.0
"""Metres before a crossing at which a car waits."""
EARLY = 0.5
"""Metres before a crossing from which it is taken."""
SOON = 6.0
"""Seconds within which somebody else's arrival counts."""

Others = Callable[[World, State], State]


def playback(world: World, state: State) -> State:
    """Everything as recorded a step later."""
    t = state.t + 1
    there = world.valid[:, :, t]
    pose = torch.where(there[..., None], world.log[:, :, t], state.pose)
    return State(pose, there, state.s + _forward(state, pose), t)


def constant_speed(world: World, state: State) -> State:
    """Objects that were there at the start go on along their path at their speed."""
    return _driven(world, state, torch.zeros_like(state.pose[..., 3]))


def idm(world: World, state: State) -> State:
    """Drivers that react."""
    return _driven(world, state, acceleration(world, state))


OTHERS: dict[str, Others] = {"playback": playback, "constant": constant_speed, "idm": idm}


def _driven(world: World, state: State, a: torch.Tensor) -> State:
    """Objects on rails under an acceleration; those that came later than the start, as recorded."""
    recorded = playback(world, state)
    v = state.pose[..., 3]
    a = torch.maximum(a, -v / DT)
    s = state.s + travelled(v, a)
    on_path = rails.read(world.path, s[..., None])[..., 0, :]
    pose = torch.cat((on_path[..., :3], (v + a * DT)[..., None]), -1)
    mine = world.valid[:, :, T0]
    return State(
        torch.where(mine[..., None], pose, recorded.pose),
        mine | recorded.valid,
        torch.where(mine, s, recorded.s),
        state.t + 1,
    )


def acceleration(world: World, state: State) -> torch.Tensor:
    """m/s^2 of every object's driver: (B, N), within -6..2.5."""
    v = state.pose[..., 3]
    gap, closing = leader(world, state)
    for standing in (right_of_way(world, state), red_light(world, state)):
        closing = torch.where(standing < gap, v, closing)
        gap = torch.minimum(gap, standing)
    ahead = rails.number(world.path, (state.s + 0.3 * v)[..., None], 3)[..., 0]
    free = (v / ahead.clamp(min=CLOSEST)).square().square()
    a0, b = world.idm.acceleration, world.idm.braking
    wish = world.idm.gap + (v * world.idm.headway + v * closing / (2 * torch.sqrt(a0 * b))).clamp(
        min=0
    )
    near = (wish / gap.clamp(min=CLOSEST)).square()
    return (a0 * (1 - free - near)).clamp(SHARPEST, STRONGEST)


def leader(world: World, state: State) -> tuple[torch.Tensor, torch.Tensor]:
    """Gap to the nearest object on the own path, and how fast it closes.

    Returns:
        (B, N) metres from bumper to bumper, infinite without one; (B, N) m/s.
    """
    n = state.pose.shape[1]
    steps = torch.arange(0, LOOK + 1, EVERY, device=state.pose.device, dtype=state.pose.dtype)
    ahead = state.s[..., None] + steps
    points = rails.places(world.path, ahead)
    x, y = (points[..., k].contiguous() for k in (0, 1))
    on, first = first_near(state.pose, x, y)
    level = world.rise.abs() <= LEVEL
    on = on & level & state.valid[:, None] & ~torch.eye(n, dtype=torch.bool, device=on.device)
    # How far along the path it stands from that point.
    cos, sin = cos_sin(rails.number(world.path, ahead.gather(2, first), rails.YAW))
    dx, dy = (state.pose[:, None, :, k] - p.gather(2, first) for k, p in ((0, x), (1, y)))
    along = dx * cos + dy * sin
    length = world.size[..., 0] / 2
    gaps = steps[first] + along - length[:, :, None] - length[:, None]
    gaps = torch.where(on, gaps, torch.inf)
    nearest = gaps.min(2)
    other = state.pose.gather(1, nearest.indices[..., None].expand(-1, -1, 4))
    seen = other[..., 3] * cos_sin(other[..., 2] - state.pose[..., 2])[0].clamp(min=0)
    return nearest.values, torch.where(nearest.values < torch.inf, state.pose[..., 3] - seen, 0)


def first_near(
    pose: torch.Tensor, x: torch.Tensor, y: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Which objects are near a point of which paths, and which of a path's points is the first.

    Args:
        pose: (B, N, 4).
        x: (B, N, K) of points along every path.
        y: (B, N, K).

    Returns:
        (B, N, N) bool, the column's object is near the row's path; int64 numbers of points, 0 where
        it is not.
    """
    # A number for every object and point is the largest thing of a step: it is worked on in place,
    # as floats, and what is looked for is the highest number of points that are left.
    count = x.shape[2]
    square, other = (
        pose.detach()[:, None, :, None, k] - part.detach()[:, :, None]
        for k, part in ((0, x), (1, y))
    )
    square.mul_(square).add_(other.mul_(other))
    left = torch.arange(count, 0, -1, device=x.device, dtype=x.dtype)
    most = square.lt_(ASIDE * ASIDE).mul_(left).amax(3)
    on = most > 0
    return on, torch.where(on, count - most, 0).long()


def right_of_way(world: World, state: State) -> torch.Tensor:
    """Metres to the place before a crossing where a car waits for another; infinite otherwise.

    Of two whose paths cross the one that is at the crossing first goes first; ties go to the
    smaller number.
    """
    v, half = state.pose[..., 3], world.size[..., 0] / 2
    front, rear = state.s + half, state.s - half
    enter, leave = world.conflict.unbind(-1)
    theirs_in, theirs_out = enter.transpose(1, 2), leave.transpose(1, 2)
    room = enter - front[..., None]
    theirs = theirs_in - front[:, None]
    mine_there, there = room < EARLY, theirs < EARLY
    pace = v.clamp(min=1)
    arrival, their_arrival = room / pace[..., None], theirs / pace[:, None]
    n = v.shape[1]
    number = torch.arange(n, device=v.device)
    tie = (arrival == their_arrival) & (number < number[:, None])
    sooner = ((their_arrival < arrival) | tie) & (their_arrival < SOON)
    # Where no paths cross, the room is infinite and nothing is near.
    near = room < (v * v / 4 + 15)[..., None]
    yields = (
        (room > 0)
        & near
        & (rear[:, None] < theirs_out)
        & ((there & ~mine_there) | sooner)
        & state.valid[:, None]
    )
    return torch.where(yields, (room - BEFORE), torch.inf).amin(-1)


def red_light(world: World, state: State) -> torch.Tensor:
    """Metres to a stop line that must not be crossed; infinite otherwise."""
    light = world.light[:, :, state.t]
    room = world.stop - state.s - world.size[..., 0] / 2
    stoppable = room > state.pose[..., 3].square() / 6
    closed = (light == 1) | ((light == 2) & stoppable)
    return torch.where(closed & (room > 0), room, torch.inf)


def _forward(state: State, pose: torch.Tensor) -> torch.Tensor:
    """Metres that recorded objects moved along their heading in this step."""
    step = pose - state.pose
    cos, sin = cos_sin(pose[..., 2])
    return torch.where(state.valid, step[..., 0] * cos + step[..., 1] * sin, 0)
