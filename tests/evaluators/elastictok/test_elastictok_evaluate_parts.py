"""What is measured and how it becomes items, of invented tables: nothing is trained here."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from elastictok_small import params_of

from evaluators.elastictok.evaluate import _items, _jobs, _models, _selected, _variety, strips
from measurand import runs, shards
from measurand.errors import InputError
from pipelines.elastictok.jobs import CHUNK, Place
from pipelines.elastictok.sequences import read
from schemas.elastictok.params import Params
from schemas.elastictok.tables import BLOCKS, NEAR

KNOWN = {"strict": 0.1, "middle": 0.2, "loose": 0.3}
CLIPS = {
    # Name: source, sequences, motion of both blocks, segments, whether it is a near copy.
    "a": ("moving", 3, [5.0, 5.0], [0, 0], False),
    "b": ("moving", 2, [9.0, 1.0], [0, 0], False),
    "copy": ("moving", 9, [0.0, 0.0], [0, 0], True),
    "p": ("pong", 10, [4.0, 4.0], [0, 0], False),
    "s": ("pictures", 4, [8.0, 8.0], [0, 1], False),
}


def _sequence(clip: str, at: int, split: str) -> dict[str, Any]:
    source, n, motion, segments, _ = CLIPS[clip]
    return {
        "sample_id": hashlib.sha256(f"{clip}{at}{split}".encode()).hexdigest(), "source": source,
        "clip_id": clip, "split": split, "source_sha256": "0" * 64, "licence": "none",
        "start_frame": (n - at) * 4, "stride": 1, "fps": 15.0, "frames": bytes(24),
        "shape": [2, 2, 2, 3], "segments": segments, "motion": motion,
        "spatial_energy": [0.0, 0.0], "is_cut": [False, False], "gt_objects": None,
        "gt_speed": None,
    }  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A dataset of black frames of five clips, without a later part."""
    folder = tmp_path_factory.mktemp("invented") / "dataset"
    rows = [_sequence(clip, i, "test_clip") for clip, of in CLIPS.items() for i in range(of[1])]
    shards.write_dataset(folder / "blocks", BLOCKS, runs.table(BLOCKS, rows))
    near = [{"source": of[0], "clip_id": clip, "split": "test_clip", "frames": 2, "near_frames": 0,
             "median_rms": None, "near": of[4]} for clip, of in CLIPS.items()]  # fmt: skip
    shards.write_dataset(folder / "near", NEAR, runs.table(NEAR, near))
    return Place("", folder / "blocks", folder, folder, {})


@pytest.fixture(scope="module")
def params() -> Params:
    """Two models."""
    return params_of(evaluate={"strips": 3})


def test_all_models_and_codecs_are_measured_unless_some_are_named(params: Params) -> None:
    assert _models(params, None) == ("elastic", "fixed4", "untrained", "jpeg", "h264")
    some = params_of(evaluate={"models": ["fixed4"]})
    assert _models(some, None) == ("fixed4",)
    assert _models(some, "h264") == ("h264",)
    assert _models(some, "elastic") == ("elastic",)
    with pytest.raises(InputError, match="no model nobody"):
        _models(some, "nobody")


def test_every_sequence_is_measured_once_a_model_in_chunks_of_all_splits(
    params: Params, place: Place
) -> None:
    selected = {"test_clip": list(range(CHUNK)), "test_time": [4, 7]}
    jobs = _jobs(params, place, ("elastic", "fixed4", "jpeg"), selected, KNOWN)
    assert all(job.limits == tuple(KNOWN.items()) for job in jobs)
    assert Counter((job.kind, job.model) for job in jobs) == {
        ("measure", "elastic"): 2, ("measure", "fixed4"): 2, ("codec", "jpeg"): 2,
        ("noise", "elastic"): 1, ("times", "elastic"): 1, ("strip", "elastic"): 2,
    }  # fmt: skip
    every = [(split, i) for split, some in selected.items() for i in some]
    for model in ("elastic", "fixed4", "jpeg"):
        own = [job.at for job in jobs if job.kind in ("measure", "codec") and job.model == model]
        assert [len(at) for at in own] == [CHUNK, 2]
        assert [one for at in own for one in at] == every
    noise, times, first, second = (j for j in jobs if j.kind not in ("measure", "codec"))
    assert noise.at == times.at == tuple(every[:CHUNK])
    assert [first.at, second.at] == strips(params, place)
    assert {first.more, second.more} == {"middle"}


