"""Builds of the ten systems whose rows grow with a number: parameters, and how they are called."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
Recipe = Callable[[int, Path], dict[str, Any]]
"""From a scale and a folder for inputs to the section ``build``, whose shards grow with it."""


def agi_levels(scale: int, folder: Path) -> dict[str, Any]:
    """Rated sentences."""
    film = {"corpus": "film", "texts": 400 * scale, "what": "sentence", "words": [3, 60]}
    norms = {"norms": ["students"], "quizzes": []}
    return {"rated": [film], "held": 3, **norms, "n_shards": 2 * scale, "seed": 0}


def personality(scale: int, folder: Path) -> dict[str, Any]:
    """The paper's questionnaires, experiments and wordings under two biographies and on."""
    full = ROOT / "params" / "presets" / "personality" / "full.yaml"
    build: dict[str, Any] = yaml.safe_load(full.read_text(encoding="utf-8"))["build"]
    for part in ("validity", "single", "concurrent", "reversed_options"):
        build[part]["n_bios"] = 2 * scale
    return build | {"n_shards": 8 * scale}


def many_shot(scale: int, folder: Path) -> dict[str, Any]:
    """Prompts of 32 shots, some 1,500 tokens each."""
    task = {
        "id": "linear",
        "source": {"kind": "linear", "features": 16, "seed": 0},
        "train": 256,
        "test": 20,
        "answer_tokens": 2,
        "curves": [{"shots": [32], "seeds": 100, "orders": scale}],
    }
    return {"tasks": [task], "n_shards": 2 * scale}


def soft_labels(scale: int, folder: Path) -> dict[str, Any]:
    """Pairs of short texts under the real policy."""
    first, second = "I like number {} more.", "Number {} is not for me."
    pairs = [
        {"first": first.format(n), "second": second.format(n), "label": 0.5, "split": split}
        for n, split in enumerate(["train"] * 12 * scale + ["dev", "test"] * 4 * scale)
    ]
    (folder / "pairs.json").write_text(json.dumps(pairs), encoding="utf-8")
    source = {"kind": "file", "path": str(folder / "pairs.json")}
    source |= {name: name for name in ("first", "second", "label", "split")}
    parts = {"train": 12 * scale, "dev": 4 * scale, "test": 4 * scale}
    mine = {"id": "mine", "source": source, "prompt": "Statement:", **parts}
    return {"max_tokens": 48, "sets": [mine], "n_shards": scale}


def compwob(scale: int, folder: Path) -> dict[str, Any]:
    """Episodes of two tasks in a browser."""
    tasks = ["click-button", "login-user-popup"]
    return {"tasks": tasks, "episodes": 5 * scale, "n_shards": scale}


def elastictok(scale: int, folder: Path) -> dict[str, Any]:
    """Clips of moving digits, pixels and all."""
    moving = {"kind": "moving", "clips": 24 * scale, "frames": 64}
    return {"sources": [moving], "size": 32, "n_shards": scale}


def value_functions(scale: int, folder: Path) -> dict[str, Any]:
    """Transitions of a small game."""
    game = {"kind": "minatar", "id": "breakout", "game": "breakout", "cap": 300}
    return {"sources": [game | {"episodes": 50 * scale}], "n_shards": scale}


def guided_evolution(scale: int, folder: Path) -> dict[str, Any]:
    """Searches for a formula, each a chain of evaluations."""
    formula = {"kind": "formula", "name": "nguyen1"}
    kinds = ("random", "evolution")
    return {
        "tasks": [{"id": "formula", "source": formula, "budget": 200, "seeds": 6 * scale}],
        "methods": [{"id": kind, "kind": kind} for kind in kinds],
        "populations": [50],
        "tournaments": [5],
        "processes": 1,
        "n_shards": scale,
    }


def driving_sim(scale: int, folder: Path) -> dict[str, Any]:
    """Scenarios of two families."""
    return {"families": ["curve", "tee"], "scenarios": 8 * scale, "n_shards": scale}


def webagent(scale: int, folder: Path) -> dict[str, Any]:
    """Pages of the local sites: parts, tokens, examples."""
    source = {"kind": "sites", "records": 8 * scale, "pages": 12}
    corpus = {"sources": [source], "parts": 12, "vocabulary": 2048, "n_shards": scale}
    return {"corpus": corpus, "experience": None}


SYSTEMS: dict[str, Recipe] = {
    "agi_levels": agi_levels,
    "personality": personality,
    "many_shot": many_shot,
    "soft_labels": soft_labels,
    "compwob": compwob,
    "elastictok": elastictok,
    "value_functions": value_functions,
    "guided_evolution": guided_evolution,
    "driving_sim": driving_sim,
    "webagent": webagent,
}


def prepared(system: str, scale: int, folder: Path) -> Callable[[str], None]:
    """A build that only has to be called with a runner; all imports are made.

    Args:
        system: whose.
        scale: how many times the smallest.
        folder: for its inputs, journal and ``dataset``.
    """
    import apache_beam  # noqa: F401  (its import is start-up, not growth)

    Params = importlib.import_module(f"schemas.{system}.params").Params
    build = importlib.import_module(f"pipelines.{system}.dataset").build
    section = Params.model_fields["build"].annotation.model_validate(SYSTEMS[system](scale, folder))
    # Builds read no other section, and some systems have no default for theirs.
    given = Params.model_construct(build=section)
    journal = folder / "journal"
    return lambda runner: build(given, folder / "dataset", runner, journal=journal)
