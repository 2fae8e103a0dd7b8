"""Every system says what another machine makes of its figures, and the docs say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from measurand import machines, project

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("system", project.systems(ROOT))
def test_every_system_declares_what_moves(system: str) -> None:
    assert machines.moves_of(project.system(ROOT, system))


def test_the_page_is_as_declarations_and_statistics_make_it() -> None:
    """Where it is not: ``measurand report --docs``."""
    text = (ROOT / machines.PAGE).read_text(encoding="utf-8")
    assert machines.refresh(ROOT, text) == text
