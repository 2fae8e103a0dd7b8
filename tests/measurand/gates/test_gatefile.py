from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from gate_evidence import gate, gate_file, non_inferiority

from measurand.gates.gatefile import MAX_BYTES, GateFileError, parse, read_gate_file
from measurand.gates.questions import Gate, GateFile, Settings

ROOT = Path(__file__).parents[3]


def load(content: dict[str, Any]) -> GateFile:
    return parse(yaml.safe_dump(content))


def refused(content: dict[str, Any] | str | bytes) -> str:
    with pytest.raises(GateFileError) as caught:
        parse(content) if isinstance(content, (str, bytes)) else load(content)
    assert caught.value.code == "bad_gate"
    assert caught.value.hint
    return str(caught.value)


NEEDED = "version: 1\nsystem: toy\n"
GATE = "- {id: g, metric: a, test: threshold, limit: 0.5}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("- a list", "not a mapping"),
        ("just text", "not a mapping"),
        ("a: [1, 2", "YAML"),
        ("a: b: c", "YAML"),
        ("\t- x", "YAML"),
        ("a: \x00", "YAML"),
        (b"\xff\xfe\xfa", "YAML"),
        ("a: !!python/object/apply:os.system [ls]", "YAML"),
        ("a: &x [1]\nb: *x", "aliases are not allowed"),
        ("a: 1\na: 2", "duplicate key"),
        ("<<: {version: 1}\n", "plain words"),
        ("? [1, 2]\n: x", "plain words"),
        ("~: 1", "plain words"),
        ("[" * 100_000, "deeply"),
        ("a: " + "9" * 5000, "YAML"),
        ("when: 2024-99-99", "YAML"),
        ("--- 1\n--- 2", "YAML"),
        (NEEDED + "gates: []\n", "at least 1 item"),
        (NEEDED, "gates"),
        ("version: 2\nsystem: toy\ngates:\n" + GATE, "version"),
        ("version: '1'\nsystem: toy\ngates:\n" + GATE, "version"),
        ("version: 1\ngates:\n" + GATE, "where the evidence lies"),
        (NEEDED + "gates:\n" + GATE + GATE, "given twice"),
        (NEEDED + "modles: [m]\ngates:\n" + GATE, "did you mean models?"),
        (NEEDED + "models: [m, m]\ngates:\n" + GATE, "listed twice"),
        (NEEDED + "models: m\ngates:\n" + GATE, "models"),
        (NEEDED + "released: 2026-01-01\ngates:\n" + GATE, "quote dates"),
    ],
)  # fmt: skip
def test_bad_files_are_named_errors(text: str | bytes, says: str) -> None:
    assert says in refused(text)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"limt": 0.5}, "did you mean limit?"),
        ({"test": "superiority"}, "needs baseline"),
        ({"test": "equivalence"}, "needs margin and baseline"),
        ({"test": "exact_equal", "limit": None}, "needs baseline"),
        ({"test": "better"}, "test"),
        ({"limit": None}, "needs limit"),
        ({"limit": "high"}, "limit"),
        ({"limit": float("inf")}, "limit"),
        ({"limit": float("nan")}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": "1e-3"}, "write 0.001"),
        ({"margin": {"abs": 0.1}}, "takes no margin"),
        ({"direction": "up"}, "direction"),
        ({"alpha": 0}, "alpha"),
        ({"alpha": 0.5}, "alpha"),
        ({"min_n": -1}, "min_n"),
        ({"min_n": 2.5}, "min_n"),
        ({"nan": "zero"}, "nan"),
        ({"slice": {"lang": []}}, "slice"),
        ({"slice": {"lang": False}}, "slice"),
        ({"slice": {"lang": 0.5}}, "slice"),
        ({"slice": {"lang": "a,b=c"}}, "slice"),
        ({"slice": {"a=b": "c"}}, "slice"),
        ({"slice": {"lang": ["en", "en"]}}, "twice"),
        ({"slice": {c: list(range(30)) for c in "abc"}}, "more than 10000"),
        ({"id": "two words"}, "id"),
        ({"metric": ""}, "metric"),
        ({"metric": "a\x1b[0m"}, "metric"),
        ({"from": "statistics", "interval": "wilson"}, "thresholds on items"),
        ({"from": "statistics", "nan": "drop"}, "undefined"),
        ({"severity": "fatal"}, "severity"),
        ({"max_infra_errors": 1.5}, "max_infra_errors"),
        ({"sequential": {"low": 1, "high": 1}}, "low must be below high"),
        ({"sequential": {"low": -1e308, "high": 1e308}}, "low must be below high"),
        ({"sequential": {"lo": 0}}, "did you mean low?"),
        ({"sequential": {}, "interval": "t"}, "leave interval and paired out"),
        ({"paired": False}, "file or ref"),
        ({"interval": "newcombe"}, "file or ref"),
    ],
)  # fmt: skip
def test_bad_gates_are_named_errors(change: dict[str, Any], says: str) -> None:
    assert says in refused(gate_file(gate(**change)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"margin": {}}, "exactly one of abs and rel"),
        ({"margin": {"abs": 0.1, "rel": 0.1}}, "exactly one of abs and rel"),
        ({"margin": {"abs": 0}}, "abs"),
        ({"margin": {"abs": -0.1}}, "abs"),
        ({"margin": 0.1}, "margin"),
        ({"baseline": {}}, "exactly one of value, file and ref"),
        ({"baseline": {"value": 1.0, "ref": "main"}}, "exactly one of value, file and ref"),
        ({"baseline": {"ref": "--upload-pack=x"}}, "ref"),
        ({"baseline": {"ref": "main", "role": "rock"}}, "role"),
        ({"baseline": {"value": 1.0, "bootstrap": True}}, "bootstrap"),
        ({"limit": 0.5}, "takes no limit"),
        ({"interval": "clopper_pearson"}, "thresholds on items"),
    ],
)
def test_bad_comparisons_are_named_errors(change: dict[str, Any], says: str) -> None:
    assert says in refused(gate_file(non_inferiority({"ref": "main"}) | change))


