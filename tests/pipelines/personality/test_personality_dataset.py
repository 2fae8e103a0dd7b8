from __future__ import annotations

import csv
from itertools import groupby
from pathlib import Path

import pytest

from measurand.errors import ParamsError
from measurand.manifest import read_manifest
from measurand.params import read as read_params
from measurand.shards import iter_shards, read_table
from measurand.verification import verify
from pipelines.personality import dataset
from pipelines.personality.dataset import build, expected_questions
from pipelines.personality.instruments import load
from schemas.personality.params import NOT_ADMINISTERED, Params

ROOT = Path(__file__).parents[3]
TINY = read_params(ROOT / "params/presets/personality/tiny.yaml", Params)


def smaller() -> Params:
    validity = TINY.build.validity.model_copy(
        update={
            "instruments": ("mini_ipip", "ipip_50", "sscs"),
            "first_form": "ipip_50",
            "n_bios": 3,
        }
    )
    flipped = TINY.build.reversed_options
    assert flipped is not None
    flipped = flipped.model_copy(update={"instrument": "mini_ipip", "n_items": 4, "n_bios": 2})
    return TINY.model_copy(
        update={
            "build": TINY.build.model_copy(
                update={"validity": validity, "reversed_options": flipped, "n_shards": 3}
            )
        }
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("personality")
    build(smaller(), out, "FnApiRunner")
    return out


def test_four_datasets_that_verify(built: Path) -> None:
    assert {p.name for p in built.iterdir()} == {"instruments", "scales", "profiles", "prompts"}
    assert verify(built) == []


def test_every_question_is_written_or_rejected(built: Path) -> None:
    manifest = read_manifest(built / "prompts")
    rows = read_table(built / "prompts", ["experiment"]).column("experiment").to_pylist()
    assert {e: rows.count(e) for e in set(rows)} == {
        "validity": 3 * 70,
        "single": 5 * 2 * 2 * 20,
        "concurrent": 8 * 20,
        "reversed_options": 2 * 4,
        "cue": 5 * 8,
    }
    assert dict(manifest.rejected) == {NOT_ADMINISTERED: 3 * 11}
    assert manifest.rows_in == manifest.rows + 33


def test_prompts_with_one_preamble_are_neighbours_in_one_shard(built: Path) -> None:
    home: dict[str, str] = {}
    for name, table in iter_shards(built / "prompts"):
        runs = [p for p, _ in groupby(table["preamble"].to_pylist())]
        assert len(runs) == len(set(runs))
        for profile in set(table["profile_id"].to_pylist()):
            assert home.setdefault(profile, name) == name
    assert set(home) == set(
        read_table(built / "profiles", ["profile_id"])["profile_id"].to_pylist()
    )


def test_prompts_fit_their_profiles(built: Path) -> None:
    frames = {r["profile_id"]: r for r in read_table(built / "profiles").to_pylist()}
    for row in read_table(built / "prompts").to_pylist():
        frame = frames[row["profile_id"]]
        assert row["preamble"] == frame["preamble"]
        assert (row["bio_id"], row["instruction_id"], row["levels"]) == (
            frame["bio_id"],
            frame["instruction_id"],
            frame["levels"],
        )


def test_the_manifest_names_parents_sources_and_parameters(built: Path) -> None:
    manifest = read_manifest(built / "prompts")
    assert manifest.parents == {
        name: read_manifest(built / name).logical_hash for name in ("instruments", "profiles")
    }
    assert manifest.params["seed"] == TINY.build.seed
    assert {s.licence for s in manifest.sources} >= {"Apache-2.0", "CC-BY-4.0"}
    assert all(s.sha256 for s in manifest.sources)


@pytest.mark.integration
@pytest.mark.parametrize("runner", ["FnApiRunner", "FnApiRunner:threads=2"])
def test_a_rebuild_gives_the_same_bytes(built: Path, tmp_path: Path, runner: str) -> None:
    build(smaller(), tmp_path, runner)
    files = sorted(p.relative_to(built) for p in built.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert all((built / f).read_bytes() == (tmp_path / f).read_bytes() for f in files)


def test_private_texts_reach_the_prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = tmp_path / "private"
    private.mkdir()
    with (private / "sscs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("number", "text"), *((n, f"t{n}") for n in range(1, 12))])
    monkeypatch.setattr(dataset, "private_folder", lambda: private)
    build(smaller(), tmp_path / "out", "FnApiRunner")
    manifest = read_manifest(tmp_path / "out/prompts")
    assert manifest.rejected == {}
    instruments = read_table(tmp_path / "out/prompts", ["instrument_id"])["instrument_id"]
    assert instruments.to_pylist().count("sscs") == 33


def test_a_form_must_measure_the_big_five(tmp_path: Path) -> None:
    validity = TINY.build.validity.model_copy(update={"second_form": "spi_27"})
    settings = TINY.build.model_copy(update={"validity": validity})
    with pytest.raises(ParamsError, match="spi_27"):
        build(TINY.model_copy(update={"build": settings}), tmp_path, "FnApiRunner")
    assert not any(tmp_path.iterdir())


def test_the_default_preset_keeps_within_its_budget() -> None:
    """Under three minutes on two cores at eleven answers a second; respondents cost nothing."""
    items = load(TINY.build.validity.instruments, Path("nowhere"))[0]
    asked = items.filter(items["text"].is_valid())
    frames = TINY.build.validity.n_bios
    first, *known = TINY.evaluate.models
    counts = expected_questions(TINY.build, items)
    main = sum(counts.values()) - frames * (items.num_rows - asked.num_rows)
    assert first.experiments == ("validity", "single", "concurrent", "reversed_options")
    assert all(run.model.startswith("synthetic:") for run in known)
    # Every prompt of the cue's trial is asked both ways.
    assert main + counts["cue"] == 1740
    assert frames >= 10
