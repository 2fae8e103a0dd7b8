"""``measurand compwob play | run``: look at an episode; run an agent on somebody else's page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand.arguments import Parser
from measurand.errors import InfraError, InputError

if TYPE_CHECKING:
    from pipelines.compwob.agents import Agent
    from pipelines.compwob.pages import Pages

ORDERS = ("forward", "reverse")
_AGENT = (
    "as in the parameters' agents: oracle, text_oracle, random, zero_shot@MODEL ... (%(default)s)"
)
_CLICK = "a real mouse, or an event sent to the element: faster (%(default)s)"


def main(argv: Sequence[str]) -> int:
    """Run the verb named by ``argv[0]``; exit code 0, or 1 where an episode gave no result."""
    parser = Parser("measurand compwob", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    play = verbs.add_parser("play", help="write one episode as a film that can be looked at")
    play.add_argument("task", help="a base task, or base tasks joined by _ (any sequence of them)")
    play.add_argument("--seed", type=int, default=1_000_000, help="of the page (%(default)s)")
    play.add_argument("--agent", default="oracle", help=_AGENT)
    play.add_argument("--order", choices=ORDERS, default="forward", help="wording of the sentence")
    play.add_argument("--click", choices=("mouse", "dispatch"), default="mouse", help=_CLICK)
    play.add_argument("--out", type=Path, help="folder; reports/compwob/play by default")
    run = verbs.add_parser(
        "run",
        help="run an agent on a page of a folder",
        description="Serve a folder of MiniWoB-style pages and run an agent on one of them. A "
        "page must have `core` and `genProblem`; its own reward decides.",
    )
    run.add_argument("--html-root", type=Path, required=True, help="folder that is served")
    run.add_argument("--page", required=True, help="path of the page below it")
    run.add_argument("--agent", default="text_oracle", help=_AGENT)
    run.add_argument(
        "--seeds", default="0:10", help="first seed and one past the last (%(default)s: ten seeds)"
    )
    run.add_argument("--click", choices=("mouse", "dispatch"), default="mouse", help=_CLICK)
    run.add_argument(
        "--max-infra-share",
        type=float,
        default=0.01,
        help="refuse a run that lost more episodes to the browser (%(default)s)",
    )
    run.add_argument("--out", type=Path, required=True, help="folder to write to")
    pages = verbs.add_parser(
        "pages",
        help="write plain pages to try an agent on, or to begin your own from",
        description="Write plain pages of several shapes into a new folder: two to eight parts on "
        "one page, buttons of one form or of many, several wordings. `run` takes them.",
    )
    pages.add_argument("folder", type=Path, help="a new folder")
    args = parser.parse_args(argv)
    return {"play": _play, "run": _run, "pages": _pages}[args.verb](args)


def _pages(args: argparse.Namespace) -> int:
    from pipelines.compwob import plain_pages

    names = plain_pages.write(args.folder)
    print("\n".join(str(args.folder / name) for name in names))
    print(f"measurand compwob run --html-root {args.folder} --page {names[0]} --out FOLDER")
    return 0


def _play(args: argparse.Namespace) -> int:
    from evaluators.compwob import pictures
    from evaluators.compwob.evaluate import films
    from measurand import project, shards
    from measurand.manifest import write_text
    from measurand.reporting.document import Document, Section, Text
    from measurand.reporting.render import to_html
    from measurand.runs import table
    from measurand.web import browser
    from pipelines.compwob import pages
    from pipelines.compwob.environment import Rules, Spec
    from pipelines.compwob.episodes import Setting, play
    from pipelines.compwob.tasks import composition
    from schemas.compwob.tables import FILMS

    task = composition(args.task)
    root = project.find_root()
    out = args.out or root / "reports" / "compwob" / "play"
    source = pages.Wheel(pages.fetch(root / "data" / "sources"))
    spec = Spec(task, "single" if len(task.parts) == 1 else args.order, args.seed)
    agent = _agent(args.agent, source, root)
    setting = Setting(Rules(click=args.click))
    with closing(browser.Owner(pages.Composed(source))) as owner:
        found = play(owner, spec, agent, setting, pictures=True)
    if found.episode["status"] != "ok":
        raise InfraError(f"no episode: {found.episode['reason']}", hint="measurand doctor")
    shards.write_dataset(out / "films", FILMS, table(FILMS, films.rows(spec, found)))
    steps = "\n".join(f"- {i + 1}. {films.in_words(step)}" for i, step in enumerate(found.steps))
    ended = "Solved." if found.episode["success"] else f"Ended: {found.episode['done_reason']}."
    document = Document(
        f"{task.name}, seed {args.seed}",
        f"{agent.name}: {ended}",
        None,
        (Section("The episode", (Text(steps), *pictures.films(out)), found.episode["utterance"]),),
    )
    page = out / "episode.html"
    write_text(page, to_html(document))
    print(f"{found.episode['utterance']}\n{steps}\n{ended}\n{page}")
    return 0


def _run(args: argparse.Namespace) -> int:
    from measurand import project
    from measurand.progress import Progress
    from measurand.web import browser
    from pipelines.compwob import pages
    from pipelines.compwob.environment import Rules, Spec
    from pipelines.compwob.episodes import Setting, play
    from pipelines.compwob.tasks import Composition

    seeds = _seeds(args.seeds)
    source = pages.Folder(args.html_root)
    page = "/" + args.page.lstrip("/")
    if source.read(page) is None:
        raise InputError(f"{args.html_root} holds no {args.page}", hint="give --page below it")
    name = Path(args.page).stem
    task = Composition(name, (name,), "extra", "single", ((0,),))
    agent = _agent(args.agent, source, project.find_root())
    if agent.privileged:
        raise InputError(
            f"{agent.name} must be told the parts, which a plain page does not say",
            hint="use text_oracle, a trained or a prompted agent, or random",
        )
    setting, site = Setting(Rules(click=args.click)), pages.Composed(source)
    played = []
    with (
        closing(browser.Owner(site)) as owner,
        Progress(f"run {name}", len(seeds), "episodes") as progress,
    ):
        for seed in seeds:
            spec = Spec(task, "single", seed, source=page)
            played.append(play(owner, spec, agent, setting))
            progress.advance()
    _write(args.out, played)
    return _summary(args, played)


def _write(out: Path, played: Sequence[Any]) -> None:
    from measurand import shards
    from measurand.runs import table
    from schemas.compwob.tables import EPISODES, RUNS, STEPS

    rows = {
        "episodes": (EPISODES, [one.episode for one in played]),
        "steps": (STEPS, [step for one in played for step in one.steps]),
        "runs": (RUNS, [one.run for one in played]),
    }
    for name, (spec, some) in rows.items():
        shards.write_dataset(
            out / name, spec, table(spec, some) if some else spec.schema().empty_table()
        )


def _summary(args: argparse.Namespace, played: Sequence[Any]) -> int:
    from measurand.stats.means import proportion

    known = [one.episode["success"] for one in played if one.episode["status"] == "ok"]
    lost = len(played) - len(known)
    found = proportion(sum(known), len(known))
    rate = "no episode has a result"
    if found.value is not None:
        rate = f"{sum(known)} of {len(known)} solved, {found.value:.3f} "
        rate += f"[{found.ci_lo:.3f}, {found.ci_hi:.3f}] (Wilson, 95%)"
    foreign = [address for one in played for address in one.run["foreign"]]
    print(f"{args.page}, {args.agent}: {rate}; {lost} without a result")
    if foreign:
        print(f"the page asked elsewhere and was refused: {', '.join(sorted(set(foreign))[:5])}")
    if lost > args.max_infra_share * len(played):
        reason = next(one.episode["reason"] for one in played if one.episode["status"] != "ok")
        raise InfraError(
            f"{lost} of {len(played)} episodes have no result: {reason}",
            hint="mend the page or the browser; nothing is said of the agent",
            code="too_many_infra_errors",
        )
    return 0


def _agent(name: str, source: Pages, root: Path) -> Agent:
    from measurand.journal import Journal
    from measurand.runs import slug
    from pipelines.compwob.opening import open_agent

    path = root / "journal" / "compwob" / "calls" / f"{slug(name)}.jsonl"
    journal = Journal(path) if "@" in name else None
    data = root / "data" / "compwob"
    return open_agent(name, source, data=data, journal=journal, cache=root / "models")


def _seeds(text: str) -> range:
    first, _, last = text.partition(":")
    if not (first.isdigit() and last.isdigit() and int(first) < int(last)):
        raise InputError(f"--seeds {text}", hint="write FIRST:LAST, such as 0:10 for ten seeds")
    return range(int(first), int(last))