@pytest.mark.parametrize(
    ("family", "gates", "says"),
    [
        ({"correction": "sidak"}, {}, "correction"),
        ({"alpha": 0.6}, {}, "alpha"),
        ({"alpha": 1e-99}, {}, "alpha"),
        ({"alpha": 0.05}, {"alpha": 0.01}, "its alpha is that of family"),
    ],
)
def test_bad_families_are_named_errors(
    family: dict[str, Any], gates: dict[str, Any], says: str
) -> None:
    asked = gate(test="superiority", baseline={"ref": "main"}, **gates)
    del asked["limit"]
    assert says in refused(gate_file(asked, family=family))


def test_a_family_leaves_the_alpha_of_other_tests_alone() -> None:
    spec = load(gate_file(gate(alpha=0.01), family={"alpha": 0.1}))
    assert spec.gates[0].alpha == 0.01


def test_a_bomb_is_refused_before_it_is_spread() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [{f'*a{i - 1}, ' * 9}]" for i in range(1, 30)]
    assert "aliases" in refused("\n".join(lines))


def test_what_is_no_file(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (MAX_BYTES + 1))
    for path, says in (
        (tmp_path, "directory"),
        (tmp_path / "none.yaml", "cannot be read"),
        (tmp_path / "a\x00b", "cannot be read"),
        (tmp_path / ("x" * 300), "cannot be read"),
        (large, "larger"),
    ):
        with pytest.raises(GateFileError, match=says):
            read_gate_file(path)


def test_settings_fall_back_from_gate_to_defaults_to_built_in() -> None:
    spec = load(gate_file(gate(min_n=5), gate(id="h"), defaults={"min_n": 50, "nan": "drop"}))
    assert [spec.settings(g).min_n for g in spec.gates] == [5, 50]
    assert spec.settings(spec.gates[0]) == Settings(min_n=5, nan="drop")


def test_slices_are_every_combination() -> None:
    spec = load(gate_file(gate(slice={"lang": ["en", "de"], "level": [1, 2], "split": "test"})))
    parts = list(spec.gates[0].slices())
    assert len(parts) == 4
    assert parts[0] == {"lang": "en", "level": "1", "split": "test"}
    assert list(load(gate_file(gate())).gates[0].slices()) == [{}]


def test_digest_is_of_the_meaning() -> None:
    content = gate_file(gate(slice={"b": "1", "a": "2"}))
    text = yaml.safe_dump(content)
    same = "# a comment\n" + yaml.safe_dump(content, sort_keys=False, indent=8)
    assert parse(text).digest() == parse(same).digest()
    assert parse(text).digest() != load(gate_file(gate(limit=0.51))).digest()


def test_the_files_are_frozen() -> None:
    spec = load(gate_file(gate()))
    with pytest.raises(ValueError, match="frozen"):
        spec.gates[0].limit = 0.0  # type: ignore[misc]


@pytest.mark.parametrize("path", sorted((ROOT / "gates").glob("*.yaml")), ids=lambda p: p.name)
def test_the_project_s_own_gate_files_are_valid(path: Path) -> None:
    assert read_gate_file(path).system == path.stem


def _bar(asked: Gate) -> float | None:
    return asked.limit if asked.baseline is None else asked.baseline.value


@pytest.mark.parametrize("path", sorted((ROOT / "gates").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_gate_of_a_system_says_what_it_asks_about(path: Path) -> None:
    spec = read_gate_file(path)
    assert not [g.id for g in spec.gates if "of" not in g.model_fields_set]
    assert any(g.of == "instrument" for g in spec.gates)


def test_a_gate_asks_about_the_subject_unless_it_says_otherwise() -> None:
    assert load(gate_file(gate())).gates[0].of == "subject"
    assert "instrument" in refused(gate_file(gate(of="instrumnet")))
    silent, told = gate_file(gate()), gate_file(gate(of="subject"))
    assert load(silent).digest() == load(told).digest()


def test_personality_demands_what_the_system_promises() -> None:
    spec = read_gate_file(ROOT / "gates" / "personality.yaml")
    asked = {
        (g.metric, g.direction, _bar(g), len(list(g.slices())), g.severity) for g in spec.gates
    }
    assert asked >= {
        ("alpha", "higher", 0.7, 5, "block"),
        ("n_flipped", "lower", 0.0, 5, "block"),
        ("mass_mean", "higher", 0.5, 1, "block"),
        ("missing_share", "lower", 0.005, 1, "block"),
        ("discriminant_gap", "higher", 0.0, 1, "block"),
    }
    for metric in ("alpha", "n_flipped"):
        scales = [s["scale"] for g in spec.gates if g.metric == metric for s in g.slices()]
        assert [s[-3:] for s in scales] == ["EXT", "AGR", "CON", "NEU", "OPE"]


def test_a_fault_is_named_by_its_place_and_its_kind() -> None:
    said = refused(gate_file(gate(), gate(id="h", alpha="1e-3")))
    assert "gates[1].alpha: " in said
    assert "YAML reads 1e-3 as text" in said
    other = refused(gate_file(gate(alpha=2)))
    assert "gates[0].alpha: " in other
    assert "YAML" not in other
