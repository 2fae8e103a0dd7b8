"""Giving up a job that runs elsewhere: asking its service to cancel it, and whether it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

CANCEL_SECONDS = 10.0
ENDED = ("DONE", "FAILED", "CANCELLED", "DRAINED", "UPDATED")
_LOST = "what it still writes reaches nothing that is published, and the next build removes it"


def give_up(result: Any, where: str, seconds: float = CANCEL_SECONDS) -> str | None:
    """Cancel a job and wait until its service confirms that.

    Args:
        result: what Beam's ``run`` gave; null where the job was interrupted on its way there.
        where: the service, in words.
        seconds: how long to wait.

    Returns:
        One sentence that says whether the job has ended; null where it had ended before.
    """
    if result is None:
        return f"the job was on its way to {where}: whether it runs there is not known; {_LOST}"
    deadline = time.monotonic() + seconds
    if answer_of(lambda: result.state, seconds) in ENDED:
        return None
    answer_of(result.cancel, seconds)
    while (state := answer_of(lambda: result.state, seconds)) not in (*ENDED, None):
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    if state in ENDED:
        return f"the job at {where} has ended: {state}"
    said = "it does not answer" if state is None else f"its state is {state}"
    return f"the job at {where} was asked to end, but did not confirm that: {said}; {_LOST}"


def answer_of(ask: Callable[[], Any], seconds: float) -> Any:
    """What a call comes to; null where it fails or takes longer than so many seconds."""
    answer: list[Any] = []

    def call() -> None:
        try:
            answer.append(ask())
        except Exception:
            answer.append(None)

    thread = threading.Thread(target=call, name="cancelling", daemon=True)
    thread.start()
    thread.join(seconds)
    return answer[0] if answer else None
