"""What is fixed, and parameters: `params/driving_sim.yaml`."""

from __future__ import annotations

DT = 0.1
"""Seconds of a step."""
STEPS = 91
"""Steps of a log."""
T0 = 10
"""Step at which driving begins."""
BEHIND = 4
"""Metres of a path before the car's place at the start, which is arc length 0."""
SPACING = 1.0
"""Metres from one point of a path to the next."""
PATH_POINTS = 176
"""Points of a path."""
