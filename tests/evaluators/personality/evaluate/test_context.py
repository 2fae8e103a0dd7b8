from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evaluators.personality.evaluate.context import subjects
from schemas.personality.params import Params


def test_a_subject_knows_its_experiments_and_the_roles_of_scales(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> None:
    [subject] = subjects(data, administer("synthetic:factor"), small)
    assert subject.experiments == ("concurrent", "reversed_options", "single", "validity")
    assert subject.name("ipip_50.EXT") == {"form": "first", "scale": "EXT"}
    assert subject.name("mini_ipip.EXT") == {"form": "second", "scale": "EXT"}
    assert subject.name("spi_27.Anxiety") == {"form": "criterion", "scale": "spi_27.Anxiety"}
    assert subject.words("a") == subject.words("a") != subject.words("b")
