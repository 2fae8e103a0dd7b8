from __future__ import annotations

import io
import threading

import pytest

from measurand import progress
from measurand.progress import Progress


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ticking = Clock()
    monkeypatch.setattr(progress.time, "monotonic", ticking)
    return ticking


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_at_the_start_each_15_s_and_at_the_end(clock: Clock) -> None:
    stream = io.StringIO()
    with Progress("score", 100, "items", stream=stream) as bar:
        for _ in range(40):
            clock.now += 1
            bar.advance(2)
    assert stream.getvalue().splitlines() == [
        "score: 0/100 items, 0m00s elapsed",
        "score: 30/100 items, 2 items/s, 0m35s left, 0m15s elapsed",
        "score: 60/100 items, 2 items/s, 0m20s left, 0m30s elapsed",
        "score: 80/100 items, 2 items/s, 0m10s left, 0m40s elapsed",
    ]


def test_resumed_work_does_not_count_towards_the_rate(clock: Clock) -> None:
    bar = Progress("score", 1000, done=900, stream=io.StringIO())
    clock.now += 10
    bar.advance(5)
    assert bar.line() == (
        "score: 905/1000 items, 900 resumed, 0.5 items/s, 3m10s left, 0m10s elapsed"
    )


def test_slow_work_has_a_rate_too(clock: Clock) -> None:
    bar = Progress("train", None, "steps", stream=io.StringIO())
    clock.now += 7200
    bar.advance(30)
    assert bar.line() == "train: 30 steps, 0.0042 steps/s, 2h00m elapsed"
    bar.advance(7_199_970)
    assert "1000 steps/s" in bar.line()


def test_a_terminal_gets_one_line_that_never_wraps(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream = Terminal()
    with Progress("a long label of something", 10**9, stream=stream) as bar:
        clock.now += 0.6
        bar.advance()
        clock.now += 0.1
        bar.advance()
    drawn = stream.getvalue().split("\r\x1b[K")
    assert len(drawn) == 4  # empty, start, after 0.6 s, end; not after 0.7 s
    assert all(len(text.rstrip("\n")) <= 29 for text in drawn)
    assert stream.getvalue().endswith("\n")


def test_the_last_line_is_written_when_work_fails(clock: Clock) -> None:
    stream = io.StringIO()

    def fail() -> None:
        with Progress("x", 2, stream=stream) as bar:
            bar.advance()
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert stream.getvalue().splitlines()[-1].startswith("x: 1/2 items")


def test_threads_lose_no_count() -> None:
    bar = Progress("x", None, stream=io.StringIO())
    threads = [threading.Thread(target=lambda: [bar.advance() for _ in range(2000)]) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bar.done == 4000


def test_a_note_stands_at_the_end() -> None:
    progress = Progress("build", 4, "shards", stream=io.StringIO())
    progress.note = "waits for slots"
    assert progress.line() == "build: 0/4 shards, 0m00s elapsed, waits for slots"
