from __future__ import annotations

import hashlib
import json

from pipelines.many_shot.example import Example, example_id, group_id


def test_ids_are_hashes_of_json_lists() -> None:
    example = Example("2 + 2?", "4", "k", "g")
    text = json.dumps(["sums", "2 + 2?", "4"], separators=(",", ":"))
    assert example_id("sums", example) == hashlib.sha256(text.encode()).hexdigest()
    text = json.dumps(["sums", "g"], separators=(",", ":"))
    assert group_id("sums", "g") == hashlib.sha256(text.encode()).hexdigest()


def test_every_part_of_an_id_counts_and_nothing_else() -> None:
    base = Example("q", "a", "k", "g")
    ids = {
        example_id("t", base),
        example_id("u", base),
        example_id("t", Example("q2", "a", "k", "g")),
        example_id("t", Example("q", "a2", "k", "g")),
        example_id("t", Example("qa", "", "k", "g")),
    }
    assert len(ids) == 5
    assert example_id("t", Example("q", "a", "k2", "g2", rationale="r")) in ids
