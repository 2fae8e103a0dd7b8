"""Which stretches of which clips become sequences, on which side of the split.

Whole groups of clips go to one side, drawn by a hash within each source. A training clip's last
part is kept apart as ``test_time``, behind a gap of one window: no frame lies on both sides. Equal
pixels elsewhere (two games that begin alike) are found by hash: tests keep them, training loses
them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from measurand.journal import canonical_json
from pipelines.elastictok.frames import TRANSFORM, runs
from schemas.elastictok.params import Build

ORDER = ("test_clip", "test_time", "validation", "train")
"""Who keeps frames that several splits have."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Window:
    """One sequence of blocks.

    Attributes:
        sample_id: its identity.
        clip_id: the clip.
        split: what it is used for.
        first: position of its first frame among the clip's frames.
        frames: frames it takes of the clip: of a still one, a frame a block.
        reason: why it is rejected, or None.
        detail: more of it.
    """

    sample_id: str
    clip_id: str
    split: str
    first: int
    frames: int
    reason: str | None = None
    detail: str = ""


def splits(clips: Sequence[Row], build: Build) -> dict[str, str]:
    """Split of every clip: train, validation or test_clip.

    Args:
        clips: rows with ``clip_id``, ``source``, ``group_id``.
        build: shares and seed.
    """
    found: dict[str, str] = {}
    for source in sorted({c["source"] for c in clips}):
        own = [c for c in clips if c["source"] == source]
        groups = sorted(
            {c["group_id"] for c in own},
            key=lambda g: hashlib.sha256(f"{build.seed}|{source}|{g}".encode()).hexdigest(),
        )
        names = _deal(len(groups), build)
        by_group = dict(zip(groups, names, strict=True))
        found |= {c["clip_id"]: by_group[c["group_id"]] for c in own}
    return found


def _deal(n: int, build: Build) -> list[str]:
    """Splits of n groups: at least one for each share above 0 where there are three groups."""
    tests = round(n * build.test_share) or int(n >= 2 and build.test_share > 0)
    checks = round(n * build.validation_share) or int(n >= 3 and build.validation_share > 0)
    tests = min(tests, n - 1)
    checks = min(checks, n - 1 - tests)
    return ["test_clip"] * tests + ["validation"] * checks + ["train"] * (n - tests - checks)


def plan(clips: Sequence[Row], build: Build) -> list[Window]:
    """Every window, those rejected for equal pixels with their reason.

    Args:
        clips: rows of ``elastictok.clips``.
        build: parameters of the build.

    Returns:
        Windows sorted by split and sample id.
    """
    sides = splits(clips, build)
    hashes = {c["clip_id"]: c["frame_hash"] for c in clips}
    found = [
        Window(sample_id(clip, first, build), clip["clip_id"], split, first, _length(clip, build))
        for clip in clips
        for split, first in _places(clip, sides[clip["clip_id"]], build)
    ]
    found.sort(key=lambda w: (ORDER.index(w.split), w.sample_id))
    return list(_distinct(found, hashes))


def _length(clip: Row, build: Build) -> int:
    return build.blocks if clip["still"] else build.window


def sample_id(clip: Row, first: int, build: Build) -> str:
    """Identity of the window at a position: source, source frame, and all that is done to it."""
    shape = [TRANSFORM, build.size, clip["stride"], build.block_frames, build.blocks]
    start = clip["index"][first]
    return hashlib.sha256(
        canonical_json([clip["source_sha256"], start, shape]).encode()
    ).hexdigest()


def _places(clip: Row, side: str, build: Build) -> Iterator[tuple[str, int]]:
    """(split, first position) of the windows of a clip."""
    count = len(clip["index"])
    if clip["still"]:
        yield from ((side, at) for at in range(0, count - build.blocks + 1, build.blocks))
        return
    window = build.window
    later = int(count * build.later_share) if side == "train" else 0
    border = count - later if later >= window else count
    ends = {side: (0, border - window if border < count else count)}
    if border < count:
        ends["test_time"] = (border, count)
    for split, (low, high) in ends.items():
        hop = build.hop if split == "train" else window
        for first, end in runs(clip["index"], clip["stride"]):
            begin, stop = max(first, low), min(end, high)
            yield from ((split, at) for at in range(begin, stop - window + 1, hop))


def _distinct(found: Sequence[Window], hashes: dict[str, list[int]]) -> Iterator[Window]:
    """Reject equal windows, and windows with a frame of a split that comes before."""
    seen: dict[tuple[int, ...], str] = {}
    taken: dict[int, str] = {}
    for window in found:
        frames = hashes[window.clip_id][window.first : window.first + window.frames]
        key = tuple(frames)
        others = sorted({taken[f] for f in frames if f in taken} - _may_share(window.split))
        if key in seen:
            why = f"the same pixels as {seen[key]}"
            yield replace(window, reason="duplicate_window", detail=why)
        elif others:
            why = "a frame with equal pixels is there"
            yield replace(window, reason=f"frame_in_{others[0]}", detail=why)
        else:
            seen[key] = window.sample_id
            for f in frames:
                taken.setdefault(f, window.split)
            yield window


def _may_share(split: str) -> set[str]:
    """Splits with which equal frames do no harm: the own, and one test with the other."""
    return {"test_clip", "test_time"} if split.startswith("test") else {split}
