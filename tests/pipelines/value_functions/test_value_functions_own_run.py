"""A table of one's own from the file to the report, and tables that cannot be learned."""

from __future__ import annotations

import json
import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml
from forked import measurand
from value_functions_small import table

ROOT = Path(__file__).parents[3]


def run(folder: Path) -> CompletedProcess[str]:
    """``measurand run`` on a table of the folder."""
    source = {"kind": "file", "id": "mine", "path": str(folder / "mine.csv"), "target": "y"}
    if "who" in (folder / "mine.csv").read_text().partition("\n")[0]:
        source["group"] = "who"
    about = {"id": "mine", "source": "mine", "steps": 60, "batch": 16, "width": 16}
    params = {
        "build": {"sources": [source], "n_shards": 1},
        "train": {"runs": [about], "rates": [0.003, 0.01], "seeds": 2, "device": "cpu"},
    }
    (folder / "mine.yaml").write_text(yaml.safe_dump(params))
    params_, trial = str(folder / "mine.yaml"), str(folder / "trial")
    words = ["run", "value_functions", "--params", params_, "--out", trial]
    return measurand(ROOT, *words, environment={**os.environ, "OMP_NUM_THREADS": "1"})


@pytest.mark.integration
def test_from_the_table_to_the_report(tmp_path: Path) -> None:
    table(tmp_path / "mine.csv")
    done = run(tmp_path)
    assert (tmp_path / "trial").is_dir(), done.stderr[-2000:]
    [report] = (tmp_path / "trial").rglob("report.json")
    text = json.dumps(json.loads(report.read_text()))
    for name in ("Huber's loss", "squared error of a softmax's mean", "one-hot", "two-hot",
                 "HL-Gauss"):  # fmt: skip
        assert name in text
    assert "24 clusters" not in text
    assert "2 trainings, 5 clusters" in text


BAD = {
    "text": ("x,y\n" + "".join(f"{at},word{at}\n" for at in range(20)), "no row has numbers in y"),
    "one": ("x,y\n1,2\n", "1 clusters cannot be split"),
    "constant": ("x,y\n" + "".join(f"{at},3\n" for at in range(20)), "all alike"),
    "infinite": ("x,y\n" + "".join(f"{at},inf\n" for at in range(20)), "20 not_finite"),
    "group": ("x,who,y\n" + "".join(f"{at},a,{at}\n" for at in range(20)), "1 clusters cannot"),
}


@pytest.mark.integration
@pytest.mark.parametrize("kind", BAD)
def test_tables_that_cannot_be_learned_are_named(tmp_path: Path, kind: str) -> None:
    text, said = BAD[kind]
    (tmp_path / "mine.csv").write_text(text)
    done = run(tmp_path)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
