"""Demonstrations of one click each, and parameters of a model that learns them in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from measurand import runs, shards
from measurand.web.observation import Observation
from schemas.compwob.params import Params
from schemas.compwob.tables import STEPS

NAMES = ("ada", "bo", "cy", "dee")


def write(folder: Path, episodes: int) -> Path:
    """Write ``steps``: click the button that the sentence names."""
    rows: list[dict[str, Any]] = []
    for task in ("click-button", "click-checkboxes-soft"):
        for seed in range(episodes):
            name = NAMES[seed % 4]
            buttons = [_element("button", 2 + i, n) for i, n in enumerate(NAMES)]
            seen = Observation.from_page([_element("div", 1, *buttons)])
            rows.append(
                {
                    "episode_id": f"{task}|{seed}", "task": task, "order": "single", "seed": seed,
                    "agent": "oracle", "step": 0, "utterance": f'Click on the "{name}" button.',
                    "html": seen.html, "html_sha256": seen.sha256, "action_type": "click",
                    "ref": 2 + NAMES.index(name), "element_html": None, "text": None,
                    "raw_output": None, "parse_error": False, "bad_reference": None,
                    "covered": False, "reward": 1.0,
                    "done": True, "part_states": [1],
                }
            )  # fmt: skip
    shards.write_dataset(folder / "steps", STEPS, runs.table(STEPS, rows))
    return folder


def _element(tag: str, ref: int, *content: Any) -> dict[str, Any]:
    return {"t": tag, "r": ref, "a": {}, "c": list(content)}


def params(**train: Any) -> Params:
    """Parameters with some keys of ``train`` changed."""
    small = {"width": 16, "layers": 1, "heads": 2, "vocabulary": 300, "epochs": 3}
    return Params.model_validate({"train": {**small, "episodes": 24, **train}})
