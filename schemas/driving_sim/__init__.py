"""Driving in closed loop: planners against traffic that replays or reacts.

A *planner* drives one car, the SDC, for eight seconds; the others replay what was recorded or drive
themselves (Gulino et al. 2023, arXiv 2310.08710, gave the idea; code and data are our own). Does it
crash, leave the road or its route, get ahead, move as a car can, and stay near what was recorded?

A *scenario* is nine seconds of one place: a map, paths, and objects every tenth of a second. It is
driven from step 10 on. Metres, seconds and radians throughout; yaw is counter-clockwise.
"""
