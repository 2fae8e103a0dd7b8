from __future__ import annotations

import csv
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from measurand import shards
from measurand.errors import InputError
from pipelines.guided_evolution import listed, tasks
from pipelines.guided_evolution.dataset import build
from schemas.guided_evolution.params import Listed, Params, Task


def _row(ops: list[Any], args: list[Any], fitness: Any, **more: Any) -> dict[str, Any]:
    return {"ops": ops, "args": args, "fitness": fitness, **more}


GOOD = [
    _row(["x"], [[]], 1.0),
    _row(["x", "f"], [[], [0]], 2.0),
    _row(["x", "f", "add"], [[], [0], [0, 1]], 3.0),
]
BAD = [
    (_row(["x", "f", "add"], [[], [0], [1, 0]], 3.0), "repeated", "row-3"),
    (_row(["x", "f"], [[], [0]], 2.5), "two_fitnesses", "row-2"),
    (_row(["x", "f"], [[], [1]], 1.0), "no_graph", "args of node 1"),
    (_row(["x", "f"], [[]], 1.0), "no_graph", "2 ops, 1 lists"),
    (_row(["x", 3], [[], [0]], 1.0), "no_graph", "no list of names"),
    (_row(["x", "add"], [[], [0]], 1.0), "no_graph", "add reads 1 nodes here and 2"),
    (_row(["x", "g"], [[], [0]], None), "no_graph", "no finite number"),
    (_row(["x", "g"], [[], [0]], "many"), "no_graph", "many"),
]


def _jsonl(path: Path, rows: list[dict[str, Any]]) -> Listed:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return Listed(kind="table", file=str(path), commutes=("add",))


def test_rows_are_kept_once_and_the_others_left_out_by_name(tmp_path: Path) -> None:
    source = _jsonl(tmp_path / "g.jsonl", [*GOOD, *(row for row, _, _ in BAD)])
    kept, rejected = listed.read(source)
    assert [row["validation"] for row in kept] == [1.0, 2.0, 3.0]
    assert [key for key, _, _ in sorted(rejected)] == sorted(f"row-{i}" for i in range(4, 12))
    by_key = {key: (reason, why) for key, reason, why in rejected}
    for at, (_, reason, words) in enumerate(BAD, start=4):
        assert by_key[f"row-{at}"][0] == reason
        assert words in by_key[f"row-{at}"][1]


def test_lists_in_a_text_file_are_json(tmp_path: Path) -> None:
    with (tmp_path / "g.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ops", "args", "fitness"])
        writer.writerows([json.dumps(r["ops"]), json.dumps(r["args"]), r["fitness"]] for r in GOOD)
    source = Listed(kind="table", file=str(tmp_path / "g.csv"), commutes=("add",))
    assert listed.read(source) == listed.read(_jsonl(tmp_path / "g.jsonl", GOOD))


def test_files_without_a_graph_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no graph: 1 no_graph"):
        listed.read(_jsonl(tmp_path / "g.jsonl", [BAD[2][0]]))
    with pytest.raises(InputError, match="no column 'fitness'"):
        listed.read(_jsonl(tmp_path / "h.jsonl", [{"ops": ["x"], "args": [[]]}]))
    with pytest.raises(InputError, match="no such file"):
        listed.read(Listed(kind="table", file=str(tmp_path / "none.jsonl")))
    wrong = _jsonl(tmp_path / "i.jsonl", GOOD).model_copy(update={"commutes": ("mul",)})
    with pytest.raises(InputError, match="no row has mul"):
        listed.read(wrong)


def test_a_search_is_known_by_what_the_user_gave(tmp_path: Path) -> None:
    def task(source: dict[str, Any]) -> Task:
        return Task.model_validate({"id": "one", "source": source, "budget": 5, "seeds": 1})

    _jsonl(tmp_path / "g.jsonl", GOOD)
    mine = task({"kind": "table", "file": str(tmp_path / "g.jsonl")})
    before = tasks.given(mine)
    _jsonl(tmp_path / "g.jsonl", GOOD[:2])
    assert before is not None
    assert tasks.given(mine) not in (None, before)
    place = tmp_path / "mine.py"
    place.write_text("def score(p):\n    return 1.0\n", encoding="utf-8")
    own = {"kind": "own", "evaluate": f"{place}:score", "operations": [{"name": "x"}]}
    before = tasks.given(task(own))
    place.write_text("def score(p):\n    return 2.0\n", encoding="utf-8")
    assert tasks.given(task(own)) not in (None, before)
    assert tasks.given(task(own | {"evaluate": "json:dumps"})) is not None
    assert tasks.given(task(own | {"evaluate": "no_such_module.of_mine:f"})) is None
    assert tasks.given(task({"kind": "formula", "name": "nguyen1"})) is None


def _chains(length: int) -> list[dict[str, Any]]:
    """Every chain of letters up to a length; the more f at its beginning, the better."""
    made = []
    for n in range(1, length + 1):
        for letters in product("fh", repeat=n):
            args: list[list[int]] = [[], *([i] for i in range(n))]
            first = next((i for i, one in enumerate(letters) if one != "f"), n)
            made.append(_row(["x", *letters], args, float(first), held=-float(first)))
    return made


@pytest.mark.integration
def test_a_table_is_searched_and_only_its_rows_are_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _chains(6)
    file = tmp_path / "g.jsonl"
    _jsonl(file, [*rows, rows[5] | {"fitness": 99.0}])
    params = Params.model_validate(
        {
            "build": {
                "tasks": [
                    {"id": "mine", "source": {"kind": "table", "file": str(file), "fresh": "held"},
                     "budget": 60, "seeds": 3}
                ],
                "methods": [{"id": "evolution", "kind": "evolution"}],
                "populations": [10], "tournaments": [5], "processes": 1,
            },
            "train": None,
        }
    )  # fmt: skip
    out = tmp_path / "d"
    build(params, out, "FnApiRunner", journal=tmp_path / "j")
    assert "left out: 1 two_fitnesses" in capsys.readouterr().out
    table = shards.read_table(out / "tables")
    assert table.num_rows == len(rows)
    held = dict(zip(table["program"].to_pylist(), table["test"].to_pylist(), strict=True))
    measured = shards.read_table(out / "programs").to_pylist()
    assert {row["program"] for row in measured} <= set(held)
    assert all(row["fitness"] == -held[row["program"]] for row in measured)
    searches = shards.read_table(out / "searches").to_pylist()
    assert [row["evaluations"] for row in searches] == [60] * 3
    assert max(row["best"] for row in searches) == 6.0


def test_programs_are_drawn_from_the_rows(tmp_path: Path) -> None:
    kept, _ = listed.read(_jsonl(tmp_path / "g.jsonl", GOOD))
    space, rng = listed.space(kept, ("add",)), np.random.default_rng(0)
    drawn = {space.random(rng).key.hex() for _ in range(60)}
    assert drawn == {row["program"] for row in kept}
