"""Episodes as rows of the tables that datasets and evaluations share."""

from __future__ import annotations

import hashlib
from typing import Any

from pipelines.webagent.goals import Task
from pipelines.webagent.html import count
from pipelines.webagent.loop import Played
from pipelines.webagent.records import split_of

Row = dict[str, Any]


def episode_id(task: Task, agent: str) -> str:
    """Of the episode of an agent on a task."""
    return f"{task.id}|{agent}"


def about(task: Task, agent: str) -> Row:
    """What every table says of an episode."""
    return {
        "episode_id": episode_id(task, agent),
        "site": task.setting.site,
        "theme": task.setting.theme,
        "records": task.setting.records,
        "template_id": task.template.id,
        "split": split_of(task.setting.records),
        "agent": agent,
    }


def episode(played: Played, browser: str, env_sha256: str) -> Row:
    """The row of ``webagent.episodes``."""
    checked = played.checked
    return {
        **about(played.task, played.agent),
        "seed": played.task.seed,
        "instruction": played.task.text,
        "steps": len(played.steps),
        "attributes": None
        if checked is None
        else [{"name": name, "met": met} for name, met in checked.attributes],
        "success": None if checked is None else checked.success,
        "score": None if checked is None else checked.score,
        "ending": played.ending,
        "foreign": played.foreign,
        "status": "ok" if checked is not None else "infra_error",
        "reason": played.reason,
        "browser": browser,
        "env_sha256": env_sha256,
    }


def steps(played: Played) -> list[Row]:
    """The rows of ``webagent.steps``."""
    return [
        {
            **about(played.task, played.agent),
            "step": number,
            "instruction": played.task.text,
            "history": step.history,
            "url": step.url,
            "html": step.page.html,
            "html_tokens": count(step.page.html),
            "html_sha256": hashlib.sha256(step.page.html.encode()).hexdigest(),
            "sub_instruction": step.plan.sub_instruction,
            "refs": list(step.plan.refs),
            "snippet": step.snippet,
            "program": step.program,
            "what": step.ran.what,
            "rule": step.ran.rule,
            "error": step.ran.error,
            "place": step.ran.place,
            "state_before_sha256": step.before,
            "state_after_sha256": step.after,
            "prompt_tokens": step.tokens[0],
            "completion_tokens": step.tokens[1],
        }
        for number, step in enumerate(played.steps)
    ]


def run(played: Played, failures: list[str]) -> Row:
    """The row of ``webagent.runs``; ``failures``: why earlier tries failed."""
    return {
        "episode_id": episode_id(played.task, played.agent),
        "seconds": played.seconds,
        "plan_ms": played.ms["plan"],
        "write_ms": played.ms["write"],
        "run_ms": played.ms["run"],
        "tries": len(failures) + 1,
        "failures": "; ".join(failures),
    }


def films(played: Played) -> list[Row]:
    """The rows of ``webagent.films``, of an episode that was played with pictures."""
    found = []
    for number, picture in enumerate(played.pictures):
        step = played.steps[number] if number < len(played.steps) else None
        found.append(
            {
                "episode_id": episode_id(played.task, played.agent),
                "step": number,
                "sub_instruction": step.plan.sub_instruction if step else "",
                "snippet": step.snippet if step else "",
                "program": step.program if step else "",
                "picture": picture.image,
                "box": picture.box,
            }
        )
    return found
