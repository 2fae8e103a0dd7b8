"""The norm file of the page is whole."""

from __future__ import annotations

import re
from pathlib import Path

from measurand import params
from schemas.agi_levels.norms import NormFile

PAGE = Path(__file__).parents[3] / "docs" / "systems" / "agi_levels.md"


def test_norms_of_the_page_are_read(tmp_path: Path) -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    path = tmp_path / "norms.yaml"
    path.write_text(block, encoding="utf-8")
    kinds = [norm.kind for norm in params.read(path, NormFile).norms]
    assert kinds == ["moments", "raw"]
