"""Ratings and answers that workers ask for: the same results as those of the loop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from agi_levels_small import changed

from evaluators.agi_levels.evaluate import evaluate
from measurand.dealing import running
from measurand.dealing.units import Unit, answer
from measurand.runs import slug
from schemas.agi_levels.params import Params


def digest(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and "costs" not in p.parts
    }


def calls(file: Path) -> list[dict[str, object]]:
    lines = map(json.loads, file.read_text().splitlines())
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["hf", "synthetic:uniform"])
def test_results_and_journals_are_the_loops(
    kind: str, small: Params, data: Path, tmp_path: Path, toy_model_folder: Path
) -> None:
    model = f"hf:{toy_model_folder}?template=none&device=cpu" if kind == "hf" else kind
    params = changed(small, evaluate={"models": [model], "retest": 4})
    limit = 24 if kind == "hf" else None
    jobs: list[tuple[str, int]] = []

    def here(units: Sequence[Unit], label: str, total: int, done: int) -> None:
        jobs.append((label, len(units)))
        for unit in units:
            answer(unit)

    one, two = tmp_path / "loop", tmp_path / "dealt"
    evaluate(params, data, None, one / "out", journal=one / "journal", limit=limit)
    running.run(
        lambda out: evaluate(params, data, None, out, journal=two / "journal", limit=limit),
        two / "out", two / "journal", here,
    )  # fmt: skip
    assert digest(two / "out") == digest(one / "out") != {}
    assert jobs[-1][0] == f"evaluate {model}"
    assert jobs[-1][1] > 1
    journals = [calls(f / "journal" / f"{slug(model)}.jsonl") for f in (one, two)]
    assert journals[0] == journals[1] != []
