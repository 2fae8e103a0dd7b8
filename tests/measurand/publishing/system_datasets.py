"""A small dataset of every system, made by the system's own pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import elastictok_small
import soft_labels_small
import webagent_pages

ROOT = Path(__file__).parents[3]
LOCAL = "FnApiRunner"
Build = Callable[..., None]
"""(folder to work in, folder of a toy model, runner) -> writes ``dataset/`` there."""


def personality(folder: Path, model: Path, runner: str = LOCAL) -> None:
    """Two short instruments, three biographies; options in both orders."""
    from measurand.params import read as read_params
    from pipelines.personality.dataset import build
    from schemas.personality.params import Params

    tiny = read_params(ROOT / "params/presets/personality/tiny.yaml", Params)
    forms = {"instruments": ("mini_ipip", "ipip_50", "sscs"), "first_form": "ipip_50", "n_bios": 3}
    validity = tiny.build.validity.model_copy(update=forms)
    flipped = tiny.build.reversed_options
    assert flipped is not None
    few = {"instrument": "mini_ipip", "n_items": 4, "n_bios": 2}
    parts = {"validity": validity, "reversed_options": flipped.model_copy(update=few)}
    changed = tiny.build.model_copy(update={**parts, "n_shards": 3})
    build(tiny.model_copy(update={"build": changed}), folder / "dataset", runner)


def many_shot(folder: Path, model: Path, runner: str = LOCAL) -> None:
    """A linear task and sums whose rationales a solver wrote."""
    from pipelines.many_shot.dataset import build
    from schemas.many_shot.params import Params

    tasks = [
        {
            "id": "line",
            "source": {"kind": "linear", "features": 4, "seed": 0},
            "train": 20,
            "dev": 2,
            "test": 6,
            "answer_tokens": 2,
            "curves": [{"shots": [0, 4], "seeds": 2}],
        },
        {
            "id": "sums",
            "source": {"kind": "arithmetic", "terms": 2, "digits": 1},
            "train": 12,
            "dev": 2,
            "test": 4,
            "answer_tokens": 6,
            "curves": [{"regime": "reinforced", "rationale": "model", "shots": [1], "seeds": 1}],
        },
    ]
    writer = {
        "model": "oracle:solver",
        "tasks": ["sums"],
        "problems": 6,
        "samples": 1,
        "examples": 1,
        "temperature": 1.0,
        "max_tokens": 8,
        "seed": 0,
        "batch_size": 8,
    }
    settings = {
        "tokenizer": f"hf:{model}?template=none",
        "context_limit": 700,
        "tasks": tasks,
        "rationales": writer,
        "n_shards": 2,
    }
    params = Params.model_validate({"build": settings})
    build(params, folder / "dataset", runner, journal=folder / "journal")


def soft_labels(folder: Path, model: Path, runner: str = LOCAL) -> None:
    """A user's pairs, a toy policy's log-probabilities, a judge that reads labels."""
    from pipelines.soft_labels.dataset import build

    params = soft_labels_small.params(soft_labels_small.write_pairs(folder / "pairs.csv"), model)
    build(params, folder / "dataset", runner, journal=folder / "journal")


def compwob(folder: Path, model: Path, runner: str = LOCAL) -> None:
    """Two tasks, two episodes each, in a real browser."""
    from pipelines.compwob.dataset import build
    from schemas.compwob.params import Build as Settings
    from schemas.compwob.params import Params

    tasks = ("click-button", "login-user-popup")
    params = Params(build=Settings(tasks=tasks, episodes=2, n_shards=2))
    build(params, folder / "dataset", runner, journal=folder / "journal")


def elastictok(folder: Path, model: Path, runner: str = LOCAL) -> None:
    """Clips of moving objects and crops of pictures, pixels and all."""
    elastictok_small.build_in(folder, elastictok_small.params_of(), runner)


def agi_levels(folder: Path, model: Path, runner: str = LOCAL) -> None:
    """Norms, and twenty rated texts of each of two corpora."""
    from measurand.params import read as read_params
    from pipelines.agi_levels.dataset import build
    from schemas.agi_levels.params import Params

    tiny = read_params(ROOT / "params/presets/agi_levels/tiny.yaml", Params)
    rated = tuple(part.model_copy(update={"texts": 20}) for part in tiny.build.rated)
    changed = tiny.build.model_copy(update={"rated": rated})
    build(tiny.model_copy(update={"build": changed}), folder / "dataset", runner)


def value_functions(folder: Path, model: Path, runner: str = LOCAL) -> None:
    """A chain, pictures and a small game: states as bits."""
    import value_functions_small as small

    from pipelines.value_functions.dataset import build

    sources = [small.CHAIN, {**small.DIGITS, "pictures": 20}, small.BREAKOUT]
    params = small.small(sources, [{"id": "chain", "source": "chain", "steps": 1}])
    build(params, folder / "dataset", runner, journal=folder / "journal")


def guided_evolution(folder: Path, model: Path, runner: str = LOCAL) -> None:
    """Two formulas, short searches."""
    from pipelines.guided_evolution.dataset import build
    from schemas.guided_evolution.params import Params

    tasks = [
        {"id": name, "source": {"kind": "formula", "name": name}, "budget": 60, "seeds": 2}
        for name in ("nguyen1", "nguyen8")
    ]
    settings = {
        "tasks": tasks,
        "methods": [{"id": kind, "kind": kind} for kind in ("evolution", "pam_rt")],
        "populations": [20],
        "tournaments": [3],
        "guide": {"warm_up": 20, "children": 4},
        "network": {"hidden": 8, "layers": 1, "every": 10, "steps": 2, "pairs": 16},
        "processes": 1,
        "n_shards": 2,
    }
    params = Params.model_validate({"build": settings, "train": None})
    build(params, folder / "dataset", runner, journal=folder / "journal")


def driving_sim(folder: Path, model: Path, runner: str = LOCAL) -> None:
    """Three scenarios of two families."""
    from pipelines.driving_sim.dataset import write
    from schemas.driving_sim.params import Build as Settings

    settings = Settings(families=("curve", "tee"), scenarios=3, n_shards=2)
    write(settings, folder / "dataset", runner)


def webagent(folder: Path, model: Path, runner: str = LOCAL) -> None:
    """A folder of pages, and an episode of the rules in a real browser."""
    from pipelines.webagent.dataset import build
    from schemas.webagent.params import Build as Settings
    from schemas.webagent.params import Experience, Params

    webagent_pages.write_pages(folder / "pages", 24)
    corpus, one = webagent_pages.corpus_of(folder / "pages"), Experience(episodes=1)
    params = Params(build=Settings(sites=("map",), corpus=corpus, experience=one, n_shards=1))
    build(params, folder / "dataset", runner, journal=folder / "journal")


BUILDS: dict[str, Build] = {
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
