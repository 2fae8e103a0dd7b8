from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from measurand import machines, project
from measurand.errors import InputError
from measurand.machines import BYTES, MODEL, SUMS, computed, holds, moves_of, words

ROOT = Path(__file__).parents[2]
ROW: dict[str, Any] = {"metric": "alpha", "model": "smollm2", "slice": "", "scope": None}


@pytest.mark.parametrize(
    ("system", "row", "expected"),
    [
        ("personality", {"model": "synthetic:uniform", "method": "bootstrap"}, SUMS),
        ("personality", {"model": "smollm2", "method": "bootstrap"}, MODEL),
        ("many_shot", {"model": "oracle:knn5", "method": "exact count"}, BYTES),
        ("many_shot", {"slice": "curve=reinforced,k=4", "method": "mean"}, "sampled"),
        ("compwob", {"model": "oracle", "method": "mean"}, SUMS),
        ("compwob", {"model": "trained:uniform:0", "scope": "training"}, "trained"),
        ("elastictok", {"model": "untrained", "method": "mean"}, MODEL),
        ("elastictok", {"model": "h264", "method": "mean"}, SUMS),
        ("value_functions", {"model": "random", "method": "mean"}, SUMS),
        ("value_functions", {"model": "mse", "method": "exact count"}, "trained"),
        ("soft_labels", {"metric": "bandit_mode", "method": "exact count"}, SUMS),
        ("soft_labels", {"metric": "label_ties", "method": "exact count"}, BYTES),
        ("soft_labels", {"metric": "win_p", "method": "mean"}, "sampled"),
        ("soft_labels", {"metric": "win_p", "scope": "method"}, "trained"),
    ],
)
def test_what_systems_declare(system: str, row: dict[str, Any], expected: Any) -> None:
    assert moves_of(project.system(ROOT, system))({**ROW, **row}) == expected


def test_a_declaration_holds_or_not() -> None:
    assert holds(3.0, 3.0, BYTES)
    assert not holds(3.0, 4.0, BYTES)
    assert holds(3.0, 3.0 + 1e-7, SUMS)
    assert not holds(3.0, 3.1, SUMS)
    assert holds(0.001, 0.009, MODEL)
    assert not holds(0.5, None, MODEL)
    assert holds(0.5, None, "trained")
    assert holds(None, None, BYTES)
    assert computed({"method": "exact count"}) == BYTES
    assert words("sampled") == "sampled anew"


def test_a_system_without_a_declaration_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evaluators" / "bare").mkdir(parents=True)
    (tmp_path / "evaluators" / "bare" / "report.py").write_text("TITLE = 'x'\n")
    monkeypatch.setattr("evaluators.__path__", [str(tmp_path / "evaluators")])
    with pytest.raises(InputError, match="no function `moves`"):
        moves_of(project.System("bare", tmp_path))


def test_the_page_lists_every_statistic_with_its_class() -> None:
    made = machines.table(ROOT)
    assert "| `retest_agreement` | " in made
    assert "| `label_count` | the same bytes |" in made
    text = "before <!--machines-->old<!--/machines--> after\n"
    assert machines.refresh(ROOT, text) == (
        f"before <!--machines-->\n{made}<!--/machines--> after\n"
    )


def test_a_system_without_a_report_says_so(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("systems: [compwob, webagent]\n")
    made = machines.table(tmp_path)
    assert "### compwob\n\nNo report yet: `measurand report compwob`.\n" in made
    assert made.endswith("No report yet: `measurand report webagent`.\n")
