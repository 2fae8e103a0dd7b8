from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from measurand.training.code import MEASURING, TRAINING, code_of

ROOT = Path(__file__).parents[3]


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    for room in ("pipelines", "schemas", "evaluators"):
        write(tmp_path, f"{room}/toy/__init__.py", "")
    write(
        tmp_path,
        "pipelines/toy/loss.py",
        '"""A loss."""\n\nBASE = 1\nRATE = BASE\n\n\ndef unused():\n    return 1\n',
    )
    write(tmp_path, "pipelines/toy/codecs.py", "QUALITY = 1\n")
    write(tmp_path, "schemas/toy/params.py", "STEPS = 1\n")
    write(tmp_path, "evaluators/toy/evaluate.py", "from pipelines.toy import codecs, train\n")
    text = "def train():\n    from pipelines.toy.loss import RATE\n\n    return RATE\n"
    return write(
        tmp_path, "pipelines/toy/train.py", f"import schemas.toy.params\nimport pyarrow\n\n\n{text}"
    )


@pytest.mark.parametrize(
    ("file", "text", "counts"),
    [
        ("pipelines/toy/train.py", "more = 1\n", True),
        ("pipelines/toy/loss.py", "RATE = 2\n", True),
        ("pipelines/toy/loss.py", "BASE = 2\nRATE = BASE\n", True),
        ("pipelines/toy/loss.py", "BASE = 1\nRATE = BASE\nOTHER = 3\n", False),
        ("pipelines/toy/loss.py", "BASE = 1\nRATE = BASE\nprint(RATE)\n", True),
        ("schemas/toy/params.py", "STEPS = 2\n", True),
        (
            "pipelines/toy/loss.py",
            '"""Another text."""\n\n# A remark.\nBASE   =   1\nRATE = BASE\n',
            False,
        ),
        ("pipelines/toy/codecs.py", "QUALITY = 2\n", False),
        ("evaluators/toy/evaluate.py", "pass\n", False),
    ],
)
def test_what_a_training_imports_counts_and_words_do_not(
    toy: Path, file: str, text: str, counts: bool
) -> None:
    before = code_of(toy)
    assert code_of(toy) == before
    write(toy.parents[2], file, text)
    assert (code_of(toy) != before) is counts


def test_what_measures_is_another_code(toy: Path) -> None:
    measure = toy.parents[2] / "evaluators" / "toy" / "evaluate.py"
    before = code_of(measure, rooms=MEASURING)
    write(toy.parents[2], "pipelines/toy/codecs.py", "QUALITY = 2\n")
    assert code_of(measure, rooms=MEASURING) != before


def test_the_engine_counts_where_a_system_uses_it(tmp_path: Path) -> None:
    used, unused = (
        code_of(write(tmp_path / name, "pipelines/toy/train.py", text), rooms=rooms)
        for name, text, rooms in (
            ("a", "from measurand.training.fit import fit\n", TRAINING),
            ("b", "from measurand.training.fit import fit\n", ("pipelines",)),
        )
    )
    assert used != unused


def test_how_fast_a_device_is_decides_no_weight(tmp_path: Path) -> None:
    one, two = (
        code_of(
            write(
                tmp_path,
                "pipelines/toy/train.py",
                f"from measurand.training.device import {names}\n",
            )
        )
        for names in ("now", "now, peak_of")
    )
    other = "from measurand.training.device import now, autocast\n"
    assert one == two != code_of(write(tmp_path, "pipelines/toy/train.py", other))


def test_the_graph_trains_again_when_this_code_changes() -> None:
    """What decides a training's identity is what DVC's train stage depends on."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    listed = stages["train"]["do"]["deps"]
    code = {d.removesuffix(".py").replace("/", ".") for d in listed if not d.startswith("data/")}
    assert code == {f"{r}.${{item}}" if "." not in r else r for r in TRAINING}
