from __future__ import annotations

from pathlib import Path

import pytest

from measurand.commands.preset import main
from measurand.errors import InputError, ParamsError


def test_presets_are_listed_with_the_one_in_force(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["personality"]) == 0
    assert capsys.readouterr().out.split() == ["cpu", "full", "tiny", "(in", "force)"]


def test_a_preset_is_put_in_force_and_back(project: Path) -> None:
    before = (project / "params/personality.yaml").read_bytes()
    assert main(["personality", "full"]) == 0
    presets = project / "params/presets/personality"
    assert (project / "params/personality.yaml").read_bytes() == (
        presets / "full.yaml"
    ).read_bytes()
    assert main(["personality", "tiny"]) == 0
    assert (project / "params/personality.yaml").read_bytes() == before


def test_edited_parameters_are_not_lost(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params = project / "params/personality.yaml"
    params.write_text(params.read_text() + "# mine\n")
    with pytest.raises(InputError, match="would be lost"):
        main(["personality", "full"])
    assert params.read_text().endswith("# mine\n")
    main(["personality"])
    assert "edited" in capsys.readouterr().out
    assert main(["personality", "full", "--force"]) == 0


def test_an_unknown_preset_names_the_known(project: Path) -> None:
    with pytest.raises(InputError, match="full, tiny"):
        main(["personality", "huge"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\n<<<<<<< HEAD\n", "line 2: marks of an unfinished merge"),
        ("a: 1\na: 2\n", "line 2: the key 'a' is given twice"),
        ("", "is empty"),
    ],
)
def test_what_is_no_parameter_file_is_named(project: Path, text: str, said: str) -> None:
    (project / "params/personality.yaml").write_text(text)
    with pytest.raises(ParamsError, match=said):
        main(["personality"])
    assert main(["personality", "tiny", "--force"]) == 0
