from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from measurand.models.openai_attempts import Attempts
from measurand.models.openai_prefixes import alone


def test_attempts_are_counted_by_call_in_every_thread() -> None:
    attempts = Attempts()

    def call(n: int) -> list[str]:
        with attempts.of_call(alone(str(n))) as mine:
            for _ in range(n):
                attempts.add("broken", f"s{n}")
            assert attempts.call is mine
        assert attempts.call is None
        return mine.failed

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(call, range(20))) == [[f"s{n}"] * n for n in range(20)]
    assert attempts.reasons == {"broken": sum(range(20))}


def test_outside_a_call_an_attempt_counts_all_the_same() -> None:
    attempts = Attempts()
    attempts.add("broken")
    assert attempts.reasons.total() == 1
    assert attempts.call is None
