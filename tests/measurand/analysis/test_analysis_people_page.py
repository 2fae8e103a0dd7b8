from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from measurand.analysis.command import main
from measurand.analysis.people_page import texts
from measurand.errors import InputError


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.default_rng(1)
    truth = (rng.random(300) < 0.7).astype(int)
    judged = np.where(rng.random(300) < 0.85, truth, 1 - truth)
    lines = [f"q{i},{v},{'en' if i % 2 else 'de'}" for i, v in enumerate(judged)]
    Path(tmp_path / "judged.csv").write_text("\n".join(["item_id,value,lang", *lines]))
    labels = [f"q{i};{truth[i]}" for i in rng.permutation(300)[:60]]
    Path(tmp_path / "labels.csv").write_text("\n".join(["question;right", *labels]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


ASK = ["--human", "labels.csv", "--human-map", "item_id=question", "value=right"]


def test_the_page_says_what_people_would_say(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judged.csv", *ASK, "--format", "json", "--width", ".15", "--next", "3"]) == 0
    found = json.loads(capsys.readouterr().out)["people"]
    assert found["scores"][0]["labelled"] == 60
    sentences = texts(found)
    assert "people would give" in sentences[0]
    assert "an interval of width 0.15 needs about" in sentences[1]
    for form in ("text", "md", "html"):
        assert main(["judged.csv", *ASK, "--format", form, "--by", "lang", "--next", "3"]) == 0
        shown = capsys.readouterr().out
        assert "Judge and people" in shown
        assert "The judge's bias by slice" in shown.replace("&#39;", "'").replace("&#x27;", "'")
        assert found["next"][0] in shown


def test_what_cannot_be_said_has_its_reason() -> None:
    nothing = {"value": None, "ci_lo": None, "ci_hi": None, "reason": "no row has a label"}
    one = {"name": "acc", "model": "m", "corrected": nothing}
    assert texts({"scores": [one]}) == ["acc, m: no corrected mean: no row has a label."]


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["--width", ".1"], "--width without --human"),
        (["--next", "5"], "--next without --human"),
        ([*ASK, "--width", "0"], "--width 0"),
        ([*ASK, "--next", "-1"], "--next -1"),
        ([*ASK, "--stratified"], "without --by"),
        (["--human", "nowhere.csv"], "no such file"),
        (["--human", "labels.csv"], "item_id"),
    ],
)
def test_what_makes_no_sense_is_refused(tables: Path, argv: list[str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        main(["judged.csv", *argv])
