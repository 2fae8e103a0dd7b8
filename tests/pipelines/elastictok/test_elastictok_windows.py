from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from pipelines.elastictok.windows import plan, sample_id, splits
from schemas.elastictok.params import Build

BUILD = Build.model_validate(
    {"sources": [{"folder": "x"}], "size": 16, "block_frames": 2, "blocks": 2, "hop": 1}
)


def clip(name: str, frames: int = 20, **changes: Any) -> dict[str, Any]:
    return {
        "clip_id": f"s/{name}", "source": "s", "group_id": name, "source_sha256": name * 64,
        "still": False, "stride": 1, "index": list(range(frames)),
        "frame_hash": [hash((name, i)) for i in range(frames)], **changes,
    }  # fmt: skip


def many(n: int, **changes: Any) -> list[dict[str, Any]]:
    return [clip(f"{i:02d}", **changes) for i in range(n)]


def test_groups_stay_whole_and_every_split_gets_its_share() -> None:
    rows = [clip(f"{i:02d}", group_id=f"{i // 2}") for i in range(40)]
    found = splits(rows, BUILD)
    counts = {s: list(found.values()).count(s) for s in set(found.values())}
    assert counts == {"test_clip": 8, "validation": 6, "train": 26}
    for a, b in zip(rows[::2], rows[1::2], strict=True):
        assert found[a["clip_id"]] == found[b["clip_id"]]


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1, ["train"]), (2, ["test_clip", "train"]), (3, ["test_clip", "train", "validation"])],
)
def test_few_groups(n: int, expected: list[str]) -> None:
    assert sorted(splits(many(n), BUILD).values()) == expected


def test_a_split_depends_on_the_seed_and_not_on_the_order() -> None:
    rows = many(30)
    assert splits(rows, BUILD) == splits(rows[::-1], BUILD)
    assert splits(rows, BUILD) != splits(rows, BUILD.model_copy(update={"seed": 1}))


def test_the_end_of_training_clips_is_kept_apart_behind_a_gap() -> None:
    [one] = many(1, frames=40)
    found = plan([one], BUILD)
    assert all(w.reason is None for w in found)
    train = {f for w in found if w.split == "train" for f in range(w.first, w.first + 4)}
    later = {f for w in found if w.split == "test_time" for f in range(w.first, w.first + 4)}
    assert later == set(range(32, 40))
    assert max(train) == 27
    assert min(later) - max(train) > BUILD.window


def test_only_training_windows_overlap() -> None:
    found = plan(many(10, frames=40), BUILD)
    firsts: dict[tuple[str, str], list[int]] = {}
    for w in found:
        firsts.setdefault((w.split, w.clip_id), []).append(w.first)
    assert {split for split, _ in firsts} == {"train", "validation", "test_clip", "test_time"}
    for (split, _), places in firsts.items():
        places.sort()
        hops = {b - a for a, b in pairwise(places)}
        assert hops <= ({1} if split == "train" else {4})


def test_windows_do_not_span_a_broken_frame() -> None:
    index = [i for i in range(20) if i != 9]
    [one] = many(1, index=index, frame_hash=index)
    for w in plan([one], BUILD.model_copy(update={"later_share": 0.0})):
        span = index[w.first : w.first + 4]
        assert span[-1] - span[0] == 3


def test_pictures_pack_their_crops() -> None:
    found = plan([clip("a", frames=7, still=True)], BUILD)
    assert sorted(w.first for w in found) == [0, 2, 4]
    assert {w.frames for w in found} == {2}


def test_equal_pixels_are_left_to_the_tests() -> None:
    rows = many(10, frames=16)
    side = splits(rows, BUILD)
    test = next(r for r in rows if side[r["clip_id"]] == "test_clip")
    train = next(r for r in rows if side[r["clip_id"]] == "train")
    train["frame_hash"][2] = test["frame_hash"][5]
    found = plan(rows, BUILD)
    lost = [w for w in found if w.reason == "frame_in_test_clip"]
    assert [w.clip_id for w in lost] == [train["clip_id"]] * 3
    assert all(w.first <= 2 < w.first + 4 for w in lost)
    kept = {w.clip_id for w in found if w.split == "test_clip" and w.reason is None}
    assert test["clip_id"] in kept


def test_equal_windows_are_kept_once() -> None:
    found = plan(many(1, frames=20, frame_hash=[7] * 20), BUILD)
    assert sum(w.reason is None for w in found) == 1
    assert {w.reason for w in found if w.reason} == {"duplicate_window"}


def test_ids_depend_on_all_that_is_done_to_a_frame() -> None:
    one = clip("a")
    ids = {
        sample_id(one, 3, BUILD),
        sample_id(one, 4, BUILD),
        sample_id({**one, "source_sha256": "b" * 64}, 3, BUILD),
        sample_id({**one, "stride": 2}, 3, BUILD),
        sample_id(one, 3, BUILD.model_copy(update={"size": 32})),
    }
    assert len(ids) == 5
