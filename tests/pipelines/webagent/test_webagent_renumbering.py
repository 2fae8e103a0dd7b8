from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from webagent_pages import rows

from pipelines.webagent import pairs, renumbering, tokenizer
from pipelines.webagent.fitting import Pairs
from pipelines.webagent.pairs import Coder
from schemas.webagent.params import Params
from schemas.webagent.training import Finetuning

Made = tuple[Path, Params]
GIVEN = Finetuning(
    input=4000, target=40, steps=1, batch=1, lr=1e-3, planners=({"name": "x"},), seed=5
)


@pytest.fixture(scope="module")
def dataset(planners: Made) -> Path:
    return planners[0] / "dataset"


def batch(found: Pairs, at: list[int]) -> tuple[Any, Any, Any]:
    ids, lengths, target = found.batch(np.array(at), "cpu", None)
    assert lengths.tolist() == found.inputs.lengths[np.array(at)].tolist()
    return ids.numpy(), lengths.numpy(), target.numpy()


def test_elements_change_their_numbers_among_each_other_at_every_visit(dataset: Path) -> None:
    coder, found = Coder.of(dataset), pairs.read(dataset, GIVEN)
    steps = rows(dataset, "experience")
    assert len(found) == len(steps) * renumbering.VISITS
    seen = set()
    for at, row in enumerate(steps):
        visits = [at, at + len(steps), at + 7 * len(steps)]
        ids, lengths, target = batch(found, visits)
        whole = coder.read(row["instruction"], row["history"], row["html"])
        before = coder.parted(whole)
        for one, n, due in zip(ids, lengths, target, strict=True):
            page = coder.parted(one[:n].astype(np.int32))
            assert page.words.tolist() == before.words.tolist()
            named = dict(zip(before.refs, page.refs, strict=True))
            assert sorted(named.values()) == sorted(named) == before.every
            # The very input of a page that was shown with these numbers.
            other = re.sub(
                r'data-ref="(\d+)"',
                lambda ref, named=named: f'data-ref="{named.get(int(ref[1]), 0)}"',  # type: ignore[misc]
                row["html"],
            )
            read = coder.read(row["instruction"], row["history"], other)
            assert one[:n].tolist() == read.tolist()
            said, refs = coder.understood(due[due > tokenizer.END])
            assert said == row["sub_instruction"]
            assert refs == tuple(named[ref] for ref in row["refs"])
            seen.add(tuple(page.refs))
    assert len(seen) == 3 * len(steps)


def test_a_visit_follows_from_its_number_and_the_seed(dataset: Path) -> None:
    first, other = (pairs.read(dataset, GIVEN) for _ in range(2))
    at = [3, 3 + 6 * 11, 1]
    batch(other, [5, 2, 40])
    for one, again in zip(batch(first, at), batch(other, at), strict=True):
        assert one.tolist() == again.tolist()
    reseeded = pairs.read(dataset, GIVEN.model_copy(update={"seed": 6}))
    assert batch(reseeded, at)[0].tolist() != batch(first, at)[0].tolist()


def test_what_is_cut_off_is_the_end(dataset: Path) -> None:
    whole = pairs.read(dataset, GIVEN)
    for most in (8, 33, 64):
        short = pairs.read(dataset, GIVEN.model_copy(update={"input": most, "target": 8}))
        ids, lengths, target = batch(short, [2, 9])
        before, _, due = batch(whole, [2, 9])
        assert lengths.tolist() == [most] * 2
        assert ids.tolist() == before[:, :most].tolist()
        assert target.tolist() == due[:, :8].tolist()
