"""The paper's taxonomy as data: levels of performance, levels of autonomy, six principles.

Names and cuts are the paper's. Later texts call level 4 Exceptional, so numbers identify levels.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "1.0.0"
PAPER = (
    "Morris, Sohl-Dickstein, Fiedel, Warkentin, Dafoe, Faust, Farabet & Legg, Levels of AGI for "
    "Operationalizing Progress on the Path to AGI (arXiv 2311.02462)"
)
PAPER_VERSION = "arXiv 2311.02462v4"


@dataclass(frozen=True)
class Level:
    """A level of performance.

    Attributes:
        number: 0 to 5.
        name: the paper's name.
        aliases: names of later texts.
        cut: share of the reference group that a score has to reach; None where no cut is stated.
        reference: whom a score is compared with.
    """

    number: int
    name: str
    aliases: tuple[str, ...]
    cut: float | None
    reference: str


SKILLED = "skilled adults"
LEVELS = (
    Level(0, "No AI", (), None, "none"),
    Level(1, "Emerging", (), 0.5, "unskilled adults"),
    Level(2, "Competent", (), 0.5, SKILLED),
    Level(3, "Expert", (), 0.9, SKILLED),
    Level(4, "Virtuoso", ("Exceptional",), 0.99, SKILLED),
    Level(5, "Superhuman", (), None, "all humans"),
)
CUTS = (0.5, 0.9, 0.99)
"""Cuts of the levels 2, 3 and 4."""
FIRST_CUT = 2
"""Level of the first of :data:`CUTS`."""
NAMES = tuple(level.name for level in LEVELS)


@dataclass(frozen=True)
class Autonomy:
    """A level of autonomy: how a system is used, declared and never inferred from a score.

    Attributes:
        number: 0 to 5.
        name: AI as what.
        leads: who leads.
        opened_by: performance that makes it possible, and that makes it likely.
        risks: that it brings anew.
    """

    number: int
    name: str
    leads: str
    opened_by: str
    risks: tuple[str, ...]


AUTONOMY = (
    Autonomy(0, "No AI", "the human does everything", "-", ("none beyond the status quo",)),
    Autonomy(
        1,
        "Tool",
        "the human, who hands over parts of tasks",
        "possible with narrow Emerging, likely with narrow Competent",
        ("loss of skills", "disruption of industries"),
    ),
    Autonomy(
        2,
        "Consultant",
        "the human, who asks for substantial work",
        "possible with narrow Competent, likely with narrow Expert or general Emerging",
        ("too much trust", "radicalisation", "targeted manipulation"),
    ),
    Autonomy(
        3,
        "Collaborator",
        "both, with goals agreed between them",
        "possible with general Emerging, likely with narrow Expert or general Competent",
        ("parasocial attachment", "fast change of society"),
    ),
    Autonomy(
        4,
        "Expert",
        "the AI; the human guides or does parts",
        "possible with narrow Virtuoso, likely with general Expert",
        ("loss of jobs on a large scale", "ennui", "decline of human exceptionalism"),
    ),
    Autonomy(
        5,
        "Agent",
        "the AI alone",
        "possible and likely with general Virtuoso or beyond",
        ("misalignment", "concentration of power"),
    ),
)

PRINCIPLES = (
    "Capabilities, not mechanisms",
    "Generality and performance, each by itself",
    "Cognitive and metacognitive tasks, physical ones not required",
    "Potential, not deployment",
    "Tasks of ecological validity that people value",
    "The path, not one endpoint",
)

FAMILIES = (
    "linguistic",
    "math_logic",
    "spatial",
    "social",
    "creativity",
    "knowledge",
    "coding_tools",
    "learning",
    "metacognition",
)
FLAGS = (
    "norm_below_floor",
    "normal_assumed",
    "mean_only",
    "tools_mismatch",
    "contaminated",
    "ceiling",
    "floor",
    "group_unskilled_missing",
    "version_break",
    "extrapolated",
    "raters_not_told_apart",
    "not_skilled_adults",
    "synthetic",
    "score_without_error",
    "size_unknown",
)
"""Remarks that a placement may carry."""
