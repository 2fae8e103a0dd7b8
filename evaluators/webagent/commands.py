"""``measurand webagent serve | play``: click through a site; look at an episode."""

from __future__ import annotations

import argparse
import base64
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand.errors import InfraError, InputError
from schemas.webagent.params import HELD_OUT_THEMES, SITES, SPLITS, THEMES

if TYPE_CHECKING:
    from pipelines.webagent.loop import Agent, Played
    from pipelines.webagent.server import Sites


def main(argv: Sequence[str]) -> int:
    """Run the verb named by ``argv[0]``; exit code 0."""
    parser = argparse.ArgumentParser("measurand webagent", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    serve = verbs.add_parser(
        "serve",
        help="show a site to a person",
        description="Serve a site on this machine until it is interrupted. What is done there is "
        "what an agent's episode would leave behind; it is printed at the end.",
    )
    serve.add_argument("site", choices=SITES)
    serve.add_argument("--theme", choices=THEMES, default=THEMES[0], help="layout (%(default)s)")
    serve.add_argument("--records", type=int, default=0, help="record set (%(default)s)")
    serve.add_argument("--port", type=int, default=8000, help="0 takes a free one (%(default)s)")
    play = verbs.add_parser("play", help="write one episode as a film that can be looked at")
    play.add_argument("instruction", help="site and number, such as estate:3")
    play.add_argument("--split", choices=SPLITS, default="eval", help="of templates (%(default)s)")
    play.add_argument("--seed", type=int, default=0, help="of records and slots (%(default)s)")
    play.add_argument(
        "--agent",
        default="oracle",
        help="who acts: oracle, random, or one of --params (%(default)s)",
    )
    play.add_argument("--params", type=Path, help="parameters that list agents")
    play.add_argument(
        "--data",
        type=Path,
        help="folder with dataset/ and checkpoint/ of trained planners; data/webagent by default",
    )
    play.add_argument("--out", type=Path, help="folder; reports/webagent/play by default")
    play.add_argument(
        "--without-sandbox",
        action="store_true",
        help="where bubblewrap does not work: run programs behind the guard alone",
    )
    args = parser.parse_args(argv)
    return {"serve": _serve, "play": _play}[args.verb](args)


def _serve(args: argparse.Namespace) -> int:
    sites, server = opened(args.site, args.theme, args.records, args.port)
    shown = "held out for evaluation" if args.theme in HELD_OUT_THEMES else "of training pages"
    print(f"http://127.0.0.1:{server.server_port}/{args.site}/  theme {args.theme}, {shown}")
    print("Ctrl-C ends it", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    for session in sites.visitors():
        print(json.dumps(asdict(session.state)))
    return 0


def opened(site: str, theme: str, records: int, port: int) -> tuple[Sites, Any]:
    """The sites, with a server of their own for people.

    Raises:
        InputError: there is no such record set, or the port is taken.
    """
    from werkzeug.serving import WSGIRequestHandler, make_server

    from pipelines.webagent.server import Sites
    from pipelines.webagent.sessions import Setting
    from schemas.webagent.params import EVAL_RECORDS

    if not 0 <= records < EVAL_RECORDS.stop:
        raise InputError(f"--records {records}", hint=f"0 to {EVAL_RECORDS.stop - 1}")

    class Quiet(WSGIRequestHandler):  # type: ignore[misc]
        def log(self, type: str, message: str, *args: object) -> None:
            """Say nothing of each request."""

    sites = Sites(Setting(site, theme, records))
    try:
        made = make_server("127.0.0.1", port, sites.app, threaded=True, request_handler=Quiet)
    except (OSError, SystemExit) as error:
        raise InputError(f"port {port} cannot be had", hint="give --port 0") from error
    return sites, made


def _play(args: argparse.Namespace) -> int:
    from measurand import project
    from measurand.manifest import write_text
    from pipelines.webagent import agents
    from pipelines.webagent.driver import Driver
    from pipelines.webagent.instructions import task
    from pipelines.webagent.loop import Limits, play
    from pipelines.webagent.sandbox import Sandbox

    site, number = _instruction(args.instruction)
    what = task(site, args.split, number, args.seed)
    data = args.data or project.root_or_here() / "data" / "webagent"
    who = agent(args.agent, args.params, data)
    sandbox = Sandbox(bare=args.without_sandbox)
    driver = Driver()
    try:
        played = play(driver, sandbox, what, who, Limits(), pictures=True)
    finally:
        agents.close_all()
        driver.close()
        sandbox.close()
    if played.checked is None:
        raise InfraError(f"no episode: {played.reason}", hint="measurand doctor")
    out = args.out or project.find_root() / "reports" / "webagent" / "play"
    page = out / "episode.html"
    out.mkdir(parents=True, exist_ok=True)
    write_text(page, film(played))
    print(what.text)
    for n, step in enumerate(played.steps, 1):
        print(f"{n}. {step.plan.sub_instruction} {_became(step)}")
    print(f"{ended(played)}\n{page}")
    return 0


def agent(name: str, file: Path | None, data: Path) -> Agent:
    """An agent by its name.

    Args:
        name: of an agent of the parameters.
        file: their file; without one there are ``oracle`` and ``random``.
        data: folder with ``dataset/`` and ``checkpoint/`` of trained planners.

    Raises:
        InputError: there is no such agent, or its planner was trained otherwise.
    """
    from measurand import params
    from pipelines.webagent import agents
    from schemas.webagent.params import Params

    given = Params() if file is None else params.read(file, Params)
    (spec,) = agents.asked_for(given, name)
    return agents.opened(spec, given, data)


def film(played: Played) -> str:
    """The page of an episode: every picture with plan, snippet and program beside it."""
    from jinja2 import Environment, FileSystemLoader

    folder = Path(__file__).parent
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True)
    steps = []
    for n, picture in enumerate(played.pictures):
        step = played.steps[n] if n < len(played.steps) else None
        steps.append(
            {
                "image": base64.b64encode(picture.image).decode(),
                "box": _percent(picture.box, picture.image),
                "plan": step.plan.sub_instruction if step else "",
                "refs": ", ".join(map(str, step.plan.refs)) if step else "",
                "snippet": step.snippet if step else "",
                "program": step.program if step else "",
                "became": _became(step) if step else "",
            }
        )
    checked = played.checked
    return environment.get_template("episode.html.j2").render(
        title=f"{played.task.id}, {played.agent}, theme {played.task.setting.theme}",
        instruction=played.task.text,
        ended=ended(played),
        attributes=checked.attributes if checked else (),
        steps=steps,
    )


def ended(played: Played) -> str:
    """How an episode ended, in words."""
    checked = played.checked
    if checked is None:
        return f"No result: {played.reason}"
    met = sum(met for _, met in checked.attributes)
    found = "Carried out" if checked.success else "Not carried out"
    return (
        f"{found}: {met} of {len(checked.attributes)} attributes hold. It ended by {played.ending}."
    )


def _became(step: Any) -> str:
    said = f"{step.ran.what} ({step.ran.place})"
    return f"{said}: {step.ran.rule or ''} {step.ran.error or ''}" if step.ran.error else said


def _percent(box: list[float] | None, image: bytes) -> list[float] | None:
    """A box in percent of a picture's sides."""
    from measurand.web.film import jpeg_size

    if box is None:
        return None
    width, height = jpeg_size(image)
    sides = (width, height, width, height)
    return [round(100 * one / side, 3) for one, side in zip(box, sides, strict=True)]


def _instruction(text: str) -> tuple[str, int]:
    site, _, number = text.partition(":")
    if site not in SITES or not number.isdigit():
        raise InputError(
            f"no instruction {text}", hint=f"write SITE:NUMBER, SITE of {', '.join(SITES)}"
        )
    return site, int(number)