def test_controls_are_of_the_elastic_model_alone(params: Params, place: Place) -> None:
    selected = {"test_clip": [0]}
    assert {j.kind for j in _jobs(params, place, ("fixed4",), selected, KNOWN)} == {"measure"}
    quiet = params_of(evaluate={"noise_blocks": 0, "strips": 0})
    kinds = [job.kind for job in _jobs(quiet, place, ("elastic",), selected, KNOWN)]
    assert kinds == ["measure", "times"]


def test_strips_are_of_the_longest_clip_of_each_source_that_moves_in_time(
    params: Params, place: Place
) -> None:
    rows = read(place.blocks, "test_clip").rows
    shown = [[rows[i] for _, i in at] for at in strips(params, place)]
    # Pictures change within a sequence, and the longest clip of what moves is a near copy.
    assert [{r["clip_id"] for r in own} for own in shown] == [{"a"}, {"p"}]
    assert [len(own) for own in shown] == [3, 8]
    for own in shown:
        starts = [r["start_frame"] for r in own]
        assert starts == sorted(starts)
        assert starts[0] == 4
    assert len(strips(params_of(evaluate={"strips": 1}), place)) == 1


def test_clips_without_a_later_part_leave_it_out(params: Params, place: Place) -> None:
    chosen = _selected(params, place, None)
    assert list(chosen) == ["test_clip"]
    assert len(chosen["test_clip"]) == params.evaluate.sequences == 12
    assert _selected(params, place, 3)["test_clip"] == chosen["test_clip"][:3]


def test_a_dataset_without_unseen_clips_is_no_dataset(params: Params, tmp_path: Path) -> None:
    rows = runs.table(BLOCKS, [_sequence("a", 0, "test_time")])
    shards.write_dataset(tmp_path / "blocks", BLOCKS, rows)
    place = Place("", tmp_path / "blocks", tmp_path, tmp_path, {})
    with pytest.raises(InputError, match="no sequences of split test_clip"):
        _selected(params, place, None)


def test_longer_clips_come_before_livelier_ones_and_eight_sequences_are_enough() -> None:
    rows = [{"motion": [m, 0.0]} for m in (0.0, 9.0, 1.0, *[0.0] * 8)]
    assert _variety(rows, [0, 2]) > _variety(rows, [1])
    assert _variety(rows, [1]) > _variety(rows, [2]) > _variety(rows, [0])
    assert _variety(rows, [1]) == 1000 + 4.5
    assert _variety(rows, [0, *range(3, 11)]) == 8000.0


def _coded(variant: str, tokens: int, feasible: bool) -> dict[str, Any]:
    return {"sample_id": "s1", "block": 2, "clip_id": "c1", "model": "elastic",
            "split": "test_time", "search": "binary", "threshold": "loose", "variant": variant,
            "n_tokens": tokens, "feasible": feasible}  # fmt: skip


def test_items_are_errors_of_budgets_and_tokens_of_plain_searches() -> None:
    budgets = [{"sample_id": "s1", "block": 1, "clip_id": "c1", "model": "fixed4",
                "split": "test_clip", "n_tokens": 4, "mse": 0.25}]  # fmt: skip
    coded = [_coded("plain", 7, True), _coded("noise", 9, False)]
    tables = {"budgets": pa.Table.from_pylist(budgets), "coded": pa.Table.from_pylist(coded)}
    rows = _items(tables, "r1").to_pylist()
    found = {(r["metric"], r["item_id"], r["slice"]): r for r in rows}
    assert {key: (r["model"], r["value"]) for key, r in found.items()} == {
        ("mse", "s1|b1|n4", "n=4,split=test_clip"): ("fixed4", 0.25),
        ("tokens", "s1|b2|binary|loose", "search=binary,split=test_time,threshold=loose"):
            ("elastic", 7.0),
        ("feasible", "s1|b2|binary|loose", "search=binary,split=test_time,threshold=loose"):
            ("elastic", 1.0),
    }  # fmt: skip
    for row in rows:
        assert (row["cluster_id"], row["prompt_sha256"], row["run_id"]) == ("c1", "s1", "r1")
        assert (row["system"], row["status"], row["repeat"]) == ("elastictok", "ok", 0)
