"""Questions that workers ask: the same results as those of the loop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from many_shot_handmade import make, params_of

from evaluators.many_shot.evaluate import evaluate
from measurand.dealing import running
from measurand.dealing.units import Unit, answer
from measurand.runs import slug


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
    kind: str, tmp_path: Path, toy_model_folder: Path
) -> None:
    data = make(tmp_path / "data")
    model = f"hf:{toy_model_folder}?template=none&device=cpu" if kind == "hf" else kind
    # An oracle is the system's own: this process asks it.
    runs = [{"model": name, "tasks": ["line"] if kind != "hf" else None}
            for name in (model, "oracle:solver")]  # fmt: skip
    params = params_of(runs, batch_size=16, retest=8)
    jobs: list[str] = []

    def here(units: Sequence[Unit], label: str, total: int, done: int) -> None:
        jobs.append(label)
        for unit in units:
            answer(unit)

    one, two = tmp_path / "loop", tmp_path / "dealt"
    evaluate(params, data, None, one / "out", journal=one / "journal")
    running.run(
        lambda out: evaluate(params, data, None, out, journal=two / "journal"),
        two / "out", two / "journal", here,
    )  # fmt: skip
    assert digest(two / "out") == digest(one / "out") != {}
    assert jobs[-1] == f"evaluate {model}"
    for name in (model, "oracle:solver"):
        journals = [calls(f / "journal" / f"{slug(name)}.jsonl") for f in (one, two)]
        assert journals[0] == journals[1] != []
