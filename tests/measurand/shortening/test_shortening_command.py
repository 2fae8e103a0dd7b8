from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from measurand.cli import main as measurand
from measurand.errors import InputError
from measurand.shortening.command import main

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "fewer-items.md"
BROKEN, DEAD, OTHER = 4, 7, 9


def answers(n: int, k: int, seed: int) -> np.ndarray:
    """Item 4 has a wrong key, item 7 is right always, item 9 is hard for the first ten alone."""
    rng = np.random.default_rng(1)
    slope, ease = rng.uniform(0.8, 1.8, k), rng.normal(0, 1, k)
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, 1, (n, 1))
    z = ability * slope + ease
    z[:, BROKEN] = -6 * ability[:, 0]
    z[:, DEAD] = 99
    z[:, OTHER] = np.where(np.arange(n) < 10, -4, 3)
    return (rng.random(z.shape) < 1 / (1 + np.exp(-z))) * 1.0


def table(path: Path, x: np.ndarray, prefix: str) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["item_id", "value", "model", "metric"])
        for m, row in enumerate(x):
            writer.writerows([f"q{j}", int(v), f"{prefix}{m}", "right"] for j, v in enumerate(row))
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    table(tmp_path / "scores.csv", answers(30, 60, 2), "m")
    table(tmp_path / "new.csv", answers(4, 60, 3), "n")
    lines = [f"m{m},{'old' if m < 10 else 'young'}" for m in range(30)]
    (tmp_path / "families.csv").write_text("\n".join(["model,family", *lines]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_of_the_page_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = re.findall(r"(?m)^\$ (measurand items .*?)(?: +#.*)?$", PAGE.read_text("utf-8"))
    assert len(lines) == 4
    said = []
    for line in lines:
        assert measurand(shlex.split(line)[1:]) == 0
        said.append(capsys.readouterr().out)
    assert "backwards" in said[0]
    assert "dead: all models answer alike" in said[0]
    assert "30 of 60 items give the whole score" in said[1]
    assert "family old does otherwise" in said[2]
    record = json.loads(said[3])
    truth = answers(4, 60, 3).mean(1)
    for one, mean in zip(record["models"], truth, strict=True):
        assert one["all_items"] == pytest.approx(mean)
        assert one["interval"][0] <= one["score"] <= one["interval"][1]
        assert one["score"] == pytest.approx(mean, abs=0.12)
        assert one["next"].startswith("q")


def test_faults_are_found_and_no_others(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["scores.csv", "--families", "families.csv", "--format", "json"])
    items = {one["item"]: one for one in json.loads(capsys.readouterr().out)["items"]}
    assert [i for i, one in items.items() if one["dead"]] == [f"q{DEAD}"]
    back = [i for i, one in items.items() if (one["backwards_p"] or 1) < 0.05]
    assert back == [f"q{BROKEN}"]
    other = [i for i, one in items.items() if one["families_p"]["old"] is not None]
    assert f"q{OTHER}" in [i for i in other if items[i]["families_p"]["old"] < 0.05]
    assert items[f"q{DEAD}"]["item_rest"] is None


def test_a_form_with_missing_and_unknown_items(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["scores.csv", "--keep", "6", "--save", "form.json"])
    capsys.readouterr()
    kept = json.loads(Path("form.json").read_text(encoding="utf-8"))["taken"]
    rows = [f"{item},1,a,right" for item in kept[:3]] + ["unseen,1,a,right"]
    Path("part.csv").write_text("\n".join(["item_id,value,model,metric", *rows]), "utf-8")
    main(["part.csv", "--form", "form.json", "--format", "json"])
    record = json.loads(capsys.readouterr().out)
    [one] = record["models"]
    assert (one["items"], one["of"], one["all_items"]) == (3, 6, None)
    assert "unseen" in record["notes"][-1]


def test_what_is_refused(here: Path) -> None:
    for argv, code in (
        (["scores.csv", "--save", "form.json"], "bad_argument"),
        (["scores.csv", "--score", "f1"], "no_score"),
        (["scores.csv", "--keep", "99"], "input"),
        (["new.csv", "--keep", "5"], "few_respondents"),
        (["new.csv", "--form", "scores.csv"], "no_form"),
        (["scores.csv", "--out", "new.csv"], "file_exists"),
        (["scores.csv", "--families", "scores.csv"], "no_column"),
    ):
        with pytest.raises(InputError) as caught:
            main(argv)
        assert code == "input" or caught.value.code == code, argv
