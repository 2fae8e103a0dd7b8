from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from measurand.calls import Batch, Scored, score_batches
from measurand.errors import InputError
from measurand.journal import Journal
from measurand.models import load
from measurand.models.protocol import Request, Score
from measurand.progress import Progress


class Counting:
    """The real uniform respondent, counting what it is asked; fails as long as it is told to."""

    def __init__(self, spec: str = "synthetic:uniform") -> None:
        self._model = load(spec)
        self.spec, self.fingerprint = spec, self._model.fingerprint
        self.capabilities, self.generate = self._model.capabilities, self._model.generate
        self.close = self._model.close
        self.asked: list[int] = []
        self.broken = False

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        self.asked.append(len(requests))
        if self.broken:
            return [Score.failed("infra_error", "down") for _ in requests]
        return self._model.score(requests, choices)


def batches(n: int = 6, size: int = 2) -> list[Batch]:
    requests = [
        Request("same prompt", {"participant": "p", "item": i, "scale": "s", "keyed": 1})
        for i in range(n)
    ]
    return [Batch(requests[i : i + size], ("1", "2", "3")) for i in range(0, n, size)]


def flat(found: list[list[Scored]]) -> list[int | None]:
    return [scored.score.choice for batch in found for scored in batch]


def test_a_second_run_asks_nothing_and_gives_the_same(tmp_path: Path) -> None:
    model = Counting()
    with Journal(tmp_path / "j") as journal:
        first = list(score_batches(model, batches(), journal))
    with Journal(tmp_path / "j") as journal:
        second = list(score_batches(model, batches(), journal))
    assert model.asked == [2, 2, 2]
    assert first == second


def test_tags_key_the_call_of_a_respondent_that_reads_them(tmp_path: Path) -> None:
    # All six requests have the same prompt; only their tags differ.
    with Journal(tmp_path / "j") as journal:
        found = flat(list(score_batches(Counting(), batches(60), journal)))
        assert len(journal) == 60
    assert len(set(found)) == 3


def test_a_batch_that_is_not_whole_is_asked_again_whole(tmp_path: Path) -> None:
    model, path = Counting(), tmp_path / "j"
    with Journal(path) as journal:
        list(score_batches(model, batches(), journal))
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    with Journal(path) as journal:
        list(score_batches(model, batches(), journal))
    assert model.asked == [2, 2, 2, 2, 2]


def test_infrastructure_errors_are_returned_not_remembered(tmp_path: Path) -> None:
    model = Counting()
    model.broken = True
    with Journal(tmp_path / "j") as journal:
        found = list(score_batches(model, batches(), journal))
        assert {s.score.status for b in found for s in b} == {"infra_error"}
        assert len(journal) == 0
        model.broken = False
        found = list(score_batches(model, batches(), journal))
        assert {s.score.status for b in found for s in b} == {"ok"}


def test_repeats_are_calls_of_their_own(tmp_path: Path) -> None:
    model = Counting()
    with Journal(tmp_path / "j") as journal:
        list(score_batches(model, batches(), journal))
        list(score_batches(model, batches(), journal, repeat=1))
        assert len(journal) == 12


def test_constrained_mode_draws_one_of_the_choices(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        found = list(score_batches(Counting(), batches(), journal, mode="constrained"))
    assert all(s.score.choice in (0, 1, 2) for b in found for s in b)
    assert all(s.score.logprobs is None and s.score.mass is None for b in found for s in b)


def test_an_unknown_mode_is_named(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal, pytest.raises(InputError, match="guess"):
        list(score_batches(Counting(), batches(), journal, mode="guess"))


def test_progress_counts_every_request(tmp_path: Path) -> None:
    progress = Progress("x", 6, stream=io.StringIO())
    with Journal(tmp_path / "j") as journal:
        list(score_batches(Counting(), batches(), journal, progress=progress))
    assert progress.done == 6
