from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from measurand import params
from schemas.agi_levels.params import Params

ROOT = Path(__file__).parents[3]
PRESETS = sorted((ROOT / "params/presets/agi_levels").glob("*.yaml"))


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_presets_are_valid(path: Path) -> None:
    found = params.read(path, Params)
    assert found.build.rated
    assert 0 < found.report.rules.possible < found.report.rules.claim < 1


@pytest.mark.parametrize(
    ("section", "changes", "words"),
    [
        ("build", {"norms": ["psych", "psych"]}, "norms: the same value twice"),
        ("evaluate", {"prompt": "How good?"}, "does not show the"),
        ("evaluate", {"models": ["a", "a"]}, "models: the same value twice"),
        ("report", {"rules": {"headline": 0.7}}, "none of the coverages"),
        ("report", {"rules": {"coverages": [0.8, 1.4]}}, "shares of the tasks"),
        ("report", {"rules": {"compulsory": ["charm"]}}, "compulsory"),
    ],
)
def test_faults_are_refused(section: str, changes: dict[str, Any], words: str) -> None:
    raw = yaml.safe_load((PRESETS[0]).read_text(encoding="utf-8"))
    raw[section] = {**raw[section], **changes}
    with pytest.raises(ValidationError, match=words):
        Params.model_validate(raw)
