from __future__ import annotations

from pathlib import Path

import pytest
from toy_graph import write

from measurand.errors import InputError
from measurand.graph import read_lock, read_stages, upstream

ROOT = Path(__file__).parents[2]


def test_stages_are_spelled_out_in_the_order_they_run(tmp_path: Path) -> None:
    write(tmp_path)
    stages = read_stages(tmp_path)
    assert list(stages) == ["build@a", "build@b", "report@a", "report@b", "index"]
    build = stages["build@a"]
    assert build.cmd == "mkdir -p data/a && cp src/a.txt data/a/rows.txt"
    assert (build.deps, build.outs) == (("src/a.txt", "lib"), ("data/a",))
    assert build.params == {"params/a.yaml": ("build",)}
    assert stages["index"].params == {"params.yaml": ("systems",)}
    assert stages["index"].outs == ("index.txt",)
    assert upstream(stages)["index"] == ("report@a", "report@b")
    assert read_lock(tmp_path) == {}


def test_this_project_is_understood() -> None:
    stages, lock = read_stages(ROOT), read_lock(ROOT)
    assert {"build@many_shot", "report@personality"} <= set(stages)
    assert upstream(stages)["evaluate@many_shot"] == ("build@many_shot", "train@many_shot")
    assert set(lock) <= set(stages)


@pytest.mark.parametrize(
    "text",
    [
        "stages: [1]",
        "stages: {a: {cmd: [x, y]}}",
        "stages: {a: {cmd: x, always_changed: true}}",
        "stages: {a: {foreach: {k: v}, do: {cmd: x}}}",
        "stages: {a: {foreach: [1], do: {cmd: x}, matrix: 2}}",
        "stages: {a: {cmd: 'x ${nosuch}'}}",
        "stages: {a: {cmd: x, deps: [q], outs: [p]}, b: {cmd: x, deps: [p], outs: [q]}}",
        "stages: {a: [",
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "dvc.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        read_stages(tmp_path)
    assert caught.value.code == "bad_graph"
