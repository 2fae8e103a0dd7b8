from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from measurand.calls import Batch, Scored, generate_batches, score_batches
from measurand.errors import InputError
from measurand.journal import Journal
from measurand.models import load
from measurand.models.protocol import Completion, Request, Sampling, Score
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


def test_equal_calls_are_made_once_in_the_first_batch_that_holds_them(tmp_path: Path) -> None:
    a, b, c = (batches(3, 1)[i].requests[0] for i in range(3))
    twice = [Batch(some, ("1", "2", "3")) for some in ([a, b, a], [b, c], [c, a])]
    model = Counting()
    with Journal(tmp_path / "j") as journal:
        found = list(score_batches(model, twice, journal))
        assert (model.asked, len(journal)) == ([2, 1], 3)
        list(score_batches(model, twice, journal, repeat=1))
        assert (model.asked, len(journal)) == ([2, 1, 2, 1], 6)
    assert [[s.shared for s in batch] for batch in found] == [
        [False, False, True], [True, False], [True, True],
    ]  # fmt: skip
    scores = [[s.score for s in batch] for batch in found]
    assert scores[0][0] == scores[0][2] == scores[2][1]
    assert (scores[1][0], scores[2][0]) == (scores[0][1], scores[1][1])
    assert {s.seconds for batch in found for s in batch if s.shared} == {0.0}


def test_a_kill_between_equal_calls_moves_no_batch(tmp_path: Path) -> None:
    a, b, c = (batches(3, 1)[i].requests[0] for i in range(3))
    twice = [Batch(some, ("1", "2", "3")) for some in ([a, b], [b, c])]
    model, path = Counting(), tmp_path / "j"
    with Journal(path) as journal:
        whole = list(score_batches(model, twice, journal))
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    with Journal(path) as journal:
        again = list(score_batches(model, twice, journal))
    assert model.asked == [2, 1, 1]
    assert flat(again) == flat(whole)


def test_a_call_that_failed_outside_the_model_is_made_again_where_it_comes_next(
    tmp_path: Path,
) -> None:
    [one] = batches(1, 1)
    model = Counting()
    with Journal(tmp_path / "j") as journal:
        answers = score_batches(model, [one, one], journal)
        model.broken = True
        [failed] = next(answers)
        model.broken = False
        [found] = next(answers)
    assert (failed.score.status, found.score.status) == ("infra_error", "ok")


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


def test_own_choices_key_the_call_and_take_the_place_of_the_batchs(
    tmp_path: Path, toy_model_folder: Path
) -> None:
    model = load(f"hf:{toy_model_folder}?template=none")
    own = [Request("RATING:", choices=(" 1", " 2", " 3")), Request("RATING:", choices=(" 5",))]
    with Journal(tmp_path / "j") as journal:
        [[wide, single]] = score_batches(model, [Batch(own)], journal)
        [[plain]] = score_batches(model, [Batch([Request("RATING:")], (" 1", " 5"))], journal)
        assert len(journal) == 3
        [[again, _]] = score_batches(model, [Batch(own)], journal)
        assert (again.score, again.shared) == (wide.score, True)
    assert wide.score.logprobs is not None
    assert plain.score.logprobs is not None
    assert single.score.logprobs is not None
    assert wide.score.logprobs[0] == pytest.approx(plain.score.logprobs[0], abs=1e-5)
    assert single.score.logprobs[0] == pytest.approx(plain.score.logprobs[1], abs=1e-5)


def test_requests_with_own_choices_are_scored_not_constrained(tmp_path: Path) -> None:
    batch = Batch([Request("p", choices=("1",))], ("1", "2"))
    with (
        Journal(tmp_path / "j") as journal,
        pytest.raises(InputError, match="share their choices"),
    ):
        list(score_batches(load("synthetic:uniform"), [batch], journal, mode="constrained"))


class Writing:
    """The real toy model, counting what it is asked to write."""

    def __init__(self, folder: Path) -> None:
        self._model = load(f"hf:{folder}?template=none")
        self.spec, self.fingerprint = self._model.spec, self._model.fingerprint
        self.capabilities, self.score = self._model.capabilities, self._model.score
        self.close = self._model.close
        self.asked: list[int] = []
        self.broken = False

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        self.asked.append(len(requests))
        if self.broken:
            return [Completion.failed("infra_error", "down") for _ in requests]
        return self._model.generate(requests, sampling, repeat)


def test_texts_are_kept_by_prompt_sampling_and_repeat(
    tmp_path: Path, toy_model_folder: Path
) -> None:
    model, how = Writing(toy_model_folder), Sampling(max_tokens=4, temperature=1.0)
    asked = [[Request("I like"), Request("I worry")], [Request("very")]]
    with Journal(tmp_path / "j") as journal:
        first = list(generate_batches(model, asked, journal, how))
        assert model.asked == [2, 1]
        again = list(generate_batches(model, asked, journal, how))
        assert [g.completion for b in again for g in b] == [g.completion for b in first for g in b]
        assert model.asked == [2, 1]
        other = list(generate_batches(model, asked, journal, how, repeat=1))
        assert model.asked == [2, 1, 2, 1]
        list(generate_batches(model, asked, journal, Sampling(max_tokens=4)))
        assert model.asked == [2, 1, 2, 1, 2, 1]
    texts = [[g.completion.text for batch in some for g in batch] for some in (first, other)]
    assert texts[0] != texts[1]
    alone = load(f"hf:{toy_model_folder}?template=none").generate([Request("very")], how)
    assert first[1][0].completion.text == alone[0].text


def test_failed_texts_are_asked_again_by_whole_batches(
    tmp_path: Path, toy_model_folder: Path
) -> None:
    model, how = Writing(toy_model_folder), Sampling(max_tokens=2)
    asked = [[Request("I like"), Request("I worry")]]
    with Journal(tmp_path / "j") as journal:
        model.broken = True
        [[one, _]] = generate_batches(model, asked, journal, how)
        assert one.completion.status == "infra_error"
        assert len(journal) == 0
        model.broken = False
        [[one, _]] = generate_batches(model, asked, journal, how)
        assert one.completion.status == "ok"
    assert model.asked == [2, 2]
