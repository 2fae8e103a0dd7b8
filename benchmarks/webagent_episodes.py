"""Episodes a second: the rule agent with guard and sandbox, against the same clicks by Selenium.

Both take turns, round by round, in one browser on one machine; the figure is the median of ratios
within a round, so a busy machine slows both alike.

rules      observe, plan, cut, write, guard, run in the sandbox, check
bare       the same elements by their paths, clicked and typed into by Selenium, which waits for
           the next page as its documentation says; no page read

Run: python benchmarks/webagent_episodes.py --rounds 3 [--json]
Needs Chromium, chromedriver and a bubblewrap that works.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipelines.webagent.checker import check
from pipelines.webagent.driver import Driver
from pipelines.webagent.goals import Task
from pipelines.webagent.instructions import tasks
from pipelines.webagent.loop import Agent, Limits, play
from pipelines.webagent.rules import SAID, Oracle, Templates
from pipelines.webagent.sandbox import Sandbox

AGENT = Agent("oracle", Oracle(), Templates())
LIMITS = Limits(timeout_s=900)


def clicks(driver: Driver, sandbox: Sandbox, task: Task) -> list[tuple[str, str, str]]:
    """What the rule agent does, as path of an element, kind and text; both must solve the task."""
    played = play(driver, sandbox, task, AGENT, LIMITS)
    assert played.checked is not None, played.reason
    assert played.checked.success, [step.ran for step in played.steps]
    found = []
    for step in played.steps:
        match = SAID.fullmatch(step.plan.sub_instruction)
        assert match is not None
        element = step.page.element(step.plan.refs[-1])
        body = step.page.root.find("body")
        path = "/html/body/" + body.getroottree().getpath(element).partition("/body/")[2]
        kind = "select" if element.tag == "select" else match["verb"]
        found.append((path, kind, match["first"]))
    return found


def bare(driver: Driver, web: Any, task: Task, some: list[tuple[str, str, str]]) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support import expected_conditions as EC
    from selenium.webdriver.support.ui import Select, WebDriverWait

    session = driver.begin(task.setting)
    for path, kind, text in some:
        element = web.find_element(By.XPATH, path)
        if kind == "select":
            Select(element).select_by_visible_text(text)
        elif kind == "Type":
            element.clear()
            element.send_keys(text)
        else:
            element.click()
            if kind in ("Press", "Open"):
                WebDriverWait(web, 60, 0.02).until(EC.staleness_of(element))
    driver.settle()
    assert check(task.goal, session.state).success


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    driver, sandbox = Driver("bench"), Sandbox(seconds=120)
    web = driver.web
    try:
        jobs = [tasks(site, "eval", 1, 0)[0] for site in ("estate", "forum", "map")]
        known = {task.id: clicks(driver, sandbox, task) for task in jobs}
        rates: dict[str, list[float]] = {"rules": [], "bare": []}
        for _ in range(args.rounds):
            start = time.perf_counter()
            for task in jobs:
                bare(driver, web, task, known[task.id])
            middle = time.perf_counter()
            for task in jobs:
                played = play(driver, sandbox, task, AGENT, LIMITS)
                assert played.checked is not None
                assert played.checked.success
            rates["bare"].append(len(jobs) / (middle - start))
            rates["rules"].append(len(jobs) / (time.perf_counter() - middle))
    finally:
        driver.close()
        sandbox.close()
    ratios = [r / b for r, b in zip(rates["rules"], rates["bare"], strict=True)]
    found = {name: round(statistics.median(some), 4) for name, some in rates.items()}
    found["rules / bare"] = round(statistics.median(ratios), 3)
    print(json.dumps(found) if args.json else found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
