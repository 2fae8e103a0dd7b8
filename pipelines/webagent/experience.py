"""Self-experience: episodes of the rules on training instructions, filtered into what is learned.

Only episodes are kept in which no program failed, every step that should change the page did, and
the checker finds all that was asked for; the others are kept apart with the first filter that they
fail.
"""

from __future__ import annotations

from typing import Any

from pipelines.webagent.html import count
from pipelines.webagent.loop import Played
from pipelines.webagent.rows import about
from pipelines.webagent.rules import END

Row = dict[str, Any]
_CHANGES = ("Press", "Open")
"""Sub-instructions after which the page must be another."""


def rejected(played: Played) -> tuple[str, str] | None:
    """The first filter that an episode fails, and a few words; None where it is kept."""
    if played.checked is None:
        return "infra", played.reason or "no result"
    for step in played.steps:
        if step.ran.what != "ok":
            return "exception", f"{step.plan.sub_instruction} {step.ran.what}: {step.ran.error}"
    pages = [step.page.html for step in played.steps]
    pages.append(played.last.html if played.last is not None else "")
    for step, before, after in zip(played.steps, pages, pages[1:], strict=False):
        if step.plan.sub_instruction.startswith(_CHANGES) and before == after:
            return "unchanged", step.plan.sub_instruction
    if not played.checked.success:
        missed = [name for name, met in played.checked.attributes if not met]
        return "attributes", ", ".join(missed)
    return None


def failed(played: Played, why: tuple[str, str]) -> Row:
    """The row of ``webagent.failed``."""
    return {
        **about(played.task, played.agent),
        "reason": why[0],
        "detail": why[1][:300],
        "steps": len(played.steps),
    }


def learned(played: Played) -> list[Row]:
    """The rows of ``webagent.experience`` of an episode that is kept, the end among them."""
    found = [
        {
            **about(played.task, played.agent),
            "step": number,
            "instruction": played.task.text,
            "history": step.history,
            "html": step.page.html,
            "html_tokens": count(step.page.html),
            "sub_instruction": step.plan.sub_instruction,
            "refs": list(step.plan.refs),
            "snippet": step.snippet,
            "program": step.program,
        }
        for number, step in enumerate(played.steps)
    ]
    last = played.last.html if played.last is not None else ""
    found.append(
        {
            **about(played.task, played.agent),
            "step": len(played.steps),
            "instruction": played.task.text,
            "history": [step.plan.sub_instruction for step in played.steps],
            "html": last,
            "html_tokens": count(last),
            "sub_instruction": END,
            "refs": [],
            "snippet": "",
            "program": "",
        }
    )
    return found
